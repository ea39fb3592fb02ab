"""Tables of events: merged, written for other programs and read back by crowsetta, and brought onto segments."""

from __future__ import annotations

import json

import crowsetta
import numpy as np
import pandas as pd
import pytest
import soundfile

from dalbook import Labeler, load_folder, read_labels
from dalbook.annotations.events import COLUMNS, check_events, merge_events
from dalbook.annotations.export import (
    export_audacity,
    export_birdnet,
    export_csv,
    export_jams,
    export_metadata,
    export_raven,
)
from dalbook.annotations.read import read_audacity, read_csv, read_raven
from dalbook.annotations.segments import onto_segments
from dalbook.corpora.corpus import Corpus
from dalbook.labeling.imports import import_labels

EVENTS = pd.DataFrame(
    [
        ("rain/long.wav", 4.0, 8.0, "wren", 0.75),
        ("rain/long.wav", 8.0, 12.001, "wren", 0.9),
        ("rain/long.wav", 60.123, 63.9996, "robin, loud", 0.5),
        ("a.wav", 0.0, 0.0314159, "wren", 0.25),
    ],
    columns=COLUMNS,
)
EXACT = [
    ["a.wav", 0.0, 0.031, "wren"],
    ["rain/long.wav", 4.0, 8.0, "wren"],
    ["rain/long.wav", 8.0, 12.001, "wren"],
    ["rain/long.wav", 60.123, 64.0, "robin, loud"],
]


def test_events_are_in_order_and_exact_to_the_millisecond():
    assert check_events(EVENTS)[list(COLUMNS[:4])].values.tolist() == EXACT
    with pytest.raises(ValueError, match="needs the columns .*; end, class is missing"):
        check_events(EVENTS[["file", "start"]])
    with pytest.raises(ValueError, match=r"an event of a\.wav cannot be: from 2\.0 to 1\.0 s"):
        check_events(pd.DataFrame([("a.wav", 2, 1, "x")], columns=COLUMNS[:4]))


def test_touching_and_overlapping_events_of_a_class_are_merged_and_no_others():
    rows = [
        ("a", 0, 4, "x", 0.5, 0.1), ("a", 4, 8, "x", 0.9, 0.3),
        ("a", 8, 12, "y", 0.6, 0.0), ("a", 12, 16, "x", 0.7, 0.0),
        ("b", 0, 10, "x", 0.4, 0.0), ("b", 2, 3, "x", 0.3, 0.0),
        ("b", 9, 11, "x", 0.2, 0.3), ("b", 11.01, 12, "x", 0.1, 0.0),
    ]  # fmt: skip
    merged = merge_events(pd.DataFrame(rows, columns=[*COLUMNS, "vote_entropy"]).sample(frac=1, random_state=0))
    assert merged.values.tolist() == [
        ["a", 0.0, 8.0, "x", 0.9, 0.2], ["a", 8.0, 12.0, "y", 0.6, 0.0], ["a", 12.0, 16.0, "x", 0.7, 0.0],
        ["b", 0.0, 11.0, "x", 0.4, 0.1], ["b", 11.01, 12.0, "x", 0.1, 0.0],
    ]  # fmt: skip
    two = pd.DataFrame([("a", 0, 4, "x", "anna"), ("a", 4, 8, "x", "bob")], columns=[*COLUMNS[:4], "annotator"])
    assert len(merge_events(two)) == 2
    assert len(merge_events(two.iloc[:0])) == 0


def test_crowsetta_reads_raven_s_tables(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(8000), 8000)
    first, second = export_raven(EVENTS, tmp_path / "raven", root=tmp_path)
    assert second.relative_to(tmp_path).as_posix() == "raven/rain/long.wav.Table.1.selections.txt"
    boxes = crowsetta.formats.bbox.Raven.from_file(second).to_bbox()
    assert [["rain/long.wav", box.onset, box.offset, box.label] for box in boxes] == EXACT[1:]
    assert crowsetta.formats.bbox.Raven.from_file(first).to_bbox()[0].high_freq == 4000.0
    assert boxes[0].high_freq == 20000.0
    assert read_raven(tmp_path / "raven")[list(COLUMNS[:4])].values.tolist() == EXACT


def test_crowsetta_reads_audacity_s_tracks(tmp_path):
    files = export_audacity(EVENTS, tmp_path / "tracks")
    found = crowsetta.formats.seq.AudSeq.from_file(files[1]).to_seq()
    assert [
        ["rain/long.wav", *row] for row in zip(found.onsets_s, found.offsets_s, found.labels, strict=True)
    ] == EXACT[1:]
    assert read_audacity(tmp_path / "tracks")[list(COLUMNS[:4])].values.tolist() == EXACT


def test_crowsetta_reads_the_plain_table(tmp_path):
    path = export_csv(EVENTS.iloc[:3], tmp_path / "events.csv")
    assert path.read_text().splitlines()[:2] == ["file,start,end,class,score", "rain/long.wav,4.000,8.000,wren,0.7500"]
    names = {"start": "onset_s", "end": "offset_s", "class": "label"}
    found = crowsetta.formats.seq.SimpleSeq.from_file(
        path, columns_map=names, read_csv_kwargs={"usecols": list(names)}
    ).to_seq()
    assert [
        ["rain/long.wav", *row] for row in zip(found.onsets_s, found.offsets_s, found.labels, strict=True)
    ] == EXACT[1:]
    assert read_csv(path)[list(COLUMNS[:4])].values.tolist() == EXACT[1:]


