"""A folder whose subfolders are the classes."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from dalbook import load_folder


@pytest.fixture
def root(tmp_path):
    for name in ("wren/1.wav", "wren/may/2.wav", "wren/3.wav", "robin/1.wav", "robin/2.wav", "robin/3.wav"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(tmp_path / name, np.full(2000, 0.1), 1000)
    return tmp_path


def test_the_first_folder_is_the_class_and_folds_keep_files_whole(root):
    corpus = load_folder(root, segment=1, labels="subfolders")
    assert corpus.classes == ("robin", "wren")
    assert [corpus.classes[label] for label in corpus.labels] == [name.split("/")[0] for name in corpus.ids]
    assert sorted(np.unique(corpus.folds)) == [1, 2, 3, 4, 5]
    for name in np.unique(corpus.recordings):
        assert len(set(corpus.folds[corpus.recordings == name])) == 1
    assert "labels from subfolders" in corpus.description
    assert load_folder(root, ["wren", "robin"], labels="subfolders").classes == ("wren", "robin")
    plain = load_folder(root, ["x"], segment=1)
    assert plain.fingerprint == corpus.fingerprint  # embeddings of either fit the other
    assert set(plain.labels) == {-1}


def test_what_is_in_no_class_is_named(root):
    with pytest.raises(ValueError, match=r"robin/1\.wav is in a subfolder that is no class, 'robin'"):
        load_folder(root, ["wren"], labels="subfolders")
    soundfile.write(root / "stray.wav", np.zeros(2000), 1000)
    with pytest.raises(ValueError, match=r"stray\.wav is in no subfolder"):
        load_folder(root, labels="subfolders")
    with pytest.raises(ValueError, match='labels must be "subfolders"'):
        load_folder(root, ["wren"], labels="folders")
    with pytest.raises(ValueError, match="classes is empty"):
        load_folder(root)


def test_few_files_have_no_folds(root):
    for name in ("wren/1.wav", "robin/1.wav"):
        (root / name).unlink()
    assert set(load_folder(root, labels="subfolders").folds) == {0}
