"""A Sphinx extension: the directive ``undecided`` lets the landing page be heard.

A learner that knows three clips of each class of toy-city is trained when the page is built. The page plays the clip
that its hypotheses disagree about most, and the one that they are surest of, with their votes and the truth.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective


def tally(votes, classes) -> str:
    """Who votes for what, the most voted class first, of (C,) counts.

    >>> tally([2, 0, 6], ["dog_bark", "drilling", "siren"])
    '6 of 8 say siren, 2 dog bark'
    """
    order = sorted(range(len(votes)), key=lambda c: -votes[c])
    names = [f"{votes[c]} {classes[c].replace('_', ' ')}" for c in order[:4] if votes[c]]
    count, _, name = names[0].partition(" ")
    first = f"all {count} say {name}" if len(names) == 1 else f"{count} of {sum(votes)} say {name}"
    return ", ".join([first, *names[1:]])


def two_clips() -> list[tuple[str, str, tuple]]:
    """The most and the least divisive clip: what its hypotheses say, what it is, and its (samples, rate)."""
    import numpy as np

    from dalbook import DALConfig, DropoutLearner, embed, load_toy_city
    from dalbook.learners.acquisition import vote_entropy
    from dalbook.learners.simulate import initial_labels

    corpus = load_toy_city()
    pool, _ = corpus.split(1)
    initial = initial_labels(corpus.labels, pool, corpus.classes, seed=0)
    quick = DALConfig(first_steps=300, batch=64, wait=0)
    x = embed(corpus, "logmel", progress=False)
    learner = DropoutLearner(x, len(corpus.classes), initial, pool=pool, config=quick, device="cpu")
    clips, scan = learner.scan()
    entropy, confidence = vote_entropy(scan.votes_nC), scan.probs_nC.max(axis=1)
    rows = [int(entropy.argmax()), int(np.lexsort((-confidence, entropy))[0])]
    return [
        (
            tally(scan.votes_nC[row].tolist(), corpus.classes),
            corpus.classes[corpus.labels[clips[row]]].replace("_", " "),
            corpus.audio(int(clips[row])),
        )
        for row in rows
    ]


class Undecided(SphinxDirective):
    """``undecided``: two clips to listen to, with the votes on each, and the truth folded away."""

    def run(self) -> list[nodes.Node]:
        from dalbook.book.beside import BESIDE_THE_PAGE
        from dalbook.book.player import players

        clips = two_clips()
        names = {f"Clip {letter}: {votes}": sound for letter, (votes, _, sound) in zip("AB", clips, strict=True)}
        # The player's addresses are those of a page in chapters/.
        here = "../" * (len(Path(self.env.docname).parts) - 1) + "_static/audio"
        html = players(names).replace(BESIDE_THE_PAGE, here)
        truth = " ".join(f"Clip {letter} is {escape(name)}." for letter, (_, name, _) in zip("AB", clips, strict=True))
        html += f"<details><summary>What are they?</summary>{truth}</details>"
        return [nodes.raw("", f'<div style="margin: 1.5rem 0">{html}</div>', format="html")]


def setup(app) -> dict:
    app.add_directive("undecided", Undecided)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
