"""Cross-validation by recording: honest, with intervals and thresholds that are what they say, and calibrated."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dalbook.detection.report import Report, make_report
from dalbook.detection.validation import SHARPNESS, Held, calibrate, calibrated, held_out, stands_for
from dalbook.learners.head import probabilities


def held(truth, scores, groups=None, weights=None, folds=None) -> Held:
    n = len(truth)
    groups = np.arange(n) if groups is None else np.array(groups)
    return Held(
        np.arange(n), np.array(truth), groups, groups % 5 if folds is None else np.array(folds),
        np.array(scores, float), np.ones(n) if weights is None else np.array(weights, float),
    )  # fmt: skip


def test_near_copies_in_one_recording_do_not_flatter():
    """Each recording has a sound of its own that says nothing of its class: split by clips, recall would be one."""
    rng = np.random.default_rng(0)
    groups = np.arange(120) // 6
    x = np.abs(rng.normal(0, 1, (20, 30))[groups] + rng.normal(0, 0.01, (120, 30))).astype(np.float32)
    labels = rng.permutation(np.arange(20) % 2)[groups]
    found = held_out(x, labels, groups, np.ones(120, bool), 2)
    for fold in range(5):
        inside = np.unique(found.groups[found.folds == fold])
        assert (found.folds[np.isin(found.groups, inside)] == fold).all()
    report = make_report(found, ["a", "b"])
    assert report.macro_recall[0] < 0.75
    assert report.confidence < 0.85  # and the scores do not boast


def test_what_differs_between_classes_in_every_recording_is_learned_and_clips_without_embedding_are_left_out():
    rng = np.random.default_rng(0)
    groups, labels = np.arange(90) // 6, np.arange(90) % 3
    x = np.abs(np.eye(3, 20)[labels] * 3 + rng.normal(0, 0.5, (90, 20))).astype(np.float32)
    usable = np.arange(90) != 7
    x[7] = 0
    found = held_out(x, np.where(np.arange(90) % 2, labels, -1), groups, usable, 3)
    assert len(found.clips) == 44
    assert 7 not in found.clips
    assert found.tested.all()
    report = make_report(found, ["a", "b", "c"])
    assert report.macro_recall[0] > 0.9
    assert report.confusion.to_numpy().sum() == 44


def test_labels_of_one_recording_cannot_be_tested_and_the_report_says_so():
    x = np.eye(4, dtype=np.float32).repeat(5, 0)
    found = held_out(x, np.arange(20) % 2, np.zeros(20, int), np.ones(20, bool), 2)
    report = make_report(found, ["a", "b"])
    assert "all labels come from one recording" in str(report)
    assert np.isnan(report.macro_recall[0])
    assert calibrate(found) == SHARPNESS
    groups = np.where(np.arange(20) % 4 == 3, 99, np.arange(20))  # class c in one recording only
    found = held_out(x, np.where(groups == 99, 2, np.arange(20) % 2), groups, np.ones(20, bool), 3)
    report = make_report(found, ["a", "b", "c"])
    assert np.isnan(report.per_class.loc["c", "recall"])
    assert np.isfinite(report.macro_recall[0])
    assert report.notes == ("labels of too few recordings to be tested: c",)


def test_calibration_finds_the_sharpness_that_the_scores_were_drawn_with():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0, 1, (4000, 3))
    p = probabilities(scores, 3.0)
    truth = (rng.uniform(size=(4000, 1)) > p.cumsum(axis=1)).sum(axis=1)
    found = held(truth, scores)
    assert calibrate(found) == pytest.approx(3.0, abs=0.3)
    again = calibrated(found)
    assert again.max(axis=1).mean() == pytest.approx((again.argmax(axis=1) == truth).mean(), abs=0.03)


def test_a_clip_counts_as_often_as_there_are_clips_like_it():
    x = np.eye(4)[[0, 0, 0, 0, 1, 2]]
    assert stands_for(x, x[[0, 4, 5]]).tolist() == [4, 1, 1]
    report = make_report(held([0, 0, 1, 1], [[1, 0], [0, 1], [0, 1], [0, 1]], weights=[3, 1, 1, 1]), ["a", "b"])
    assert report.per_class["recall"].tolist() == [0.75, 1.0]
    assert report.per_class["precision"].tolist() == [1.0, pytest.approx(2 / 3)]
    assert report.confusion.to_numpy().tolist() == [[1, 1], [0, 2]]


def test_intervals_hold_the_value_and_narrow_with_recordings_not_with_clips():
    truth, scores = np.zeros(40, int), np.eye(2)[np.arange(40) % 4 // 3]
    many = make_report(held(truth, scores), ["a", "b"]).per_class.loc["a"]
    few = make_report(held(truth, scores, groups=np.arange(40) // 4 // 2), ["a", "b"]).per_class.loc["a"]
    assert many["recall"] == few["recall"] == 0.75
    assert few["recall_low"] < many["recall_low"] < 0.75 < many["recall_high"] < few["recall_high"]
    right = make_report(held(truth[:5], np.eye(2)[[0] * 5]), ["a", "b"]).per_class.loc["a"]
    assert right["recall"] == right["recall_high"] == 1.0
    assert 0.4 < right["recall_low"] < 0.8


def test_the_threshold_of_a_class_is_where_it_is_told_best():
    scores = np.array([[0.9, 0], [0.8, 0], [0.7, 0], [0.5, 0], [0.4, 0], [0, 0.9]])
    found = held([0, 0, 0, 1, 1, 1], scores)
    report = make_report(found, ["a", "b"])
    p = calibrated(found)[:, 0]
    assert p[3] < report.per_class.loc["a", "threshold"] < p[2]  # all of a, none of b
    assert make_report(held([0, 1], [[0, 1], [1, 0]]), ["a", "b"]).per_class["threshold"].tolist() == [0.5, 0.5]


def test_a_report_comes_back_from_json():
    report = make_report(
        held([0, 0, 1, 2], np.eye(3)[[0, 1, 1, 0]], groups=[0, 1, 2, 2], folds=[0, 1, 2, -1]), list("abc")
    )
    again = Report.from_json(report.to_json())
    assert str(again) == str(report)
    for field in dataclasses.fields(Report):
        assert np.asarray(getattr(again, field.name) == getattr(report, field.name)).all() or field.name == "per_class"
