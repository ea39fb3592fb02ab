"""`SoundClassifier`: taught, saved and loaded without a change, refused when it is not what it was, and used."""

from __future__ import annotations

import dataclasses

import field
import numpy as np
import pytest

from dalbook import DALConfig, SoundClassifier, embed, load_folder
from dalbook.detection import training
from dalbook.embeddings.npz import save_embeddings
from dalbook.embeddings.own import OwnEmbedder

NAMES = ("a.wav", "b.wav", "c/d.wav", "e.wav", "f.wav", "g.wav")
TEST = ("x.wav", "y/z.wav")


@pytest.fixture(scope="module", autouse=True)
def few_steps():
    """The hypotheses train for a moment only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "CONFIG", DALConfig(first_steps=30, batch=32))
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with recordings and the truth, labels of every second segment, and the classifier."""
    root = tmp_path_factory.mktemp("field")
    truth = field.write_recordings(root / "rec", NAMES)
    labels = field.write_labels(root / "labels.csv", dict(list(truth.items())[::2]))
    corpus = load_folder(root / "rec", ["pip", "hum", "never", "hiss"], segment=1)
    classifier = SoundClassifier.fit(corpus, labels, embedding="mfcc", jobs=1)
    return root, truth, labels, corpus, classifier


@pytest.fixture(scope="module")
def unheard(tmp_path_factory):
    """Recordings that nothing was learned of, and the truth."""
    root = tmp_path_factory.mktemp("test")
    return root, field.write_recordings(root, TEST, seed=1)


def test_it_learns_and_says_how_good_it_is(made, unheard):
    _, truth, _, corpus, classifier = made
    assert classifier.classes_.tolist() == ["pip", "hum", "hiss"]  # those with labels, in the corpus's order
    assert classifier.card["segment"] == 1.0
    assert classifier.card["labels"]["count"] == 30
    table = classifier.predict(unheard[0])
    assert len(table) == 20
    right = [unheard[1][f"{f}#t={a:.3f},{b:.3f}"] == c for f, a, b, c in table.iloc[:, :4].values]
    assert np.mean(right) > 0.9
    low, high = classifier.report.macro_recall[1:]
    assert low <= np.mean(right) <= high
    assert table["score"].between(0, 1).all()
    assert table["vote_entropy"].between(0, np.log(3)).all()
    p = classifier.predict_proba(embed(corpus, "mfcc", progress=False))
    assert p.shape == (60, 3)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert np.array_equal(classifier.predict_proba(corpus), p)


def test_a_corpus_a_folder_and_a_file_give_the_same_rows(unheard, made):
    classifier = made[-1]
    folder = classifier.predict(unheard[0])
    corpus = classifier.predict(load_folder(unheard[0], ["?"], segment=1))
    assert folder.iloc[:, :4].values.tolist() == corpus.iloc[:, :4].values.tolist()
    np.testing.assert_allclose(folder["score"], corpus["score"], atol=2e-4)
    one = classifier.predict(unheard[0] / "x.wav")
    assert one.values.tolist() == folder[folder["file"] == "x.wav"].values.tolist()


def test_loaded_it_predicts_the_same_bit_for_bit(made, unheard, tmp_path):
    classifier, x = made[-1], embed(made[3], "mfcc", progress=False)
    path = classifier.save(tmp_path / "street.dalbook")
    again = SoundClassifier.load(path)
    assert np.array_equal(again.predict_proba(x), classifier.predict_proba(x))
    assert again.predict(unheard[0]).equals(classifier.predict(unheard[0]))
    assert str(again.report) == str(classifier.report)
    assert again.card == classifier.card
    assert again.save(tmp_path / "again").read_bytes() == path.read_bytes()


def test_thresholds_and_merging(made, unheard):
    classifier = made[-1]
    every, some = classifier.predict(unheard[0]), classifier.predict(unheard[0], threshold=0.9)
    assert some.values.tolist() == every[every["score"] >= 0.9].values.tolist()
    auto = classifier.predict(unheard[0], threshold="auto")
    least = classifier.report.per_class["threshold"]
    assert auto.values.tolist() == every[every["score"].to_numpy() >= least[every["class"]].to_numpy()].values.tolist()
    merged = classifier.predict(unheard[0], merge=True)
    assert (merged["end"] - merged["start"]).sum() == 20
    changes = (every[["file", "class"]] != every[["file", "class"]].shift()).any(axis=1)
    assert len(merged) == changes.sum() < 20
    with pytest.raises(ValueError, match="threshold must be auto, or a number from 0 to 1, not 'high'"):
        classifier.predict(unheard[0], threshold="high")


