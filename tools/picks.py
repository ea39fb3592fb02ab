"""What the learners of finished runs asked for: one row a run, for the book's results.

python tools/picks.py acquisition --out runs --corpus urbansound8k --root DIR --csv acquisition_picks.csv
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dalbook.cli.common import check_target, write_text
from dalbook.cli.corpus import corpus_from
from dalbook.experiments.batch import Listing
from dalbook.experiments.picks import picks


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figure")
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR", help="folder of the runs")
    parser.add_argument("--corpus", default="toy-city", help="toy-city (default), urbansound8k or esc50")
    parser.add_argument("--root", help="folder of a corpus of files, with its metadata and audio")
    parser.add_argument("--csv", type=Path, required=True, metavar="FILE", help="where to write the table")
    options = parser.parse_args(arguments)
    try:
        check_target(options.csv)
        corpus = corpus_from(argparse.Namespace(corpus=options.corpus, root=options.root, csv=None, columns=None))
        tables = [picks(one, corpus) for one in Listing.find(options.out, options.figure) if one.corpus == corpus.name]
        if not tables:
            raise ValueError(f"no runs of {options.figure} on {corpus.name} in {options.out}")
        write_text(options.csv, pd.concat(tables).to_csv(index=False, lineterminator="\n"))
    except (ValueError, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
