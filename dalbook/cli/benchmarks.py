"""`dalbook bench` and `dalbook rehearse`: how fast it is here, and what the paper's figures would take."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from dalbook.cli.common import check_jobs, check_target, write_text


def add(commands) -> None:
    """Add the two commands to the parser's."""
    bench = commands.add_parser(
        "bench",
        help="time one DAL iteration, k-medoids and the default learner's questions at the paper's scale",
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


def _bench(options: argparse.Namespace) -> int:
    check_target(options.json)
    from dalbook.experiments.benchmarks.bench import bench

    figures = bench(print)
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1))
    return 0


def _rehearse(options: argparse.Namespace) -> int:
    check_target(options.json)
    check_jobs(options.jobs)
    from dalbook.experiments.benchmarks.rehearsal import rehearse

    figures = rehearse(options.metadata, options.jobs, print)
    if options.json:
        write_text(options.json, json.dumps(figures, indent=1))
    return 0
