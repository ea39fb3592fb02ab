"""The command line: ``dalbook COMMAND``, one module a group of commands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from dalbook import __version__
from dalbook.cli import benchmarks, curve, detect, figures, prepare


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 where it worked, 2 with one line on standard error where its input is wrong."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the output has no letters for must not end the command
            stream.reconfigure(errors="backslashreplace")
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
    parser.add_argument("--version", action="version", version=f"dalbook {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (detect, curve, figures, benchmarks, prepare):
        group.add(commands)
    return parser
