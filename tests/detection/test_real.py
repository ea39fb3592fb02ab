"""From a folder of real recordings to Raven's tables and back, by the commands; the report is held to the truth."""

from __future__ import annotations

import os
from pathlib import Path

import crowsetta
import numpy as np
import pandas as pd
import pytest
import soundfile

from dalbook import Labeler, SoundClassifier, load_folder, load_urbansound8k, macro_recall
from dalbook.annotations.read import read_raven
from dalbook.cli import main
from dalbook.corpora.audio import pad, resample
from dalbook.corpora.corpus import Corpus
from dalbook.embeddings.npz import load_embeddings, save_embeddings

REAL, MODEL = os.environ.get("DALBOOK_REAL_DATA"), os.environ.get("DALBOOK_YAMNET")
RATE, SECONDS, PER_FILE = 16000, 4, 150  # ten minutes a file

pytestmark = pytest.mark.skipif(
    not (REAL and MODEL), reason="DALBOOK_REAL_DATA and DALBOOK_YAMNET name no real slice and no yamnet.tflite"
)


def write_field(root: Path, corpus: Corpus, clips: np.ndarray, silent: bool = False) -> dict[str, int]:
    """Clips joined to files, those of one recording side by side; gives each segment's clip by its id.

    Where the embeddings are given the files may be silent, which saves decoding them.
    """
    root.mkdir()
    own = np.random.default_rng(0).permutation(np.unique(corpus.recordings[clips]))
    order = [int(i) for name in own for i in clips[corpus.recordings[clips] == name]]
    found = {}
    for k in range(0, len(order), PER_FILE):
        name = f"{k // PER_FILE:02}.wav"
        part = order[k : k + PER_FILE]
        sounds = [np.zeros(1) if silent else resample(*corpus.audio(i), RATE)[: SECONDS * RATE] for i in part]
        soundfile.write(root / name, np.concatenate([pad(x, SECONDS * RATE) for x in sounds]), RATE)
        for j, i in enumerate(part):
            found[f"{name}#t={SECONDS * j:.3f},{SECONDS * (j + 1):.3f}"] = i
    return found


def test_from_a_folder_to_raven_and_back(tmp_path):
    city = load_urbansound8k(REAL)
    field = write_field(tmp_path / "field", city, np.flatnonzero(city.folds == 10), silent=True)
    # of the other folds an eighth is heard, whole recordings: the network needs 18 ms a segment
    rest = np.flatnonzero(city.folds != 10)
    some = np.random.default_rng(1).permutation(np.unique(city.recordings[rest]))
    test = write_field(tmp_path / "test", city, rest[np.isin(city.recordings[rest], some[: len(some) // 8])])

    corpus = load_folder(tmp_path / "field", city.classes, segment=SECONDS)
    assert len(corpus) == len(field) == 837
    yamnet = Path(REAL) / "embeddings" / "yamnet.npz"
    x = load_embeddings(yamnet, city)[[field[name] for name in corpus.ids]]
    save_embeddings(tmp_path / "x.npz", corpus.ids, x, {"embedder": "yamnet"})
    labeler = Labeler(corpus, tmp_path / "labels.csv", embedding=tmp_path / "x.npz", budget=60, annotator="truth")
    while labeler.wait() and labeler.clip:
        clip = labeler.clip["clip"]
        truth = int(city.labels[field[corpus.ids[clip]]])
        labeler.act({"do": "label", "clip": clip, "label": truth, "seconds": 2.0})
    labeler.close()
    labeled = pd.read_csv(tmp_path / "labels.csv")
    assert len(labeled) == 60

    train = ["train", str(tmp_path / "field"), str(tmp_path / "labels.csv"), "--embedding", str(tmp_path / "x.npz")]
    assert main([*train, "--model", MODEL, "--out", str(tmp_path / "city.dalbook")]) == 0
    predict = ["predict", str(tmp_path / "test"), str(tmp_path / "city.dalbook"), "--model", MODEL]
    out = ["--csv", str(tmp_path / "t.csv"), "--raven", str(tmp_path / "raven")]
    assert main([*predict, *out]) == 0

    table = pd.read_csv(tmp_path / "t.csv")
    for path in sorted((tmp_path / "raven").glob("*.txt")):
        boxes = crowsetta.formats.bbox.Raven.from_file(path).to_bbox()
        own = table[table["file"] == path.name.removesuffix(".Table.1.selections.txt")]
        assert [[box.onset, box.offset, box.label] for box in boxes] == own[["start", "end", "class"]].values.tolist()
    assert read_raven(tmp_path / "raven")["class"].tolist() == table["class"].tolist()

    ids = [f"{file}#t={start:.3f},{end:.3f}" for file, start, end in table.iloc[:, :3].values]
    assert set(ids) == set(test)
    truth = city.labels[[test[name] for name in ids]]
    told = np.array([city.classes.index(name) for name in table["class"]])
    report = SoundClassifier.load(tmp_path / "city.dalbook").report
    value, low, high = report.macro_recall
    print(f"cross-validated {value:.3f} ({low:.3f} to {high:.3f}), true {macro_recall(truth, told):.3f}")
    print(f"mean score {table['score'].mean():.3f}, right {np.mean(told == truth):.3f}")
    assert low <= macro_recall(truth, told) <= high
    assert abs(table["score"].mean() - np.mean(told == truth)) < 0.15
    doubt = table["vote_entropy"].to_numpy()
    assert doubt[told != truth].mean() > doubt[told == truth].mean()
