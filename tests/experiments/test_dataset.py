"""What runs read: named by its content, written once, checked when read."""

import json

import numpy as np
import pytest
import tiny
from numpy.testing import assert_array_equal

from dalbook.corpora.folder import load_folder
from dalbook.experiments.dataset import Inputs, load_inputs


def test_the_name_changes_with_all_that_is_in_it():
    x = tiny.embeddings()
    labels, folds = np.arange(tiny.N) % 2, np.arange(tiny.N) // 15 + 1
    other = x.copy()
    other[3, 5] += 1e-3
    labels[[0, 1]], folds[0] = labels[[1, 0]], 2
    names = [
        Inputs.of(tiny.corpus(), "small", x).name,
        Inputs.of(tiny.corpus(), "small", other).name,
        Inputs.of(tiny.corpus(), "small", x[:, :-1]).name,
        Inputs.of(tiny.corpus(), "large", x).name,
        Inputs.of(tiny.corpus(name="other"), "small", x).name,
        Inputs.of(tiny.corpus(classes=("dog", "horn")), "small", x).name,
        Inputs.of(tiny.corpus(labels=labels), "small", x).name,
        Inputs.of(tiny.corpus(folds=folds), "small", x).name,
    ]
    assert len(set(names)) == len(names)
    assert Inputs.of(tiny.corpus(), "small", x.astype(np.float32)).name == names[0]


def test_what_was_saved_is_read_and_shared(tmp_path):
    ours = tiny.inputs()
    ours.save(tmp_path)
    read = load_inputs(str(tmp_path), ours.name)
    for part in ("x", "labels", "folds", "recordings"):
        assert_array_equal(getattr(read, part), getattr(ours, part))
    told = (read.corpus, read.embedding, read.classes, read.name)
    assert told == ("tiny", "small", ("dog", "siren"), ours.name)
    assert isinstance(read.x, np.memmap)
    train, test = read.split(2)
    assert_array_equal(test, np.arange(15, 30))
    assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(tiny.N))


def test_saving_again_leaves_the_files_alone(tmp_path):
    tiny.inputs().save(tmp_path)
    before = tiny.written(tmp_path, "inputs/*/*")
    tiny.inputs().save(tmp_path)
    assert tiny.written(tmp_path, "inputs/*/*") == before
    assert len(before) == 5


def test_clips_of_one_recording_are_known_and_inputs_of_the_first_edition_are_completed(tmp_path, capsys):
    ours = Inputs.of(tiny.corpus(recordings=[f"r{i // 2}" for i in range(tiny.N)]), "small", tiny.embeddings())
    assert_array_equal(ours.recordings[:4] == ours.recordings[0], [True, True, False, False])
    assert ours.name == tiny.inputs().name  # runs that are finished stay finished
    ours.save(tmp_path)
    (tmp_path / "inputs" / ours.name / "recordings.npy").unlink()
    ours.save(tmp_path)
    assert_array_equal(load_inputs(str(tmp_path), ours.name).recordings, ours.recordings)
    tiny.inputs().save(tmp_path)
    assert len(np.unique(load_inputs.__wrapped__(str(tmp_path), ours.name).recordings)) == tiny.N


def cut(path):
    path.write_bytes(path.read_bytes()[:-7])


def swap(path):
    """Whole, but of other content: what a hash is for."""
    np.save(path, np.roll(np.load(path), 1, axis=0))


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("x.npy", cut),
        ("x.npy", swap),
        ("x.npy", empty),
        ("labels.npy", swap),
        ("recordings.npy", swap),
        ("about.json", cut),
    ],
)
def test_damage_is_named_and_mended_by_saving_again(file, damage, tmp_path, capsys):
    ours = tiny.inputs()
    ours.save(tmp_path)
    damage(tmp_path / "inputs" / ours.name / file)
    with pytest.raises(ValueError, match=f"{ours.name} cannot be read .*start `dalbook run` again"):
        load_inputs(str(tmp_path), ours.name)
    ours.save(tmp_path)
    assert f"{ours.name} cannot be read" in capsys.readouterr().err
    assert_array_equal(load_inputs(str(tmp_path), ours.name).x, ours.x)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="abc cannot be read .*let it see this folder"):
        load_inputs(str(tmp_path), "abc")


def test_more_of_the_description_does_no_harm(tmp_path):
    ours = tiny.inputs()
    ours.save(tmp_path)
    about = tmp_path / "inputs" / ours.name / "about.json"
    about.write_text(json.dumps({**json.loads(about.read_text()), "newer": 1}))
    assert load_inputs(str(tmp_path), ours.name).corpus == "tiny"


def test_wrong_input_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"embeddings \(44, 24\) do not belong to a corpus of 45 clips"):
        Inputs.of(tiny.corpus(), "small", tiny.embeddings()[1:])
    with pytest.raises(ValueError, match="no fold 4"):
        tiny.inputs().split(4)
    with pytest.raises(ValueError, match="no fold 1 to test on beside others"):
        Inputs.of(tiny.corpus(folds=np.ones(tiny.N)), "small", tiny.embeddings()).split(1)
    import soundfile

    soundfile.write(tmp_path / "a.wav", np.zeros(100), 8000)
    mine = load_folder(tmp_path, classes=["rain", "wind"])
    with pytest.raises(ValueError, match="clips of unknown class"):
        Inputs.of(mine, "small", np.ones((1, 4)))
