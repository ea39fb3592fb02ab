"""Agreement of annotators, against counts by hand and scikit-learn's kappa."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from dalbook import load_toy_city
from dalbook.labeling.agreement import agreement
from dalbook.labeling.csv_rows import HEADER, Row, line


def write(path, said: dict[str, str], who: str, status: str = "labeled") -> object:
    before = path.read_bytes() if path.exists() else HEADER
    time = f"2026-01-01T00:00:{before.count(10):02}+00:00"  # later than what is there
    rows = [Row(clip, label, status, who, time, 1, 0, None, "") for clip, label in said.items()]
    path.write_bytes(before + b"".join(map(line, rows)))
    return path


ANNA = {"a": "dog", "b": "dog", "c": "cat", "d": "cat", "e": "dog", "f": "owl"}
BOB = {"a": "dog", "b": "cat", "c": "cat", "d": "cat", "e": "dog", "g": "owl"}


def test_two_files(tmp_path):
    found = agreement(write(tmp_path / "1.csv", ANNA, "anna"), write(tmp_path / "2.csv", BOB, "bob"))
    (row,) = found.kappa.to_dict("records")
    assert (row["annotator"], row["other"], row["clips"], row["agree"]) == ("anna", "bob", 5, 0.8)
    both = "abcde"
    assert row["kappa"] == pytest.approx(cohen_kappa_score([ANNA[c] for c in both], [BOB[c] for c in both]))
    # dog: both say it on a and e, anna alone on b; cat: both on c and d, bob alone on b
    assert found.per_class.to_dict("index") == {
        "cat": {"labels": 5, "agree": pytest.approx(4 / 5)},
        "dog": {"labels": 5, "agree": pytest.approx(4 / 5)},
    }
    assert found.disagreements.to_dict("index") == {"b": {"anna": "dog", "bob": "cat"}}
    assert found.labels.loc["f"].isna().tolist() == [False, True]


def test_one_file_with_several_annotators_counts_each_ones_last_word(tmp_path):
    path = tmp_path / "1.csv"
    write(path, {"a": "dog", "b": "dog"}, "anna")
    write(path, {"a": "cat", "b": "dog"}, "bob")
    write(path, {"a": "cat"}, "anna")  # she changes her mind
    write(path, {"b": ""}, "bob", "unsure")
    found = agreement(path)
    assert found.labels.loc["a"].tolist() == ["cat", "cat"]
    assert found.labels.loc["b"].isna().tolist() == [False, True]
    assert len(found.disagreements) == 0
    assert found.kappa["clips"].tolist() == [1]
    assert math.isnan(found.kappa["kappa"][0])  # one class only: chance would agree as much


def test_three_people_two_of_one_name(tmp_path):
    files = [
        write(tmp_path / f"{i}.csv", said, who) for i, (said, who) in enumerate([(ANNA, "x"), (BOB, "x"), (ANNA, "y")])
    ]
    found = agreement(*files)
    names = found.labels.columns.tolist()
    assert names == ["x (0.csv)", "x (1.csv)", "y"]
    assert found.kappa[["annotator", "other"]].values.tolist() == [list(pair) for pair in combinations(names, 2)]
    assert found.kappa["kappa"].tolist()[1] == 1.0
    assert found.disagreements.index.tolist() == ["b"]


def test_nobody_to_compare_with_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="at least two annotators, and these are of 'anna' only"):
        agreement(write(tmp_path / "1.csv", ANNA, "anna"))


def test_people_without_a_common_clip(tmp_path):
    found = agreement(write(tmp_path / "1.csv", {"a": "x"}, "anna"), write(tmp_path / "2.csv", {"b": "x"}, "bob"))
    assert found.kappa["clips"].tolist() == [0]
    assert np.isnan(found.kappa["kappa"]).all()
    assert len(found.per_class) == 0


def test_the_clips_they_disagree_on_can_be_heard(tmp_path):
    corpus = load_toy_city()
    one = write(tmp_path / "1.csv", {corpus.ids[4]: "siren", corpus.ids[5]: "siren"}, "anna")
    two = write(tmp_path / "2.csv", {corpus.ids[4]: "dog_bark", corpus.ids[5]: "siren"}, "bob")
    found = agreement(one, two)
    ((name, (samples, rate)),) = found.sounds(corpus).items()
    assert name == f"{corpus.ids[4]} (anna: siren, bob: dog_bark)"
    assert (len(samples), rate) == (len(corpus.audio(4)[0]), corpus.audio(4)[1])
    with pytest.raises(ValueError, match="is not in corpus toy-city"):
        agreement(write(tmp_path / "3.csv", {"q": "x"}, "c"), write(tmp_path / "4.csv", {"q": "y"}, "d")).sounds(corpus)
