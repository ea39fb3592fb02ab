"""Labels as a table, as a corpus, and in the formats of other programs, read back as those read them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal

from dalbook import embed, labels_to_corpus, load_folder, load_toy_city, read_labels
from dalbook.corpora.corpus import Corpus
from dalbook.labeling.csv_rows import COLUMNS, HEADER, Row, line
from dalbook.labeling.exports import export_audacity, export_audiofolder, export_csv, export_jams
from dalbook.labeling.session import LabelSession

RATE = 8000
NAMES = ["a, b.wav", "rain/=1+1.flac", "żółć.wav", "long.wav", "sub/007.wav"]
CLASSES = ("dog", 'say "wuff", loudly', "=SUM(1)", "NA")


@pytest.fixture
def root(tmp_path) -> Path:
    root = tmp_path / "recordings"
    for i, name in enumerate(NAMES):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        seconds = 10.0 if name == "long.wav" else 1.0 + i / 4
        soundfile.write(root / name, 0.5 * np.sin(np.arange(round(seconds * RATE)) * (0.1 + 0.1 * i)), RATE)
    return root


def file_of(tmp_path, *rows: tuple[str, str, str], annotator: str = "anna") -> Path:
    """clip, label, status"""
    path = tmp_path / f"{annotator}.csv"
    made = [
        Row(clip, label, status, annotator, f"2026-01-01T00:00:{n:02}.000+00:00", 1.5, 0, None, "medoid")
        for n, (clip, label, status) in enumerate(rows)
    ]
    path.write_bytes(HEADER + b"".join(map(line, made)))
    return path


def some(tmp_path) -> Path:
    return file_of(
        tmp_path,
        (NAMES[4], "dog", "labeled"),
        (NAMES[0], "dog", "labeled"),
        (NAMES[1], CLASSES[1], "labeled"),
        (NAMES[2], "", "unsure"),
        (NAMES[3], "dog", "labeled"),
        (NAMES[3], "", "undone"),
        (NAMES[0], CLASSES[3], "labeled"),
    )


def test_the_table_is_what_stands(tmp_path):
    frame = read_labels(some(tmp_path))
    assert tuple(frame.columns) == COLUMNS
    assert frame[["clip", "label", "status"]].values.tolist() == [
        [NAMES[4], "dog", "labeled"],
        [NAMES[1], CLASSES[1], "labeled"],
        [NAMES[2], "", "unsure"],
        [NAMES[0], "NA", "labeled"],
    ]
    assert frame["time"].dt.tz is not None
    assert frame["seconds"].tolist() == [1.5] * 4
    assert frame["score"].isna().all()
    assert len(read_labels(file_of(tmp_path))) == 0
    with pytest.raises(FileNotFoundError):
        read_labels(tmp_path / "none.csv")


def test_a_corpus_with_labels_keeps_its_clips_and_embeddings(tmp_path, root):
    corpus = load_folder(root, classes=["dog", "NA"])
    labeled = labels_to_corpus(corpus, some(tmp_path))
    assert labeled.ids == corpus.ids
    assert labeled.classes == ("dog", "NA", CLASSES[1])
    named = {clip: labeled.classes[c] if c >= 0 else None for clip, c in zip(labeled.ids, labeled.labels, strict=True)}
    assert named == {NAMES[0]: "NA", NAMES[1]: CLASSES[1], NAMES[2]: None, NAMES[3]: None, NAMES[4]: "dog"}
    assert labeled.fingerprint == corpus.fingerprint
    assert_array_equal(embed(labeled, progress=False), embed(corpus, progress=False))
    assert labels_to_corpus(corpus, some(tmp_path), classes=CLASSES).classes == CLASSES
    with pytest.raises(ValueError, match="not in classes=: 'NA', 'say"):
        labels_to_corpus(corpus, some(tmp_path), classes=["dog"])
    with pytest.raises(ValueError, match="1 clips that are not in the corpus, such as 'x'"):
        labels_to_corpus(corpus, file_of(tmp_path, ("x", "dog", "labeled")))


def test_known_labels_give_way_to_the_files(tmp_path):
    corpus = load_toy_city()
    labeled = labels_to_corpus(corpus, file_of(tmp_path, (corpus.ids[5], "siren", "labeled")))
    assert labeled.labels[5] == corpus.classes.index("siren")
    assert (labeled.labels == -1).sum() == len(corpus) - 1


def test_added_classes_keep_the_order_in_which_they_were_added(tmp_path):
    corpus = Corpus("folder", ("a", "b"), ("x", "y"), [-1, -1], [0, 0], None, "", "")
    session = LabelSession(corpus, tmp_path / "labels.csv")
    session.suggest()
    for name in ("owl", "wren"):
        session.act({"do": "class", "name": name})
    session.act({"do": "label", "clip": 0, "label": 3, "seconds": 1})
    labeled = labels_to_corpus(corpus, tmp_path / "labels.csv")
    assert (labeled.classes, labeled.labels.tolist()) == (("a", "b", "owl", "wren"), [3, -1])


def test_one_label_a_clip_as_csv(tmp_path, root):
    corpus = load_folder(root, classes=["dog"])
    path = export_csv(corpus, some(tmp_path), tmp_path / "out.csv")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert frame.columns.tolist() == ["clip", "label"]
    assert frame.values.tolist() == [[NAMES[0], "NA"], [NAMES[1], CLASSES[1]], [NAMES[4], "dog"]]
    with pytest.raises(ValueError, match="not in the corpus"):
        export_csv(corpus, file_of(tmp_path, ("x", "dog", "labeled")), tmp_path / "out.csv")
    assert len(pd.read_csv(path)) == 3  # it is as it was


def segmented(tmp_path, root) -> tuple[Corpus, Path]:
    corpus = load_folder(root, classes=["dog"], segment=4.0)
    assert [name for name in corpus.ids if name.startswith("long")] == [
        "long.wav#t=0.000,4.000", "long.wav#t=4.000,8.000", "long.wav#t=8.000,10.000"
    ]  # fmt: skip
    labels = file_of(
        tmp_path,
        ("long.wav#t=8.000,10.000", "two\twords", "labeled"),
        ("long.wav#t=0.000,4.000", "dog", "labeled"),
        ("long.wav#t=4.000,8.000", "", "skipped"),
        (NAMES[4], "dog", "labeled"),
    )
    return corpus, labels


def test_audacity_label_tracks(tmp_path, root):
    corpus, labels = segmented(tmp_path, root)
    tracks = export_audacity(corpus, labels, tmp_path / "tracks")
    assert [track.relative_to(tmp_path / "tracks").as_posix() for track in tracks] == [
        "long.wav.txt",
        "sub/007.wav.txt",
    ]
    rows = [row.split("\t") for row in tracks[0].read_text(encoding="utf-8").splitlines()]
    assert rows == [["0.000000", "4.000000", "dog"], ["8.000000", "10.000000", "two words"]]
    assert tracks[1].read_text() == "0.000000\t2.000000\tdog\n"


# The shape that JAMS's own schema asks for (jams_schema.json and the namespace tag_open), in fewer words.
NUMBER = {"type": "number", "minimum": 0}
OBSERVATION = {
    "type": "object",
    "properties": {"time": NUMBER, "duration": NUMBER, "value": {"type": "string"}},
    "required": ["time", "duration", "value", "confidence"],
    "additionalProperties": {"type": "null"},
}
TEXTS = ("corpus", "annotation_tools", "annotation_rules", "validation", "data_source")
ANNOTATION = {
    "type": "object",
    "properties": {
        "annotation_metadata": {
            "type": "object",
            "properties": {
                "version": {"type": ["string", "number"]}, "annotator": {"type": "object"},
                **{name: {"type": "string"} for name in TEXTS},
            },
            "additionalProperties": False,
        },
        "namespace": {"const": "tag_open"}, "data": {"type": "array", "items": OBSERVATION},
        "time": NUMBER, "duration": NUMBER, "sandbox": {"type": "object"},
    },
    "required": ["annotation_metadata", "data", "namespace"],
    "additionalProperties": False,
}  # fmt: skip
JAMS = {
    "type": "object",
    "properties": {
        "file_metadata": {
            "type": "object",
            "properties": {
                **{name: {"type": "string"} for name in ("artist", "title", "release")}, "duration": NUMBER,
                "identifiers": {"type": "object"}, "jams_version": {"type": "string", "pattern": "[0-9].[0-9].[0-9]"},
            },
            "required": ["duration"],
            "additionalProperties": False,
        },
        "annotations": {"type": "array", "items": ANNOTATION},
        "sandbox": {"type": "object"},
    },
    "required": ["file_metadata", "annotations", "sandbox"],
    "additionalProperties": False,
}  # fmt: skip


def test_jams(tmp_path, root):
    corpus, labels = segmented(tmp_path, root)
    files = export_jams(corpus, labels, tmp_path / "jams")
    assert [file.name for file in files] == ["long.wav.jams", "007.wav.jams"]
    for file in files:
        jsonschema.validate(json.loads(file.read_text(encoding="utf-8")), JAMS)
    jam = json.loads(files[0].read_text(encoding="utf-8"))
    assert jam["file_metadata"]["duration"] == 10.0
    (annotation,) = jam["annotations"]
    assert annotation["annotation_metadata"]["annotator"] == {"name": "anna"}
    assert annotation["data"] == [
        {"time": 0.0, "duration": 4.0, "value": "dog", "confidence": None},
        {"time": 8.0, "duration": 2.0, "value": "two\twords", "confidence": None},
    ]


def test_an_audiofolder_of_files(tmp_path, root):
    corpus = load_folder(root, classes=["dog"])
    path = export_audiofolder(corpus, some(tmp_path), tmp_path / "out" / "set")
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file_name"], row["label"]) for row in rows] == [
        ("a- b.wav", "NA"), ("rain/-1-1.flac", CLASSES[1]), ("sub/007.wav", "dog")
    ]  # fmt: skip
    for row, name in zip(rows, (NAMES[0], NAMES[1], NAMES[4]), strict=True):
        assert (path.parent / row["file_name"]).read_bytes() == (root / name).read_bytes()
    assert sorted(p.name for p in path.parent.parent.iterdir()) == ["set"]
    with pytest.raises(FileExistsError, match="set is there already"):
        export_audiofolder(corpus, some(tmp_path), tmp_path / "out" / "set")
    linked = export_audiofolder(corpus, some(tmp_path), tmp_path / "linked", link=True)
    assert (linked.parent / "sub/007.wav").samefile(root / NAMES[4])


def test_an_audiofolder_of_segments_and_of_made_clips(tmp_path, root):
    corpus, labels = segmented(tmp_path, root)
    path = export_audiofolder(corpus, labels, tmp_path / "set")
    frame = pd.read_csv(path)
    assert frame["file_name"].tolist() == [
        "long.wav-t-0.000-4.000.flac",
        "long.wav-t-8.000-10.000.flac",
        "sub/007.wav.flac",
    ]
    clip = corpus.ids.index("long.wav#t=8.000,10.000")
    samples, rate = soundfile.read(path.parent / frame["file_name"][1], dtype="float32")
    assert rate == RATE
    assert_allclose(samples, corpus.audio(clip)[0], atol=1e-6)
    city = load_toy_city()
    path = export_audiofolder(city, file_of(tmp_path, (city.ids[3], "siren", "labeled")), tmp_path / "city")
    assert len(soundfile.read(path.parent / f"{city.ids[3]}.flac")[0]) == len(city.audio(3)[0])


def test_an_audiofolder_that_fails_leaves_nothing_behind(tmp_path, root):
    corpus = load_folder(root, classes=["dog"])
    (root / NAMES[4]).unlink()
    with pytest.raises(FileNotFoundError):
        export_audiofolder(corpus, some(tmp_path), tmp_path / "set")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["anna.csv", "recordings"]


def test_names_that_become_the_same_stay_apart(tmp_path):
    ids = ("a?.wav", "a*.wav", "A-.wav", "metadata.csv", "../up.wav")
    corpus = Corpus("demo", ("x",), ids, [0] * 5, [0] * 5, lambda i: (np.zeros(800, np.float32), RATE), "", "")
    labels = file_of(tmp_path, *((name, "x", "labeled") for name in ids))
    path = export_audiofolder(corpus, labels, tmp_path / "set")
    names = pd.read_csv(path)["file_name"].tolist()
    assert len({name.lower() for name in names}) == 5
    assert all((path.parent / name).resolve().is_relative_to(path.parent.resolve()) for name in names)
