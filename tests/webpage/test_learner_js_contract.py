"""What is asked of the page's learner by itself: equations worked by hand, and the contract of every learner."""

from __future__ import annotations

import numpy as np
import pytest
from learner_browser import exported, learner_page, refusal
from numpy.testing import assert_allclose

from dalbook.learners.pseudo_labels import minibatch_shares, pseudo_labels

N, CLASSES = 60, 3
POOL = np.arange(40)
TRUTH = np.arange(N) % CLASSES
SMALL = "batch: 4, firstSteps: 10, steps: 3, masks: 16"
INITIAL = "[[0, 0], [1, 1], [2, 2]]"
UNLABELED = len(POOL) - 3


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal((CLASSES, 24))[TRUTH] + 1.5 * rng.standard_normal((N, 24))).astype(np.float32)
    clips = exported(x, TRUTH, CLASSES, POOL, np.arange(40, N))
    with learner_page(tmp_path_factory.mktemp("learner"), clips, {}) as page:
        yield page


@pytest.mark.parametrize(
    ("threshold", "rows", "classes"),
    [
        (0, [0, 1, 2, 3, 4], [0, 0, 1, 1, 0]),
        (0.5, [0, 2, 3], [0, 1, 1]),  # more than Θ, not as much
        (0.6, [0, 3], [0, 1]),  # 0.6 as a float32 lies above the 0.6 that was asked for
        (1, [], []),  # not even what rounding puts above 1
    ],
)
def test_pseudo_labels(page, threshold, rows, classes):
    probs = [[0.9, 0.1], [0.5, 0.5], [0.4, 0.6], [0, 1 + 2**-23], [0.5, 0.5]]
    expected = pseudo_labels(np.array(probs, np.float32), threshold)
    assert [part.tolist() for part in expected] == [rows, classes]
    script = "([probs, threshold]) => pseudoLabels(Float32Array.from(probs.flat()), 2, threshold)"
    assert page.evaluate(script, [probs, threshold]) == {"rows": rows, "classes": classes}


def test_minibatch_shares(page):
    cases = [
        [3, 100, 0.01, 256],
        [0, 0, 0.01, 256],
        [0, 5, 0.01, 256],
        [0, 5, 0, 256],
        [1, 1, 1, 3],
        [53, 4940, 0.01, 256],
    ]
    shares = page.evaluate("cases => cases.map((one) => minibatchShares(...one))", cases)
    assert shares == [
        [192, 64],
        [0, 0],
        [0, 256],
        [0, 0],
        [1, 2],
        [132, 124],
    ]  # the last exactly 123.5, though not in floating point
    alphas = (0, 0.01, 0.05, 0.1, 0.3, 0.5, 1)
    cases = [
        [labeled, pseudo, alpha, size]
        for labeled in range(7) for pseudo in range(0, 160, 3) for alpha in alphas for size in (1, 32, 256)
    ]  # fmt: skip
    shares = page.evaluate("cases => cases.map((one) => minibatchShares(...one))", cases)
    assert shares == [list(minibatch_shares(*one)) for one in cases]


def test_vote_entropy(page):
    told = page.evaluate("[...voteEntropy(Int32Array.of(4, 0, 2, 2, 0, 9, 3, 1), 2)]")
    expected = [0, np.log(2), 0, -0.75 * np.log(0.75) - 0.25 * np.log(0.25)]
    assert_allclose(told, expected, rtol=0, atol=1e-12)
    assert not np.signbit(told).any()
    assert refusal(page, "voteEntropy(Int32Array.of(0, 0), 2)").startswith("a clip without a single vote")


