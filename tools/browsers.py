"""Find the browsers that the tests look at the book with, and get what is missing before any test runs.

A browser is the one that ``CHROMIUM`` or ``FIREFOX`` names, or one on the PATH, or one of this project's own in
``.venv/browsers``. Run as a command, this gets what is missing: from Playwright's host into that folder, or, where the
host cannot be reached, from the distribution for root on Debian or Ubuntu. Else one line says what to do.

    python tools/browsers.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
NAMES = {
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "firefox": ("firefox-esr", "firefox"),
}
PACKAGES = {"chromium": "chromium", "firefox": "firefox-esr"}  # of Debian
# Where Playwright puts its own, on Linux, macOS and Windows.
OWN = {
    "chromium": ("*/chrome-linux*/chrome", "*/chrome-mac*/*.app/Contents/MacOS/*", "*/chrome-win*/chrome.exe"),
    "firefox": ("*/firefox/firefox", "*/firefox/*.app/Contents/MacOS/firefox", "*/firefox/firefox.exe"),
}
# Ask no host for anything; play no sound before the person has touched the page, as most people's browsers do.
FLAGS = ("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync")
FLAGS += ("--disable-component-update", "--autoplay-policy=document-user-activation-required")
DOWNLOAD = 600  # seconds that Playwright may take; a host that is not there is given up after 5, a few times over
STARTS = 60  # seconds that a browser may take to say its version


def own_folder() -> Path:
    """Where this project keeps browsers that it downloaded; PLAYWRIGHT_BROWSERS_PATH names another place."""
    return Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or ROOT / ".venv" / "browsers")


@cache
def starts(path: str) -> bool:
    """Whether it is a browser that runs here: not a stub that wants another package manager, no library missing."""
    if sys.platform == "win32":  # there a browser says no version, it opens a window
        return True
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=STARTS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def find(browser: str) -> str | None:
    """The path of ``"chromium"`` or ``"firefox"`` on this machine; None where there is none.

    Raises
    ------
    FileNotFoundError
        CHROMIUM or FIREFOX names something that is no browser.
    """
    named = os.environ.get(browser.upper())
    if named:
        path = shutil.which(named)
        if path is None or not starts(path):
            raise FileNotFoundError(f"{browser.upper()} names {named}, which is no browser that starts")
        return path
    on_path = filter(None, map(shutil.which, NAMES[browser]))
    own = (str(path) for pattern in OWN[browser] for path in sorted(own_folder().glob(pattern)))
    return next((path for path in (*on_path, *own) if starts(path)), None)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """Chromium without a window, driven by Playwright.

    Raises
    ------
    FileNotFoundError
        There is none; says what to do.
    """
    from playwright.sync_api import sync_playwright

    path = find("chromium")
    if path is None:
        raise FileNotFoundError("no Chromium: `make browsers` gets one, CHROMIUM= names one")
    with sync_playwright() as playwright:
        line = [*FLAGS, *flags, *["--no-sandbox"] * is_root()]
        browser = playwright.chromium.launch(executable_path=path, args=line)
        yield browser
        browser.close()


def missing() -> list[str]:
    return [browser for browser in NAMES if find(browser) is None]


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def download(browsers: list[str]) -> None:
    """Let Playwright put them into the project's own folder; what fails is seen by `find`."""
    print(f"Downloading {' and '.join(browsers)} into {own_folder()}", flush=True)
    environment = {"PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT": "5000", **os.environ}
    environment["PLAYWRIGHT_BROWSERS_PATH"] = str(own_folder())
    line = [sys.executable, "-m", "playwright", "install", *browsers]
    try:
        quiet(line, environment, DOWNLOAD)
    except subprocess.TimeoutExpired:
        print(f"Given up after {DOWNLOAD} seconds", flush=True)


def install(browsers: list[str]) -> None:
    """As root on Debian or Ubuntu: the distribution's browsers, or what the downloaded ones lack to start."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    downloaded = [one for one in browsers if any(True for pattern in OWN[one] for _ in own_folder().glob(pattern))]
    packages = [PACKAGES[one] for one in browsers if one not in downloaded]
    if downloaded:
        quiet([sys.executable, "-m", "playwright", "install-deps", *downloaded], environment)
    if packages:
        print(f"Installing {' and '.join(packages)} with apt-get", flush=True)
        quiet(["apt-get", "update", "-qq"], environment)
        wait = ["-o", "DPkg::Lock::Timeout=300"]  # for another apt-get that runs
        quiet(["apt-get", *wait, "install", "-y", "-qq", "--no-install-recommends", *packages], environment)
    starts.cache_clear()


def quiet(line: list[str], environment: dict, limit: float | None = None) -> None:
    """Run a command whose success is not believed but looked for; where it fails, one line says why."""
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=limit, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr).strip().splitlines() or ["no word of why"]
        why = next((words for words in said if "rror" in words or words.startswith("E: ")), said[-1])
        print(f"{Path(line[0]).name} failed: {why}", flush=True)


def main() -> str | None:
    """Get what is missing; return what to do where that fails, None where the tests can run."""
    try:
        wanted = missing()
        if wanted:
            download(wanted)
            wanted = missing()
        if wanted and is_root() and shutil.which("apt-get"):
            install(wanted)
            wanted = missing()
    except FileNotFoundError as error:
        return str(error)
    ways = ", ".join(f"{PACKAGES[one]} or name one with {one.upper()}=" for one in wanted)
    if "chromium" in wanted or (wanted and os.environ.get("CI")):
        return f"No {' and no '.join(wanted)} for the tests: install {ways}"
    if wanted:
        print(f"No Firefox: its one test is skipped (install {ways})")
    return None


if __name__ == "__main__":
    sys.exit(main())