def test_a_broken_file_is_refused_whatever_is_wrong_with_it(made, tmp_path):
    path = made[-1].save(tmp_path / "m.dalbook")
    whole = path.read_bytes()
    for content in (b"", b"not it", whole[: len(whole) // 2], whole[:-7]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="is not a whole file of a classifier"):
            SoundClassifier.load(path)
    for at in range(200, len(whole), len(whole) // 20):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 64]) + whole[at + 1 :])
        try:
            again = SoundClassifier.load(path)
        except ValueError as error:
            assert "is not a whole file of a classifier" in str(error)  # noqa: PT017, both are right
        else:  # a byte that nobody reads, such as that of a date
            assert again.fingerprint() == made[-1].fingerprint()
    np.savez(path.open("wb"), a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="is not a whole file of a classifier"):
        SoundClassifier.load(path)
    with pytest.raises(FileNotFoundError):
        SoundClassifier.load(tmp_path / "none")


def loudness(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples, 2048))
    return np.log1p(spectrum.reshape(-1)[:1024].reshape(32, 32).mean(axis=1))


def test_an_embedder_of_one_s_own_is_asked_for_again_and_another_refused(made, unheard, tmp_path):
    _, truth, labels, corpus, _ = made
    classifier = SoundClassifier.fit(corpus, labels, embedding=loudness)
    path = classifier.save(tmp_path / "own.dalbook")
    with pytest.raises(ValueError, match="taught with the embedder 'loudness': give it"):
        SoundClassifier.load(path).predict(unheard[0])
    again = SoundClassifier.load(path, embedding=loudness)
    assert again.predict(unheard[0]).equals(classifier.predict(unheard[0]))
    with pytest.raises(ValueError, match="taught with the embedder 'loudness', not with 'other'"):
        SoundClassifier.load(path, embedding=OwnEmbedder(loudness, name="other"))
    with pytest.raises(ValueError, match="takes embeddings of 32 dimensions"):
        SoundClassifier.load(path, embedding=OwnEmbedder(lambda x, rate: x[:5], name="loudness"))
    with pytest.warns(UserWarning, match="code of the embedder loudness is another"):
        SoundClassifier.load(path, embedding=OwnEmbedder(loudness, version="2"))


def test_embeddings_from_a_file(made, unheard, tmp_path):
    _, _, labels, corpus, classifier = made
    x = embed(corpus, "mfcc", progress=False)
    save_embeddings(tmp_path / "own.npz", corpus.ids, x)
    own = SoundClassifier.fit(corpus, labels, embedding=tmp_path / "own.npz")
    assert np.array_equal(own.predict_proba(x), classifier.predict_proba(x))
    with pytest.raises(ValueError, match="can predict on embeddings only"):
        own.predict(unheard[0])
    save_embeddings(tmp_path / "prepared.npz", corpus.ids, x, {"embedder": "mfcc", "broken": {}})
    prepared = SoundClassifier.fit(corpus, labels, embedding=tmp_path / "prepared.npz")
    assert prepared.predict(unheard[0]).equals(classifier.predict(unheard[0]))


def test_labels_without_embeddings_are_named_and_one_class_is_not_enough(made, tmp_path):
    _, truth, _, corpus, _ = made
    clips = list(truth)
    x = embed(corpus, "mfcc", progress=False)
    save_embeddings(tmp_path / "x.npz", corpus.ids, x, {"embedder": "mfcc", "broken": {clips[0]: "gone"}})
    labels = field.write_labels(tmp_path / "l.csv", dict(list(truth.items())[:12]))
    with pytest.warns(UserWarning, match=r"1 labeled clips have no embedding, .*: a\.wav#t=0\.000,1\.000"):
        assert SoundClassifier.fit(corpus, labels, embedding=tmp_path / "x.npz").card["labels"]["count"] == 11
    one = field.write_labels(tmp_path / "one.csv", dict.fromkeys(clips[:9], "hum"))
    with pytest.raises(ValueError, match="labels of at least two classes, there are labels of 'hum'"):
        SoundClassifier.fit(corpus, one, embedding="mfcc")
    labeled = dataclasses.replace(corpus, labels=[corpus.classes.index(truth[name]) for name in corpus.ids])
    assert SoundClassifier.fit(labeled, embedding="mfcc").card["labels"]["count"] == 60
