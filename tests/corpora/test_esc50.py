"""ESC-50's published layout, whole or in part."""

import numpy as np
import pytest
import soundfile

from dalbook.corpora.esc50 import load_esc50

HEADER = "filename,fold,target,category,esc10,src_file,take\n"
ROWS = (
    "1-10-A-0.wav,1,0,dog,True,10,A\n",
    "2-11-A-1.wav,2,1,rooster,True,11,A\n",
    "2-11-B-1.wav,2,1,rooster,True,11,B\n",
)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "meta").mkdir()
    (tmp_path / "audio").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(HEADER + "".join(ROWS))
    for stem in ("1-10-A-0", "2-11-A-1", "2-11-B-1"):
        soundfile.write(tmp_path / "audio" / f"{stem}.flac", np.zeros(800), 8000)
    return tmp_path


def test_clips_folds_classes_and_recordings(root):
    corpus = load_esc50(root)
    assert corpus.ids == ("1-10-A-0.wav", "2-11-A-1.wav", "2-11-B-1.wav")
    assert corpus.classes == ("dog", "rooster")
    assert corpus.labels.tolist() == [0, 1, 1]
    assert corpus.folds.tolist() == [1, 2, 2]
    assert corpus.recordings.tolist() == ["10", "11", "11"]
    assert corpus.audio(0)[1] == 8000


def test_in_part(root):
    (root / "audio" / "1-10-A-0.flac").unlink()
    corpus = load_esc50(root)
    assert (corpus.classes, len(corpus)) == (("rooster",), 2)
    assert "2 of 3 clips" in corpus.description


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("filename,fold\n", "column category, src_file is missing"),
        (HEADER, "no row"),
        (HEADER + ROWS[0] + ROWS[0], "line 3: filename is '1-10-A-0.wav'"),
        (HEADER + ROWS[0].replace(",1,0", ",6,0"), "line 2: fold is '6'"),
        (HEADER + ROWS[0].replace("1-10", "../1-10"), "line 2: filename"),
    ],
)
def test_metadata_that_is_not_its_own(root, text, message):
    (root / "meta" / "esc50.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        load_esc50(root)


def test_what_is_not_there_is_named(root, tmp_path):
    with pytest.raises(FileNotFoundError, match="meta.esc50.csv"):
        load_esc50(tmp_path / "audio")
    for path in (root / "audio").iterdir():
        path.unlink()
    with pytest.raises(FileNotFoundError, match="none of the 3 clips"):
        load_esc50(root)
