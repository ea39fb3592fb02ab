"""Build the book into _build/html: run the chapters that have to be run, then let Jupyter Book make the pages.

Where nothing has changed since the last build, nothing is done. A warning fails the build, and so does a failed cell.
"""

from __future__ import annotations

import sys
from pathlib import Path
from shutil import rmtree

from executed import USED, digest, execute

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("_config.yml", "_toc.yml", "_static", "chapters", "index.md", "references.bib", "tools")


def main() -> int:
    html = ROOT / "_build" / "html"
    built, state = html / ".built", digest(ROOT, (*USED, *PAGES))
    if built.is_file() and built.read_text() == state:
        print(f"Nothing has changed: the book is in {html}")
        return 0
    print(f"{execute(ROOT)} chapters have run", flush=True)

    from jupyter_book.cli.main import main as jupyter_book

    rmtree(html, ignore_errors=True)  # no page stays of a chapter that is gone
    # All pages anew, each with every other's title beside it; what the chapters did comes from the cache.
    jupyter_book(["build", str(ROOT), "--all", "-W", "--keep-going"], standalone_mode=False)
    built.write_text(state)
    return 0


if __name__ == "__main__":
    sys.exit(main())