@pytest.mark.parametrize("acquisition", ["vote_entropy", "random"])
class TestContract:
    @pytest.fixture(autouse=True)
    def fresh(self, page, acquisition):
        """In the page, `fresh()` makes a learner that is quick, and `label` has it told the truth n times."""
        page.evaluate(
            f"""() => {{
            const options = {{ initial: {INITIAL}, config: {{ {SMALL} }}, acquisition: "{acquisition}", seed: 7 }};
            window.fresh = (changed) => make({{ ...options, ...changed }});
            window.label = (learner, n) => Array.from({{ length: n }}, () => {{
                const clip = learner.ask();
                learner.tell(clip, clips.truth[clip]);
                return clip;
            }});
        }}"""
        )

    def test_each_clip_of_the_pool_is_asked_for_once_and_then_none(self, page):
        script = """() => {
            const learner = fresh();
            const twice = [learner.ask(), learner.ask()];
            const asked = label(learner, clips.pool.length - 3);
            return [twice, asked, [...learner.labels.keys()]];
        }"""
        twice, asked, labeled = page.evaluate(script)
        assert twice[0] == twice[1] == asked[0]
        assert sorted(labeled) == POOL.tolist()
        assert labeled[-len(asked) :] == asked
        words = refusal(page, "const learner = fresh(); label(learner, 1000)")
        assert words == "all 40 clips of the pool are labeled: none is left to ask"

    def test_the_same_seed_asks_the_same_and_looking_changes_nothing(self, page):
        script = """() => {
            const learners = [fresh(), fresh(), fresh({ seed: 8 })];
            const [first, ...others] = learners.map((learner, i) => Array.from({ length: 6 }, () => {
                if (i === 1) { learner.predict([50]); learner.macroRecall([51], [0]); learner.pseudo(); }
                return label(learner, 1)[0];
            }));
            return [first, ...others];
        }"""
        first, looked_at, other = page.evaluate(script)
        assert first == looked_at
        assert first != other

    def test_what_cannot_be_told_is_refused_and_leaves_no_trace(self, page):
        for told, words in {
            "60, 0": "clip 60 is not among",
            "40, 0": "clip 40 is not among",
            "1.5, 0": "clip 1.5 is not among",
            "2, 0": "clip 2 has a label already: class 2",
            "learner.ask(), 3": "there is no class 3",
            "learner.ask(), -1": "there is no class -1",
            "learner.ask(), 'siren'": "there is no class siren",
        }.items():
            assert refusal(page, f"const learner = fresh(); learner.tell({told})").startswith(words)
        script = """() => {
            const [learner, other] = [fresh(), fresh()];
            try { learner.tell(60, 0); } catch { }
            return [label(learner, 3), label(other, 3)];
        }"""
        told, other = page.evaluate(script)
        assert told == other

    def test_a_label_taken_back(self, page):
        script = """() => {
            const learner = fresh();
            const [clip] = label(learner, 1);
            learner.forget(clip);
            const there = [...learner.scan().clips].includes(clip);
            learner.tell(clip, 1);
            return [there, learner.labels.get(clip), [...learner.scan().clips].includes(clip)];
        }"""
        assert page.evaluate(script) == [True, 1, False]
        words = refusal(page, "fresh().forget(5)")
        assert words == "clip 5 has no label that could be taken back"

    def test_a_stored_state_goes_on_exactly(self, page):
        script = """() => {
            const all = { threshold: 0.2, alpha: 0.4, masks: 24 };
            const [learner, other] = [fresh(), fresh()];
            label(learner, 3);
            learner.configure(all);
            label(learner, 2);
            const state = structuredClone(learner.state());
            const more = label(learner, 4);
            other.ask();
            other.restore(state);
            return [more, label(other, 4), [...learner.classifier.w], [...other.classifier.w]];
        }"""
        asked, again, weights, same = page.evaluate(script)
        assert asked == again
        assert weights == same

    @pytest.mark.parametrize(
        "changed",
        [
            "seed: 8",
            "x: clips.x.map(Math.abs)",
            "pool: clips.pool.slice(0, 39)",
            f"config: {{ {SMALL}, batch: 5 }}",
        ],
    )
    def test_a_state_of_another_learner_is_refused(self, page, changed):
        words = refusal(page, f"fresh({{ {changed} }}).restore(fresh().state())")
        assert words.startswith("this state comes from a learner built with other")

    def test_what_is_configured_acts_at_once(self, page):
        script = """() => {
            const learner = fresh();
            const sizes = [0, 1].map((threshold) => {
                learner.configure({ threshold });
                return learner.pseudo().size;
            });
            learner.configure({ masks: 7, threshold: 0 });
            const { votes } = learner.scan();
            const weights = [0, 1].map((alpha) => {
                const other = fresh();
                other.restore(learner.state());
                other.configure({ alpha });
                other.tell(other.pool.find((clip) => !other.labels.has(clip)), 0);
                return [...other.classifier.w];
            });
            return [sizes, [...votes], weights];
        }"""
        sizes, votes, (without, with_pseudo) = page.evaluate(script)
        assert sizes == [UNLABELED, 0]
        assert np.reshape(votes, (-1, CLASSES)).sum(axis=1).tolist() == [7] * UNLABELED
        assert without != with_pseudo
        for changes, words in {
            "threshold: 1.1": "threshold must lie in [0, 1], not 1.1",
            "masks: 0": "masks must be a whole number from 1 on, not 0",
            "steps: 5": "steps is settled once a learner is built",
        }.items():
            assert refusal(page, f"fresh().configure({{ {changes} }})") == words

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ("initial: []", "DAL starts from labeled clips"),
            ("initial: [[0, 0], [0, 1]]", "clip 0 has a label already: class 0"),
            ("pool: [1, 2, 2]", "the pool names clip 2 twice"),
            ("pool: [1, 60]", "the pool names clip 60"),
            ("acquisition: 'bald'", "there is no acquisition function bald"),
            ("config: { mask: 5 }", "there is no parameter mask"),
            ("x: clips.x.map((v, i) => (i === 50 ? NaN : v))", "the embedding of clip 2 is not finite"),
        ],
    )
    def test_what_a_learner_cannot_be_built_with(self, page, changed, words):
        assert refusal(page, f"fresh({{ {changed} }})").startswith(words)


def test_its_own_random_numbers(page):
    """Fair bits, even integers, and a stream of its own for every purpose, step and seed."""
    script = """() => {
        const words = (...of) => [...randomSource(...of).words(4000)];
        const streams = [[0, "train", 0], [1, "train", 0], [0, "train", 1], [0, "scan", 0]].map((of) => words(...of));
        const [integers, uniform] = [randomSource(0, "minibatch", 5), randomSource(0, "weights", 0)];
        return [streams, words(0, "train", 0), [...integers.integers(7, 7000)], [...uniform.uniform(7000)]];
    }"""
    streams, again, integers, uniform = page.evaluate(script)
    assert again == streams[0]
    bits = np.unpackbits(np.array(streams, "<u4").view(np.uint8), axis=1)  # 4 x 128 000
    share = 4 * 0.5 / np.sqrt(bits.shape[1])  # four standard errors of a fair coin
    assert np.abs(bits.mean(axis=1) - 0.5).max() < share
    by_place = np.abs(bits.reshape(4, -1, 32).mean(axis=1) - 0.5)
    assert by_place.max() < 5 * 0.5 / np.sqrt(4000)
    for one in range(4):
        for other in range(one):
            assert abs((bits[one] == bits[other]).mean() - 0.5) < share
    counts = np.bincount(integers, minlength=7)
    assert len(counts) == 7
    assert ((counts - 1000) ** 2 / 1000).sum() < 22.5  # chi-squared, 6 degrees of freedom: 0.999
    assert -1 <= min(uniform) < -0.99 < 0.99 < max(uniform) < 1
    assert abs(np.mean(uniform)) < 4 / np.sqrt(3 * 7000)
