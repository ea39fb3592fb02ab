"""The command line: `dalbook curve`, `bench`, `rehearse` and `prepare`; `cli_experiments` has `run` and its kin."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dalbook import cli_experiments
from dalbook.cli_common import check_target, corpus_from, integers, write_text


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 where it worked, 2 with one line on standard error where its input is wrong."""
    options = build_parser().parse_args(arguments)
    try:
        return options.command(options)
    except MemoryError:
        print("dalbook: not enough memory: use fewer --jobs", file=sys.stderr)
        return 2
    except (ValueError, OSError, ImportError) as error:
        print(f"dalbook: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("dalbook: stopped", file=sys.stderr)
        return 130


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses has the function to call as ``command``."""
    parser = argparse.ArgumentParser(prog="dalbook", description="Active learning for sounds.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    curve = commands.add_parser(
        "curve",
        help="learning curves of learners against the ground truth",
        description="Reveal the true label of each clip that a learner asks for, and plot its macro-averaged recall on "
        "the test fold over the number of labels. Without arguments: a demonstration on toy-city in two minutes.",
    )
    curve.add_argument("--corpus", default="toy-city", help="toy-city (default), urbansound8k or esc50")
    curve.add_argument("--root", help="folder of urbansound8k, with metadata/ and audio/")
    curve.add_argument("--embedding", default="logmel", help="logmel (default), mfcc, yamnet, cnn14, or an .npz file")
    curve.add_argument("--learners", default="dal,mal", help="comma-separated (default %(default)s)")
    curve.add_argument(
        "--start",
        default="paper",
        help="paper (default): three given labels a class; nothing: no label, no class known until it is met",
    )
    curve.add_argument("--budgets", default="30,40,60", help="numbers of labels (default %(default)s)")
    curve.add_argument("--folds", help="test folds, 'all' or comma-separated (default: all; toy-city: 1,2)")
    curve.add_argument("--trials", type=int, default=1, help="repetitions with other seeds (default 1)")
    curve.add_argument("--seed", type=int, default=0)
    curve.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    curve.add_argument("--json", type=Path, metavar="FILE", help="write settings and every single result")
    curve.add_argument("--html", type=Path, metavar="FILE", help="write the learning curve as an interactive plot")
    curve.set_defaults(command=_curve)

    bench = commands.add_parser(
        "bench",
        help="time one DAL iteration and k-medoids at the paper's scale against the plain way",
        description="Times on random embeddings of the paper's size; takes about three minutes.",
    )
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    bench.set_defaults(command=_bench)

    rehearse = commands.add_parser(
        "rehearse",
        help="what would the paper's figures take on this machine at full size?",
        description="Times single iterations on random embeddings in UrbanSound8K's real folds, with all cores busy, "
        "and adds them up. Needs the metadata, no sounds; takes about five minutes.",
    )
    rehearse.add_argument("--metadata", type=Path, required=True, metavar="FILE", help="UrbanSound8K.csv")
    rehearse.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="runs side by side (default: one a core)"
    )
    rehearse.add_argument("--json", type=Path, metavar="FILE", help="write the figures")
    rehearse.set_defaults(command=_rehearse)

    prepare = commands.add_parser(
        "prepare",
        help="fetch, check and embed UrbanSound8K, or embed your own recordings",
        description="Say what there is to do, fetch what is missing (only with --download), unpack it, embed every "
        "clip, and tell what is there. Stopped anywhere, it goes on there when it is run again.",
    )
    prepare.add_argument("corpus", choices=["urbansound8k", "folder"], help="the published corpus, or your recordings")
    prepare.add_argument("--root", help="folder with the sounds (urbansound8k: by default a folder in the cache)")
    prepare.add_argument("--embedding", default="cnn14", help="cnn14 (default), yamnet, mfcc or logmel")
    prepare.add_argument("--download", action="store_true", help="fetch what is missing")
    prepare.add_argument("--model", metavar="FILE", help="the weights of cnn14 or yamnet, if you have them")
    prepare.add_argument("--device", default="auto", help="where a network computes: auto (default), cpu or cuda")
    prepare.add_argument("--limit", type=int, metavar="N", help="embed only N clips, to try it out")
    prepare.add_argument("--segment", type=float, metavar="S", help="folder: cut long files into segments of S seconds")
    prepare.add_argument(
        "--skip-silence",
        type=float,
        nargs="?",
        const=-60.0,
        metavar="DB",
        help="folder: leave out segments below this level in dB of full scale (-60 if none is given)",
    )
    prepare.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    prepare.set_defaults(command=_prepare)
    cli_experiments.add(commands)
    return parser


def _prepare(options: argparse.Namespace) -> int:
    from dalbook.embeddings.prepare import prepare_folder, prepare_urbansound8k

    if options.jobs < 1:
        raise ValueError(f"--jobs must be at least 1, not {options.jobs}")
    common = {
        "root": options.root,
        "embedding": options.embedding,
        "fetch": options.download,
        "device": options.device,
        "limit": options.limit,
        "model": options.model,
        "jobs": options.jobs,
    }
    if options.corpus == "folder":
        if options.root is None:
            raise ValueError("prepare folder needs --root, the folder with your recordings")
        prepare_folder(**common, segment=options.segment, skip_silence=options.skip_silence)
    elif options.segment is not None or options.skip_silence is not None:
        raise ValueError("--segment and --skip-silence are for your own recordings: dalbook prepare folder")
    else:
        prepare_urbansound8k(**common)
    return 0


def _curve(options: argparse.Namespace) -> int:
    for path in (options.json, options.html):
        check_target(path)
    if options.json and options.html and options.json.resolve() == options.html.resolve():
        raise ValueError(f"--json and --html name the same file, {options.json}")
    budgets = integers(options.budgets, "--budgets")
    if options.jobs < 1:
        raise ValueError(f"--jobs must be at least 1, not {options.jobs}")

    from tqdm.auto import tqdm

    from dalbook.embeddings.embed import embeddings_for
    from dalbook.experiments.curve import plan, run_all, settings
    from dalbook.learners.metrics import summary

    learners = [name.strip() for name in options.learners.split(",")]
    corpus = corpus_from(options)
    print(corpus.description)
    default_folds = "1,2" if corpus.name == "toy-city" else "all"
    chosen = default_folds if options.folds is None else options.folds
    folds = None if chosen == "all" else integers(chosen, "--folds")
    runs = plan(corpus, learners, folds, options.trials, options.seed, budgets, options.start)
    x = embeddings_for(corpus, options.embedding, jobs=options.jobs)

    rows = []
    with tqdm(total=len(runs), unit="run", desc=f"{len(runs)} learning curves") as bar:
        for result in run_all(runs, x, corpus, budgets, options.jobs, start=options.start):
            rows += result
            bar.update()

    table = summary(rows)
    embedding = Path(options.embedding).name
    used = sorted({one.fold for one in runs})
    where = f"{corpus.name}, {embedding}, folds {', '.join(map(str, used))}, trials {options.trials}"
    where += "" if options.start == "paper" else f", from {options.start}"
    print(f"\nMacro-averaged recall in per cent ({where}), with 80 % bootstrap intervals\n")
    print(_layout(table))
    if options.json:
        told = settings(
            corpus,
            embedding,
            x,
            learners=learners,
            budgets=budgets,
            folds=used,
            trials=options.trials,
            start=options.start,
            seed=options.seed,
        )
        write_text(options.json, json.dumps({"settings": told, "rows": rows}, indent=1))
    if options.html:
        from dalbook.figures import learning_curve

        figure = learning_curve(table)
        figure.update_layout(title=where)
        write_text(options.html, figure.to_html(include_plotlyjs=True, full_html=True))
    return 0


def _bench(options: argparse.Namespace) -> int:
    check_target(options.json)
    from dalbook.experiments.benchmarks.bench import bench

    figures = bench(print)
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1))
    return 0


def _rehearse(options: argparse.Namespace) -> int:
    check_target(options.json)
    if options.jobs < 1:
        raise ValueError(f"--jobs must be at least 1, not {options.jobs}")
    from dalbook.experiments.benchmarks.rehearsal import rehearse

    figures = rehearse(options.metadata, options.jobs, print)
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1))
    return 0


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


if __name__ == "__main__":
    sys.exit(main())
