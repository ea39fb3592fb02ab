"""The list of a figure's runs: shared out to processes, looked at while it is worked on, put together as a table."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from dalbook.experiments.dataset import Inputs
from dalbook.experiments.plan import Run
from dalbook.experiments.runner import claimed, read_result
from dalbook.experiments.workers import do_each
from dalbook.files.atomic import atomic_write
from dalbook.files.cache import cache_folder
from dalbook.files.hashing import fingerprint
from dalbook.learners import registry

WAIT = 1.0  # seconds between two looks at runs that other processes are at


@dataclass(frozen=True)
class Listing:
    """The runs of a figure on one corpus and embedding, as they stand in a folder."""

    folder: Path
    figure: str
    corpus: str
    embedding: str
    runs: list[Run]

    @classmethod
    def create(cls, folder: str | os.PathLike, figure: str, inputs: Sequence[Inputs], runs: list[Run]) -> Listing:
        """Write the list and its inputs down; `inputs` starts with those that the figure is about."""
        folder = Path(folder).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        for one in inputs:
            one.save(folder)
        listing = cls(folder, figure, inputs[0].corpus, inputs[0].embedding, runs)
        kinds = {(run.start, run.unequal) for run in runs} - {("paper", False)}
        protocol = "".join(f"-{start}" * (start != "paper") + "-unequal" * uneven for start, uneven in sorted(kinds))
        content = {"figure": figure, "corpus": listing.corpus, "embedding": listing.embedding}
        text = json.dumps({**content, "runs": [run.to_json() for run in runs]}, indent=1)
        name = f"{figure}-{listing.corpus}-{listing.embedding}{protocol}.json"
        atomic_write(folder / name, lambda file: file.write(text.encode()))
        return listing

    @classmethod
    def find(cls, folder: str | os.PathLike, figure: str) -> list[Listing]:
        """The lists of a figure in a folder, one a corpus and embedding.

        Raises
        ------
        FileNotFoundError
            There is none.
        ValueError
            One cannot be read.
        """
        folder, found = Path(folder).resolve(), []
        for path in sorted(folder.glob(f"{figure}-*.json")):
            try:
                content = json.loads(path.read_bytes())
                runs = [Run.from_json(values) for values in content["runs"]]
                found.append(cls(folder, content["figure"], content["corpus"], content["embedding"], runs))
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path} is no list of runs ({error}): delete it and run again") from None
        if not found:
            raise FileNotFoundError(f"no runs of {figure} in {folder}: start them with `dalbook run {figure}`")
        return found

    def work(
        self, jobs: int = 1, scheduler: str | None = None, device: str = "auto", tell: Callable[[int], object] = print
    ) -> None:
        """Do what is missing, in any order, `jobs` at a time or on a dask cluster; other processes may do so too.

        Each run computes on one thread, as long as there are runs enough: several side by side finish more than one on
        several threads. A result does not depend on how many there were.

        Parameters
        ----------
        jobs
            How many cores to use.
        scheduler
            The address of a dask scheduler, whose workers see this folder under the same path.
        device
            Where DAL computes.
        tell
            Called with the number of runs that are done, each time that grows.

        Raises
        ------
        ChildProcessError
            A worker process was killed. Started again, the list goes on.
        OSError, ValueError
            A result cannot be written, or the inputs cannot be read.
        """
        missing = []
        for run in self.runs:
            try:
                read_result(self.folder, run)
            except FileNotFoundError:
                missing.append(run)
            except ValueError as error:
                missing.append(run)
                print(f"dalbook: {error}: this run is done again", file=sys.stderr)
        total = len(self.runs)
        tell(total - len(missing))
        while missing:
            left = dict.fromkeys(missing)
            for run, finished in do_each(str(self.folder), missing, jobs, scheduler, device):
                if finished:
                    left.pop(run, None)
                    tell(total - len(left))
            if left and len(left) == len(missing):
                time.sleep(WAIT)
            missing = list(left)

    def status(self) -> dict[str, int | float | list[str]]:
        """How many runs are done, running and missing; which files are bad; seconds of computing done and to come.

        What is to come is estimated from runs of the same learner, or of any where there is none; NaN with none done.
        """
        seconds: dict[str, list[float]] = {}
        bad, running, missing = [], 0, []
        for run in self.runs:
            try:
                seconds.setdefault(run.learner, []).append(read_result(self.folder, run)["seconds"])
                continue
            except FileNotFoundError:
                pass
            except ValueError as error:
                bad.append(str(error))
            running += claimed(self.folder, run)
            missing.append(run)
        every = [s for group in seconds.values() for s in group]
        to_come = [_mean(seconds.get(run.learner, every)) for run in missing]
        return {
            "runs": len(self.runs),
            "done": len(self.runs) - len(missing),
            "running": running,
            "missing": len(missing) - running,
            "bad": bad,
            "seconds": sum(every),
            "seconds_left": sum(to_come),
        }

    def curves(self, learners: Sequence[str]) -> list[dict]:
        """One row for each run and budget, under the names that were asked for, which may be other names of a learner.

        Returns
        -------
        list of dict
            learner, fold, trial, seed, budget, macro_recall.

        Raises
        ------
        ValueError, FileNotFoundError
            A run is missing, or its result file is bad.
        """
        rows = []
        for run in self.runs:
            curve = read_result(self.folder, run)["curve"]
            for name in learners:
                if registry.canonical(name) == run.learner:
                    one = {"learner": name, "fold": run.fold, "trial": run.trial, "seed": run.seed}
                    rows += [{**one, "budget": budget, "macro_recall": recall} for budget, recall in curve]
        return rows

    def table(self) -> pd.DataFrame:
        """One row for each run and budget; the same runs give the same table, byte for byte as CSV.

        Returns
        -------
        DataFrame
            corpus, embedding, learner, threshold (Θ) and alpha (α, both empty for MAL), fold, trial, budget (N),
            macro_recall, and of the pseudo-labels that the learner gives with these N labels: pseudo, how many, and
            pseudo_right, how many of them are right. Where runs do not begin as the paper's do also start ("paper",
            "nothing") and unequal (whether classes are of unequal size).

        Raises
        ------
        ValueError
            Runs are missing, or a result file is bad.
        """
        missing, rows = 0, []
        for run in self.runs:
            try:
                result = read_result(self.folder, run)
            except FileNotFoundError:
                missing += 1
                continue
            except ValueError as error:
                raise ValueError(f"{error}: `dalbook run {self.figure}` does this run again") from None
            rows += self._rows(run, result)
        if missing:
            raise ValueError(
                f"{missing} of {len(self.runs)} runs of {self.figure} on {self.corpus} are missing: finish them with "
                f"`dalbook run {self.figure}`"
            )
        whole = ["pseudo", "pseudo_right"]
        table = pd.DataFrame(rows).astype(dict.fromkeys(whole, "Int64"))
        as_in_the_paper = all((run.start, run.unequal) == ("paper", False) for run in self.runs)
        return table.drop(columns=["start", "unequal"]) if as_in_the_paper else table

    def _rows(self, run: Run, result: dict) -> list[dict]:
        first = len(result["initial"])
        rows = []
        for budget, recall in result["curve"]:
            pseudo = [result[k][budget - first] if result[k] else None for k in ("pseudo", "pseudo_right")]
            rows.append(
                {
                    "corpus": result["corpus"],
                    "embedding": result["embedding"],
                    "learner": run.learner,
                    "threshold": run.config.threshold if run.config else None,
                    "alpha": run.config.alpha if run.config else None,
                    "fold": run.fold,
                    "trial": run.trial,
                    "budget": budget,
                    "macro_recall": recall,
                    "pseudo": pseudo[0],
                    "pseudo_right": pseudo[1],
                    "start": run.start,
                    "unequal": run.unequal,
                }
            )
        return rows


def folder_of_curves() -> Path:
    """Where learning curves keep their runs by default, in the cache: another folder once a learner's code changes."""
    room = Path(registry.__file__).parent
    sources = [path.read_bytes() for path in sorted(room.rglob("*.py"))]
    return cache_folder() / "curves" / fingerprint(*sources)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")
