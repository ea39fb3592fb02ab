"""List the links of the built book that lead to other hosts, a line each; with --check, ask each whether it is there.

Tests need no network, so they do not ask; a weekly run does.
"""

from __future__ import annotations

import argparse
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bs4 import BeautifulSoup

BOOK = Path(__file__).resolve().parent.parent / "_build" / "html"
# What links to a page's own source and opens it elsewhere: there once the book is published, one for every page.
BUTTONS = ("https://mybinder.org/v2/", "https://colab.research.google.com/github/")
PATIENCE = 30  # seconds
HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; dalbook link check)"}
# These say that a page is there and that a program is not welcome.
KEPT_OUT = (401, 403, 405, 418, 429, 999)


def external(book: Path = BOOK) -> dict[str, list[str]]:
    """Address -> the pages that link to it."""
    found: dict[str, list[str]] = {}
    for page in sorted(book.rglob("*.html")):
        if "_static" in page.relative_to(book).parts:
            continue
        article = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find("main")
        for link in article.find_all("a", href=True) if article else ():
            address = link["href"].split("#")[0]
            name = page.relative_to(book).as_posix()
            leads_away = address.startswith(("http://", "https://")) and not address.startswith(BUTTONS)
            if leads_away and name not in found.setdefault(address, []):
                found[address].append(name)
    return dict(sorted(found.items()))


def problem(address: str) -> str:
    """What is wrong with an address, or nothing; asked twice before it counts."""
    for attempt in range(2):
        try:
            with urllib.request.urlopen(urllib.request.Request(address, headers=HEADERS), timeout=PATIENCE):
                return ""
        except urllib.error.HTTPError as error:
            if error.code in KEPT_OUT:
                return ""
            said = f"HTTP {error.code}"
        except OSError as error:
            said = str(getattr(error, "reason", error))
        time.sleep(5 * (1 - attempt))
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="ask every address")
    options = parser.parse_args()
    links = external()
    if not options.check:
        print("\n".join(links))
        return 0
    with ThreadPoolExecutor(8) as pool:
        said = dict(zip(links, pool.map(problem, links), strict=True))
    broken = {address: words for address, words in said.items() if words}
    for address, words in broken.items():
        print(f"{address}: {words}; linked from {', '.join(links[address])}")
    print(f"{len(links)} links, {len(broken)} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