def test_birdnet_s_hugging_face_s_and_jams_files(tmp_path):
    files = export_birdnet(EVENTS, tmp_path)
    frame = pd.read_csv(files[1])
    assert frame.columns.tolist() == ["Start (s)", "End (s)", "Scientific name", "Common name", "Confidence", "File"]
    assert frame.iloc[2].tolist() == [60.123, 64.0, "robin, loud", "robin, loud", 0.5, "rain/long.wav"]
    frame = pd.read_csv(export_metadata(EVENTS, tmp_path / "metadata.csv"))
    assert frame.columns.tolist() == ["file_name", "start", "end", "label", "score"]
    jam = json.loads(export_jams(EVENTS, tmp_path, {"rain/long.wav": 90.0})[1].read_text())
    assert jam["file_metadata"]["duration"] == 90.0
    assert jam["annotations"][0]["data"][0] == {"time": 4.0, "duration": 4.0, "value": "wren", "confidence": 0.75}


def test_nothing_is_written_outside_of_the_folder(tmp_path):
    with pytest.raises(ValueError, match=r"\.\./up\.wav\.txt would be written outside of"):
        export_audacity(EVENTS.assign(file="../up.wav"), tmp_path / "in")


@pytest.mark.parametrize(
    ("name", "text", "read", "says"),
    [
        ("a.txt", "Selection\tBegin Time (s)\n1\t0\n", read_raven, r"a\.txt: a selection table has the columns"),
        (
            "a.txt",
            "Begin Time (s)\tEnd Time (s)\tSpecies\nx\t1\twren\n",
            read_raven,
            r"a\.txt, line 2: .* must be seconds",
        ),
        ("a.txt", "0.0\t1.0\twren\n2.0\n", read_audacity, r"a\.txt, line 2: a label is start, end and text"),
        ("a.csv", "file,start,end\na,0,1\n", read_csv, r"a\.csv: column class is missing"),
        ("a.csv", "file,start,end,class\na,2,1,x\n", read_csv, r"line 2: an event cannot be from 2\.0 to 1\.0"),
    ],
)
def test_what_is_no_annotation_is_refused_with_its_line(tmp_path, name, text, read, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=says):
        read(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_raven_s_views_count_once_and_audacity_s_frequencies_are_passed_over(tmp_path):
    head = "Selection\tView\tBegin Time (s)\tEnd Time (s)\tSpecies\n"
    (tmp_path / "one.Table.1.selections.txt").write_text(
        f"{head}1\tWaveform 1\t0.5\t1\twren\n1\tSpectrogram 1\t0.5\t1\twren\n"
    )
    assert read_raven(tmp_path)[list(COLUMNS[:4])].values.tolist() == [["one", 0.5, 1.0, "wren"]]
    (tmp_path / "two.wav.txt").write_text("0.5\t1.0\twren\n\\\t1000.0\t2000.0\n1.5\t1.5\tclick\n")
    assert read_audacity(tmp_path / "two.wav.txt")[list(COLUMNS[:4])].values.tolist() == [
        ["two.wav", 0.5, 1.0, "wren"], ["two.wav", 1.5, 1.5, "click"]
    ]  # fmt: skip


def test_old_annotations_become_labels_of_segments_and_a_session_goes_on(tmp_path):
    soundfile.write(tmp_path / "long.wav", np.random.default_rng(0).normal(0, 0.1, 20 * 8000), 8000)
    corpus = load_folder(tmp_path, ["wren", "robin"], segment=4)
    events = pd.DataFrame(
        [
            ("long", 1.0, 3.5, "wren"),  # covers more than half of the first
            ("long", 3.5, 3.9, "robin"),  # lies in it, but covers less
            ("long", 7.9, 8.1, "owl"),  # half here, half there: both
            ("long", 15.0, 15.0, "robin"),  # a click
            ("long", 17.0, 30.0, "robin"),  # goes on behind the end
        ],
        columns=COLUMNS[:4],
    )
    labeled = onto_segments(corpus, events)
    assert labeled.classes == ("wren", "robin", "owl")
    assert labeled.labels.tolist() == [0, 2, 2, 1, 1]
    with pytest.raises(ValueError, match="1 recordings of the annotations are not in the corpus, such as 'short'"):
        onto_segments(corpus, events.assign(file="short"))
    out = import_labels(corpus, events[events["class"] != "owl"], tmp_path / "labels.csv")
    assert read_labels(out)["label"].tolist() == ["wren", "robin", "robin"]
    with pytest.raises(FileExistsError, match="is there already"):
        import_labels(corpus, events, out)
    labeler = Labeler(corpus, out, embedding=np.eye(5, dtype=np.float32))
    assert labeler.progress["labeled"] == 3
    labeler.close()


def test_the_rule_at_its_edges():
    corpus = Corpus("demo", ("x", "y"), ("a.wav",), [-1], [0], lambda i: (np.zeros(4000), 1000), "", "")

    def label(*events):
        return int(onto_segments(corpus, pd.DataFrame(events, columns=COLUMNS[:4])).labels[0])

    assert label(("a.wav", 2.0, 100.0, "x")) == 0  # half of the clip
    assert label(("a.wav", 2.01, 100.0, "x")) == -1
    assert label(("a.wav", 3.0, 5.0, "x")) == 0  # half of the event
    assert label(("a.wav", 3.1, 5.0, "x")) == -1
    assert label(("a.wav", 4.0, 5.0, "x")) == -1  # touching is not lying in
    assert label(("a.wav", 0.0, 1.0, "x"), ("a.wav", 1.5, 3.0, "y")) == 1
    assert label(("a.wav", 0.0, 1.0, "x"), ("a.wav", 1.5, 3.0, "y"), ("a.wav", 3.0, 4.0, "x")) == 0
