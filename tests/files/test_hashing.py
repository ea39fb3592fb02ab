import os

import numpy as np
import pytest

from dalbook.corpora.corpus import Corpus
from dalbook.experiments.dataset import Inputs
from dalbook.experiments.plan import Run
from dalbook.files.hashing import file_stamp, file_sum, fingerprint
from dalbook.labeling.decisions import about


def test_fingerprints_tell_apart():
    prints = {
        fingerprint(np.zeros(4)),
        fingerprint(np.zeros((2, 2))),
        fingerprint(np.zeros(4, np.float32)),
        fingerprint(np.zeros(4), "a"),
        fingerprint([0, 0, 0, 0]),
        fingerprint("a", "b"),
        fingerprint("ab"),
        fingerprint("b", "a"),
        fingerprint(b"ab"),
    }
    assert len(prints) == 9
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})


def test_a_name_that_is_no_valid_text_has_a_fingerprint():
    assert fingerprint("caf\udce9.wav") != fingerprint("caf\udcea.wav")


def test_what_has_no_fixed_content_has_no_fingerprint():
    with pytest.raises(TypeError):
        fingerprint(object())


def small(ids):
    return Corpus("toy", ("a", "é"), ids, [0, 1, 0, 1], [1, 1, 2, 2], None, "", "")


def test_finished_runs_of_the_first_edition_are_found_again():
    run = Run("dal", "0123456789abcdef", 1, 0, 0, (30, 40))
    assert (run.key, run.initial_key) == ("12da4c2a8a83f9e7", "cd825a3b09846ff5")
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    assert Inputs.of(small(("v", "w", "x", "y")), "logmel", x).name == "7dad02eba8af43e5"


def test_label_files_of_the_first_edition_know_their_corpus():
    assert about(small(("a.wav", "caf\udce9.wav", "c", "d")))["ids"] == "fad3d1da39b22913"


def test_a_changed_file_has_another_stamp_and_sum(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    stamp, before = file_stamp(path), file_sum(path)
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert file_stamp(path) != stamp
    assert file_sum(path) != before
