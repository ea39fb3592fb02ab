"""Record the labeling session that the book plays back: a dozen clips of toy-city.

python tools/record_labeler.py data/labeler_replay
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable
from pathlib import Path

from dalbook import Labeler, load_toy_city
from dalbook.corpora.corpus import Corpus
from dalbook.webpage.replay import record


def toy_city_requests(labeler: Labeler, corpus: Corpus) -> Iterable[tuple[float, dict]]:
    """A dozen decisions as a person makes them, with a slip of the finger, a doubt and a change of mind."""

    def true() -> int:
        return int(corpus.labels[labeler.clip["clip"]])

    for seconds in (4.1, 3.2, 2.9, 3.5):
        yield seconds, {"do": "label", "label": true()}
    yield 3.0, {"do": "label", "label": (true() + 1) % len(corpus.classes)}
    yield 1.6, {"do": "undo"}
    yield 2.0, {"do": "label", "label": true()}
    yield 4.4, {"do": "unsure"}
    for seconds in (2.8, 3.1, 2.7, 3.6, 3.0, 3.3, 2.6):
        yield seconds, {"do": "label", "label": true()}
    doubted = next(item for item in labeler.history if item["status"] == "unsure")["clip"]
    yield 4.0, {"do": "label", "clip": doubted, "label": int(corpus.labels[doubted])}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", metavar="FOLDER", help="where session.json and the sounds go")
    options = parser.parse_args()
    corpus = load_toy_city()
    with tempfile.TemporaryDirectory() as away:
        labeler = Labeler(corpus, Path(away) / "labels.csv", budget=30, annotator="")
        try:
            record(labeler, corpus, toy_city_requests(labeler, corpus), options.folder)
        finally:
            labeler.close()


if __name__ == "__main__":
    main()
