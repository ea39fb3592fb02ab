"""`dalbook curve`: learning curves of any learners against the ground truth."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from dalbook.cli.common import (
    add_runs,
    check_folder,
    check_jobs,
    check_target,
    integers,
    work,
    write_text,
)
from dalbook.cli.corpus import add_corpus, corpus_from


def add(commands) -> None:
    """Add the command to the parser's."""
    curve = commands.add_parser(
        "curve",
        help="learning curves of learners against the ground truth",
        description="Reveal the true label of each clip that a learner asks for, and plot its macro-averaged recall on "
        "the test fold over the number of labels. Without arguments: a demonstration on toy-city in two minutes. "
        "Stopped anywhere, it goes on there when it is started again.",
    )
    add_corpus(curve, "mfcc, yamnet, cnn14")
    curve.add_argument("--learners", default="dal,mal", help="comma-separated (default %(default)s)")
    curve.add_argument("--budgets", default="30,40,60", help="numbers of labels (default %(default)s)")
    curve.add_argument("--folds", help="test folds, 'all' or comma-separated (default: all; toy-city: 1,2)")
    curve.add_argument("--trials", type=int, default=1, help="repetitions with other seeds (default 1)")
    add_runs(curve)
    curve.add_argument("--out", type=Path, metavar="DIR", help="folder of the runs (default: one in the cache)")
    curve.add_argument("--json", type=Path, metavar="FILE", help="write settings and every single result")
    curve.add_argument("--html", type=Path, metavar="FILE", help="write the learning curve as an interactive plot")
    curve.set_defaults(command=_curve)


def _curve(options: argparse.Namespace) -> int:
    for path in (options.json, options.html):
        check_target(path)
    if options.json and options.html and options.json.resolve() == options.html.resolve():
        raise ValueError(f"--json and --html name the same file, {options.json}")
    budgets = integers(options.budgets, "--budgets")
    check_jobs(options.jobs)

    from dalbook.embeddings.embed import embeddings_for
    from dalbook.embeddings.missing import with_embeddings
    from dalbook.experiments import plan
    from dalbook.experiments.batch import Listing, folder_of_curves
    from dalbook.experiments.dataset import Inputs
    from dalbook.experiments.runner import versions
    from dalbook.learners.metrics import summary

    out = folder_of_curves() if options.out is None else options.out
    check_folder(out, "--out")
    learners = list(dict.fromkeys(name.strip() for name in options.learners.split(",")))
    corpus = corpus_from(options)
    print(corpus.description)
    default_folds = "1,2" if corpus.name == "toy-city" else "all"
    chosen = default_folds if options.folds is None else options.folds
    settings = {
        "folds": None if chosen == "all" else integers(chosen, "--folds"),
        "trials": options.trials,
        "seed": options.seed,
        "budgets": budgets,
        "start": options.start,
        "unequal": options.unequal,
    }
    plan.curve(learners, Inputs.without_embeddings(corpus), **settings)  # what is wrong is said before they are made
    x = embeddings_for(corpus, options.embedding, jobs=options.jobs)
    corpus, x = with_embeddings(corpus, x)
    inputs = Inputs.of(corpus, Path(options.embedding).stem, x)
    runs = plan.curve(learners, inputs, **settings)
    listing = Listing.create(out, "curve", [inputs], runs)
    work(listing, options, f"{len(runs)} learning curves")

    rows = listing.curves(learners)
    table = summary(rows)
    embedding = Path(options.embedding).name
    used = sorted({run.fold for run in runs})
    where = f"{corpus.name}, {embedding}, folds {', '.join(map(str, used))}, trials {options.trials}"
    where += ", from nothing" * (options.start == "nothing") + ", unequal classes" * options.unequal
    print(f"\nMacro-averaged recall in per cent ({where}), with 80 % bootstrap intervals\n")
    print(_layout(table))
    if options.json:
        told = {**_told(corpus, embedding, x), "learners": learners, **settings, "folds": used, "versions": versions()}
        write_text(options.json, json.dumps({"settings": told, "rows": rows}, indent=1))
    if options.html:
        from dalbook.figures import learning_curve

        figure = learning_curve(table)
        figure.update_layout(title=where)
        write_text(options.html, figure.to_html(include_plotlyjs=True, full_html=True))
    return 0


def _told(corpus, embedding: str, x) -> dict:
    """What was learned from, for the file of results."""
    from dalbook.files.hashing import fingerprint
    from dalbook.learners.config import DALConfig

    return {
        "corpus": corpus.name,
        "clips": len(corpus),
        "corpus_fingerprint": corpus.fingerprint,
        "embedding": embedding,
        "embedding_fingerprint": fingerprint(x),
        "dimensions": int(x.shape[1]),
        "dal": asdict(DALConfig()),
    }


def _layout(table) -> str:
    """The summary as text: a learner a row, a budget a column."""
    interval = table["low"].isna()
    cells = table.assign(
        cell=[
            f"{100 * r.mean_:.1f}" + ("" if alone else f" ({100 * r.low:.1f}-{100 * r.high:.1f})")
            for r, alone in zip(table.rename(columns={"mean": "mean_"}).itertuples(), interval, strict=True)
        ]
    )
    wide = cells.pivot_table(index="learner", columns="budget", values="cell", aggfunc="first", sort=False)
    return wide.rename_axis(columns="labels", index=None).to_string()
