"""How long from a key to the next clip's sound? The labeler in JupyterLab and Chromium, while a model learns behind it.

    python tools/labeler_latency.py [--clips 8000] [--dimensions 2048] [--front-end lab]

Fifty decisions by key at a person's pace while typical clips are shown, and fifty while the model learns from each.
Measured in the page, from the event `keydown` to the event `playing` of the next clip; prints the median and the worst.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from front_end import FRONT_ENDS, Notebook, chromium, served, write_notebook

CODE = """
import numpy as np
from dalbook import Labeler, load_toy_city
from dalbook.experiments.benchmarks.common import embeddings_like
from dalbook.corpora.corpus import Corpus

toy, n = load_toy_city(), {clips}
which = np.arange(n) % len(toy)
ids = [f"{{i}} {{toy.ids[clip]}}" for i, clip in enumerate(which)]
sound = lambda i: toy.audio(int(which[i]))
corpus = Corpus("many", toy.classes, ids, toy.labels[which], toy.folds[which], sound, "", "")
x = embeddings_like(np.arange(n // 9 + 1) % 10, np.arange(n) // 9, {dimensions})
labeler = Labeler(corpus, "labels.csv", embedding=x, learner="dal")
labeler
"""
# From each key to the sound that follows, in milliseconds.
WATCH = """() => {
    window.waited = [];
    let pressed = null;
    document.addEventListener("keydown", (event) => { pressed = performance.now(); }, true);
    document.querySelector(".dalbook-labeler audio").addEventListener("playing", () => {
        if (pressed !== null) waited.push(performance.now() - pressed);
        pressed = null;
    });
}"""
LEARNED = '.dalbook-labeler[data-state=ready]:has(.dlb-words:text("least sure"))'


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=8000)
    parser.add_argument("--dimensions", type=int, default=2048)
    parser.add_argument("--front-end", choices=FRONT_ENDS, default="lab")
    parser.add_argument("--decisions", type=int, default=50)
    options = parser.parse_args()
    print(
        f"{options.clips} clips x {options.dimensions}, {options.front_end}, load {os.getloadavg()[0]:.1f}", flush=True
    )
    with tempfile.TemporaryDirectory() as folder, served(options.front_end, Path(folder)) as address:
        code = CODE.format(clips=options.clips, dimensions=options.dimensions)
        write_notebook(Path(folder, "latency.ipynb"), code)
        with chromium() as page:
            measure(Notebook(page, address + "latency.ipynb"), options.decisions)


def measure(notebook: Notebook, decisions: int) -> None:
    began = time.monotonic()
    notebook.run_all()
    notebook.ready()
    print(f"{time.monotonic() - began:.1f} s from running the cell to the first clip", flush=True)
    notebook.labeler.focus()
    notebook.page.evaluate(WATCH)
    rng = np.random.default_rng(0)
    # the tenth class stays without labels, so that learning does not start by itself
    report("typical clips", [decide(notebook, rng, 1) for _ in range(decisions)])
    notebook.labeler.get_by_role("button", name="Start learning now").click()
    report("while the model begins", [decide(notebook, rng) for _ in range(8)])
    notebook.page.locator(LEARNED).wait_for()
    report("the model asks", [decide(notebook, rng) for _ in range(decisions)])


def decide(notebook: Notebook, rng: np.random.Generator, lowest: int = 0) -> float:
    """Listen, decide; the milliseconds until the next clip sounds."""
    notebook.ready()
    notebook.page.wait_for_timeout(rng.uniform(2000, 3000))
    done = notebook.page.evaluate("waited.length")
    notebook.page.keyboard.press(str(rng.integers(lowest, 10)))
    notebook.page.wait_for_function("done => waited.length > done", arg=done)
    return notebook.page.evaluate("waited.at(-1)")


def report(what: str, waited: list[float]) -> None:
    rest = np.round(sorted(waited)[-5:]).astype(int).tolist()
    print(
        f"{what}: median {np.median(waited):.0f} ms, worst {max(waited):.0f} ms of {len(waited)} (largest {rest})",
        flush=True,
    )


if __name__ == "__main__":
    main()
