"""Any labeled table becomes a corpus, if a fair test can be made of it."""

import numpy as np
import pytest
import soundfile as sf

from dalbook import load_table

HEAD = "path,label,fold,recording"


def table(folder, rows, head=HEAD):
    folder.mkdir(exist_ok=True)
    file = folder / "mine.csv"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return file


def test_a_table_with_folds_is_taken_as_it_is(tmp_path):
    corpus = load_table(table(tmp_path, ["b/1.wav,wren,2,may", "a/2.wav,robin,1,june", "a/3.wav,wren,2,may"]))
    assert corpus.name == "table"
    assert corpus.ids == ("b/1.wav", "a/2.wav", "a/3.wav")
    assert corpus.classes == ("robin", "wren")
    assert corpus.labels.tolist() == [1, 0, 1]
    assert corpus.folds.tolist() == [2, 1, 2]
    assert corpus.recordings.tolist() == ["may", "june", "may"]
    assert "3 clips of 2 classes in 2 folds" in corpus.description
    with pytest.raises(FileNotFoundError, match=r"1\.wav"):
        corpus.audio(0)


def test_without_recordings_each_clip_is_one(tmp_path):
    corpus = load_table(table(tmp_path, ["1.wav,wren,1", "2.wav,wren,2"], "path,label,fold"))
    assert corpus.recordings.tolist() == ["1.wav", "2.wav"]


def test_columns_may_have_other_names(tmp_path):
    file = table(tmp_path, ["1.wav,wren,1,x", "2.wav,wren,2,y"], "file,species,part,site")
    corpus = load_table(file, path="file", label="species", fold="part", recording="site")
    assert corpus.recordings.tolist() == ["x", "y"]
    with pytest.raises(ValueError, match="column day is missing"):
        load_table(file, path="file", label="species", fold="day")


def test_folds_are_made_of_whole_recordings_and_do_not_depend_on_the_order(tmp_path):
    rows = [f"{r}-{k}.wav,{'ab'[r % 2]},r{r}" for r in range(20) for k in range(1 + r % 3)]
    corpus = load_table(table(tmp_path, rows, "path,label,recording"))
    assert np.unique(corpus.folds).tolist() == [1, 2, 3, 4, 5]
    for recording in set(corpus.recordings):
        assert len(set(corpus.folds[corpus.recordings == recording])) == 1
    for fold in range(1, 6):
        assert set(corpus.labels[corpus.folds == fold]) == {0, 1}
    assert "made by recording" in corpus.description
    other = load_table(table(tmp_path, rows[::-1], "path,label,recording"))
    assert other.folds[::-1].tolist() == corpus.folds.tolist()


def test_sounds_below_the_root_must_be_there(tmp_path):
    file = table(tmp_path, ["1.wav,wren,1,a", "2.wav,wren,2,b"])
    root = tmp_path / "sounds"
    root.mkdir()
    sf.write(root / "1.wav", np.zeros(80), 8000)
    with pytest.raises(FileNotFoundError, match=r"1 of 2 files .* are not there: 2\.wav"):
        load_table(file, root)
    sf.write(root / "2.wav", np.zeros(90), 8000)
    corpus = load_table(file, root)
    assert len(corpus.audio(1)[0]) == 90
    sf.write(root / "2.wav", np.zeros(91), 8000)
    assert load_table(file, root).fingerprint != corpus.fingerprint


@pytest.mark.parametrize(
    ("head", "row", "says"),
    [
        (HEAD, "1.wav,wren;robin,1,a", "line 2: several labels, 'wren;robin'"),
        (HEAD, "1.wav,,1,a", "line 2: label is empty"),
        (HEAD, ",wren,1,a", "line 2: path is empty"),
        (HEAD, "1.wav,wren,zero,a", "line 2: fold is 'zero', it must be a whole number from 1"),
        (HEAD, "1.wav,wren,0,a", "fold is '0'"),
        (HEAD, "1.wav,wren,1,a\n1.wav,robin,1,a", r"line 3: 1\.wav is listed twice"),
        ("path,label", "1.wav,wren", "neither a column 'fold' nor 'recording'; without one of them, clips of one rec"),
        ("path,recording", "1.wav,a", "column label is missing"),
        ("path,label,recording", "1.wav,wren,a", "at least five recordings, there are 1"),
        (HEAD, "", "no row"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path, head, row, says):
    with pytest.raises(ValueError, match=says):
        load_table(table(tmp_path, [row] if row else [], head))


def test_a_recording_in_two_folds_is_told(tmp_path):
    with pytest.warns(UserWarning, match="in different folds, so results will be too good: may"):
        load_table(table(tmp_path, ["1.wav,wren,1,may", "2.wav,wren,2,may"]))


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="birds.csv"):
        load_table(tmp_path / "birds.csv")
