"""The command line of the paper's experiments: `dalbook run`, `status`, `table` and `figure`."""

from __future__ import annotations

import argparse
import importlib.util
import sys
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

NAMES = ("fig2", "fig3", "fig4", "acquisition")
OUT = Path("runs")


def add(commands) -> None:
    """Add the four commands to the parser's."""
    run = commands.add_parser(
        "run",
        help="do the runs of one of the paper's figures",
        description="Do the runs of a figure that are not done yet: the confidence threshold (fig2), the sampling "
        "weight (fig3), DAL against its baselines (fig4), or acquisition functions. Stopped anywhere, it goes on there "
        "when it is started again; started twice, the two share the runs.",
    )
    _common(run)
    add_corpus(run, "yamnet, cnn14")
    run.add_argument("--trials", type=int, help="repetitions with other seeds (default 10; fig4: 1)")
    run.add_argument("--folds", default="all", help="test folds, 'all' (default) or comma-separated")
    run.add_argument("--budgets", help="numbers of labels (default 30 to 130 by 10; fig4: to all)")
    add_runs(run)
    run.add_argument("--engine", choices=["joblib", "dask"], default="joblib", help="this machine, or a dask cluster")
    run.add_argument("--scheduler", metavar="ADDRESS", help="of the dask scheduler, such as tcp://10.0.0.1:8786")
    run.set_defaults(command=_run)

    status = commands.add_parser("status", help="how far the runs of a figure are")
    _common(status)
    status.set_defaults(command=_status)

    table = commands.add_parser("table", help="the results of a figure as a tidy table (CSV)")
    _common(table)
    table.add_argument("--csv", type=Path, metavar="FILE", help="write it there instead of to standard output")
    table.set_defaults(command=_table)

    figure = commands.add_parser("figure", help="the plot of a figure, with 80 %% bootstrap intervals")
    _common(figure)
    figure.add_argument("--html", type=Path, metavar="FILE", required=True, help="write an interactive page")
    figure.set_defaults(command=_figure)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("figure", choices=NAMES)
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="folder of the runs (default: ./runs)")


def _run(options: argparse.Namespace) -> int:
    if (options.engine == "dask") != (options.scheduler is not None):
        raise ValueError("--engine dask and --scheduler ADDRESS go together")
    if options.engine == "dask" and importlib.util.find_spec("distributed") is None:
        from dalbook.experiments.workers import NO_DASK

        raise ImportError(NO_DASK)
    check_jobs(options.jobs)
    check_folder(options.out, "--out")
    settings = {
        "folds": None if options.folds == "all" else integers(options.folds, "--folds"),
        "trials": options.trials,
        "seed": options.seed,
        "budgets": None if options.budgets is None else integers(options.budgets, "--budgets"),
        "start": options.start,
        "unequal": options.unequal,
    }

    from dalbook.embeddings.embed import embeddings_for
    from dalbook.embeddings.missing import with_embeddings
    from dalbook.experiments.batch import Listing
    from dalbook.experiments.dataset import Inputs
    from dalbook.experiments.plan import plan

    corpus = corpus_from(options)
    print(corpus.description)
    plan(options.figure, Inputs.without_embeddings(corpus), **settings)  # what is wrong is said before they are made
    x = embeddings_for(corpus, options.embedding, jobs=options.jobs)
    corpus, x = with_embeddings(corpus, x)
    inputs, mfcc = Inputs.of(corpus, Path(options.embedding).stem, x), None
    if options.figure == "fig4":
        try:
            there, x = with_embeddings(corpus, embeddings_for(corpus, "mfcc", jobs=options.jobs))
            mfcc = Inputs.of(there, "mfcc", x)
        except (ValueError, OSError) as error:
            print(f"MAL on MFCC is left out: {error}", file=sys.stderr)
    runs = plan(options.figure, inputs, mfcc=mfcc, **settings)
    listing = Listing.create(options.out, options.figure, [one for one in (inputs, mfcc) if one], runs)
    work(listing, options, options.figure, options.scheduler)
    print(f"all {len(runs)} runs are done; now: dalbook table {options.figure} --out {options.out}")
    return 0


def _status(options: argparse.Namespace) -> int:
    from dalbook.experiments.batch import Listing

    for listing in Listing.find(options.out, options.figure):
        now = listing.status()
        print(
            f"{options.figure} on {listing.corpus} ({listing.embedding}): {now['done']} of {now['runs']} runs done, "
            f"{now['running']} running, {now['missing']} missing; {_hours(now['seconds'])} computed"
        )
        if now["done"] < now["runs"]:
            left, running = now["seconds_left"], now["running"]
            pace = f", {_hours(left / running)} at this pace" if running > 1 else ""
            print(f"  time left: {_hours(left)} of one core{pace}")
        for error in now["bad"]:
            print(f"  {error}: it will be done again")
    return 0


def _table(options: argparse.Namespace) -> int:
    text = _results(options).to_csv(index=False, lineterminator="\n")
    if options.csv is None:
        print(text, end="")
    else:
        check_target(options.csv)
        write_text(options.csv, text)
    return 0


def _figure(options: argparse.Namespace) -> int:
    check_target(options.html)
    from dalbook.figures import experiment

    figure = experiment(_results(options))
    write_text(options.html, figure.to_html(include_plotlyjs=True, full_html=True))
    return 0


def _results(options: argparse.Namespace):
    import pandas as pd

    from dalbook.experiments.batch import Listing

    return pd.concat([one.table() for one in Listing.find(options.out, options.figure)], ignore_index=True)


def _hours(seconds: float) -> str:
    """A time as one says it.

    >>> _hours(42), _hours(4000), _hours(float("nan"))
    ('42 s', '1 h 07 min', 'unknown')
    """
    if seconds != seconds:
        return "unknown"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
