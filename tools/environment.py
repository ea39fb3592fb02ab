"""Create .venv with the Python that runs this, and install a lock file and then this package into it.

On Linux PyTorch's CPU build of the pinned version is taken first, from the index that TORCH_INDEX names (PyTorch's own
where nothing is named, none where it is empty): the build that the package index has there brings gigabytes of CUDA.

Says in one line what is missing where something is. The Makefile calls it; it needs nothing but the standard library.
"""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

VENV = Path(".venv")
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
# What pip and urllib3 print when the package index cannot be reached.
NO_NETWORK = ("connection broken by", "NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "ProxyError")

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"

UV = "uv==0.13.9"  # installs a lock in a tenth of pip's time
# What pip's settings may say of where packages come from, by uv's name for it.
SOURCES = {"index-url": "--index-url", "extra-index-url": "--extra-index-url", "find-links": "--find-links"}


def works(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0


def create():
    """Make .venv, unless a working one is there already (an interrupted one has Python but no pip)."""
    supported = "import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))"
    if PYTHON.exists() and works(PYTHON, "-c", supported) and works(PYTHON, "-m", "pip", "--version"):
        return
    if not works(sys.executable, "-c", supported):
        sys.exit(f"{sys.executable} is Python {sys.version.split()[0]}: Python 3.10 to 3.13 is needed (PYTHON=...)")
    if not works(sys.executable, "-c", "import venv, ensurepip"):
        minor = f"3.{sys.version_info[1]}"
        sys.exit(f"{sys.executable} has no venv module: install it (Debian, Ubuntu: apt install python{minor}-venv)")
    print(f"Creating .venv with Python {sys.version.split()[0]}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)


def pip(*arguments):
    """Run pip, show what it prints, and end with one clear line if it fails."""
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    unreachable = False
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            retry = any(sign in line for sign in NO_NETWORK)
            unreachable = unreachable or retry
            if not retry and not line.startswith(("Requirement already satisfied", "Ignoring ", "Looking in ")):
                print(line, end="", flush=True)
    if process.returncode:
        why = "no network: the package index cannot be reached" if unreachable else "pip failed, see above"
        sys.exit(f"Could not install {arguments[-1]}: {why}")


def sources():
    """Where pip's own settings look for packages, as uv's options: uv reads none of them."""
    done = subprocess.run([PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    settings = [line.partition("=") for line in done.stdout.splitlines()]
    settings.sort(key=lambda setting: setting[0].startswith(":env:"))  # the environment has the last word
    found = {name.rpartition(".")[2]: ast.literal_eval(value) for name, _, value in settings}
    options = ["--index-strategy", "unsafe-best-match"]  # the pinned version from any of them, as pip does
    options += ["--no-index"] * (found.get("no-index", "").lower() in ("1", "true", "yes", "on"))
    return options + [
        word for name in SOURCES for place in found.get(name, "").split() for word in (SOURCES[name], place)
    ]


def uv(*arguments):
    """Install with uv, got with pip where it is not there yet; whether that worked."""
    if not works(PYTHON, "-m", "uv", "--version"):
        works(PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", UV)
    return works(PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON, *sources(), *arguments)


def install(*arguments):
    """Install with uv, or with pip where that fails, which says what is wrong."""
    print(f"Installing {arguments[-1]}", flush=True)
    if not uv(*arguments):
        pip("--no-compile", *arguments)  # what is used is compiled when it is first used: a tenth of it


def torch(lock):
    """Install the CPU build of the lock's torch, where an index has one; say which build is taken."""
    pinned = re.search(r"^torch==\S+", Path(lock).read_text(), re.MULTILINE)
    index = os.environ.get("TORCH_INDEX", CPU_BUILDS)
    # Whoever has another build of that version beforehand keeps it.
    if not pinned or sys.platform != "linux" or not index or installed("torch") == pinned[0]:
        return
    line = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-deps",
        "--no-compile",
        "--index-url",
        index,
    ]
    line += ["--timeout", "5", "--retries", "1"]  # an index that cannot be reached is given up in seconds
    print(f"Looking for {pinned[0]} at {index}", flush=True)
    if works(*line, pinned[0]):
        print(f"Taken from there: {installed('torch', local=True)}", flush=True)
    else:
        print(f"Not found there: {pinned[0]} comes from the package index, maybe with 3 GB of CUDA", flush=True)


def installed(package, local=False):
    """The package as a requirement with its version, which is without its build's name if not asked for."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return f"{package}=={done.stdout.strip() if local else done.stdout.strip().split('+')[0]}"


def main(lock):
    create()
    torch(lock)
    install("-r", lock)
    # The lock has setuptools, so that the package itself needs no network and no build environment of its own.
    pip("--quiet", "--no-build-isolation", "--no-deps", "--editable", ".")


if __name__ == "__main__":
    main(sys.argv[1])
