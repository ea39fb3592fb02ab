"""Search by example in the labeler: what it goes by, what each answer does, and what is said of a bad example."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from dalbook import Labeler, embed
from dalbook.corpora.corpus import Corpus
from dalbook.corpora.folder import load_folder
from dalbook.embeddings.npz import save_embeddings

N, RARE = 120, 6  # clips, and how many of them are of the rare class


@pytest.fixture(scope="module")
def city():
    """Clips around a few centers; the rare class is the first six, each pair of one recording."""
    rng = np.random.default_rng(0)
    truth = np.where(np.arange(N) < RARE, 1, 0)
    centers = rng.standard_normal((8, 24))
    x = centers[np.where(truth, 7, np.arange(N) % 7)] + 0.7 * rng.standard_normal((N, 24))
    recordings = [str(i // 2) for i in range(N)]

    def sound(i):
        return np.sin(np.arange(800, dtype=np.float32) * (0.1 + i / 500)), 8000

    ids = [f"clip {i}.wav" for i in range(N)]
    corpus = Corpus("demo", ("rest", "wren"), ids, [-1] * N, [0] * N, sound, "", "", recordings=recordings)
    return corpus, x.astype(np.float32), truth


@pytest.fixture
def labeler(tmp_path, city):
    made = []

    def make(corpus=None, **options):
        made.append(Labeler(corpus or city[0], **{"out": tmp_path / "labels.csv", "embedding": city[1]} | options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def answer(one, truth, n=1):
    clips = []
    for _ in range(n):
        clip = one.clip["clip"]
        one.act({"do": "label", "clip": clip, "label": int(truth[clip]), "seconds": 1.0})
        clips.append(clip)
    return clips


def test_the_nearest_come_first_and_what_was_found_is_counted(labeler, city):
    one = labeler(like=0)
    assert (one.clip["clip"], one.clip["picked_by"]) == (0, "search")
    assert "similarity to your example is 1.00" in one.clip["why"]
    heard = answer(one, city[2], 9)
    assert sum(city[2][heard]) == RARE
    assert one.search == {"words": "a clip you chose", "target": 1, "heard": 9, "found": RARE}
    assert (one.labels["picked_by"] == "search").all()
    assert one.labels["score"].between(-1, 1).all()
    one.act({"do": "found"})
    assert one.search is None
    answer(one, city[2])
    one.wait(60)
    answer(one, city[2])
    assert one.clip["picked_by"] != "search"


def test_more_like_this_and_undo(labeler, city):
    one = labeler()
    answer(one, city[2], 2)
    one.said = [{"n": one.heard + 1, "do": "like", "clip": 3}]
    assert one.problem == ""
    assert one.clip["clip"] == 3
    answer(one, city[2], 3)
    assert one.search["heard"] == 3
    one.act({"do": "undo"})
    assert one.search["heard"] == 2
    one.said = [{"n": one.heard + 1, "do": "like", "clip": 999}]
    assert "there is no clip 999" in one.problem


def test_the_examples_own_recording_can_be_left_out_and_several_are_one_search(labeler, city):
    one = labeler(like=["clip 0.wav", 2], own_recording=False)
    heard = answer(one, city[2], 4)
    assert not {0, 1, 2, 3} & set(heard)
    assert {4, 5} <= set(heard)


def test_no_recording_fills_the_first_ten(labeler, city):
    corpus, x, truth = city
    recordings = ["one"] * 40 + [str(i) for i in range(40, N)]
    parts = corpus.classes, corpus.ids, [-1] * N, [0] * N, corpus.sound, "", ""
    same = Corpus("demo", *parts, recordings=recordings)
    one = labeler(same, like=0)
    heard = answer(one, truth, 10)
    assert sum(clip < 40 for clip in heard) <= 2


def test_examples_from_elsewhere(labeler, tmp_path):
    rate = 16000
    time = np.arange(rate) / rate

    def tone(hz):
        return (0.4 * np.sin(2 * np.pi * hz * time) * (1 + 0.1 * np.sin(9 * time))).astype(np.float32)

    folder = tmp_path / "clips"
    folder.mkdir()
    for i in range(12):
        soundfile.write(folder / f"{i}.wav", tone(300 + 300 * i), rate)
    corpus = load_folder(folder, classes=["high", "low"])
    elsewhere = tmp_path / "other.flac"
    soundfile.write(elsewhere, np.concatenate([0 * time, tone(3000)]), rate)
    quiet, long, wrong = tmp_path / "quiet.wav", tmp_path / "long.wav", tmp_path / "notes.txt"
    soundfile.write(quiet, 0 * time, rate)
    soundfile.write(long, np.tile(tone(500), 70), rate)
    wrong.write_text("no sound")
    search = {"corpus": corpus, "embedding": "logmel"}

    one = labeler(**search, like=(elsewhere, 1, 2))
    assert corpus.ids[one.clip["clip"]].endswith("9.wav")
    assert one.search["words"] == "other.flac, 1 to 2 s"
    kept = tmp_path / "kept.npz"
    save_embeddings(kept, corpus.ids, embed(corpus, "logmel", progress=False), {"embedder": "logmel"})
    two = labeler(corpus, embedding=kept, like=[(str(elsewhere), 1, 2), 0], out=tmp_path / "two.csv")
    assert two.search["words"] == "other.flac, 1 to 2 s, a clip you chose"

    for like, what in (
        (quiet, "quiet.wav is silent"),
        (long, "long.wav lasts 70 s: say which seconds"),
        ((long, 0, 65), "long.wav lasts 70.0 s: from 0 to 65 s"),
        ((elsewhere, 1, 9), "other.flac lasts 2.0 s: from 1 to 9 s"),
        (wrong, "notes.txt"),
        ("gone.wav", "'gone.wav' is neither a clip of the corpus nor a file"),
        (12, "like=12: corpus .* has clips 0 to 11"),
        ([], "like= is empty"),
        (1.5, "like=1.5 is neither a clip's position"),
    ):
        with pytest.raises((ValueError, OSError), match=what):
            labeler(**search, like=like)
    with pytest.raises(ValueError, match="other.flac, 1 to 2 s is not a clip of the corpus, and what embedded"):
        labeler(corpus, embedding=np.eye(12, dtype=np.float32), like=(elsewhere, 1, 2), out=tmp_path / "three.csv")
