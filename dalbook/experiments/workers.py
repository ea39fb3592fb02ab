"""Runs shared out: here on one thread each, to processes of this machine, or to a dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

from dalbook.experiments.plan import Run
from dalbook.experiments.runner import execute
from dalbook.files.parent import end_with

NO_DASK = "--engine dask needs dask: pip install 'dalbook[dask]'"
REACH = 30.0  # seconds to try to reach a dask scheduler


def do_each(
    folder: str, runs: Sequence[Run], jobs: int, scheduler: str | None, device: str
) -> Iterator[tuple[Run, bool]]:
    """Do runs, in any order; gives each with whether it is done now, as they finish.

    Parameters
    ----------
    folder
        Where inputs are and results go.
    runs
        At least one.
    jobs
        How many cores to use: so many runs at a time, or fewer on several threads each where there are fewer.
    scheduler
        The address of a dask scheduler to use instead.
    device
        Where DAL computes.

    Raises
    ------
    ChildProcessError
        A worker process was killed.
    """
    arguments = [(folder, run, device) for run in runs]
    threads = 1 if scheduler is not None else max(1, jobs // len(runs))
    if scheduler is not None:
        yield from _on_cluster(arguments, scheduler)
    elif jobs == 1 or len(runs) == 1:
        yield from (_here(one, threads) for one in arguments)
    else:
        from joblib import Parallel, delayed

        try:
            jobs = min(jobs, len(runs))
            workers = Parallel(n_jobs=jobs, batch_size=1, pre_dispatch=jobs, return_as="generator_unordered")
            yield from workers(delayed(_alone)(one, threads, os.getpid()) for one in arguments)
        except BrokenProcessPool:
            raise ChildProcessError(
                "a process was killed, probably for want of memory: use fewer --jobs; what is done is kept"
            ) from None


def _here(arguments: tuple[str, Run, str], threads: int) -> tuple[Run, bool]:
    """One run in a process that has other things to do afterwards."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(threads):  # NumPy's matrix products
        torch.set_num_threads(threads)
        try:
            return arguments[1], execute(*arguments)
        finally:
            torch.set_num_threads(before)


def _alone(arguments: tuple[str, Run, str], threads: int = 1, parent: int = 0) -> tuple[Run, bool]:
    """One run in a process that is there for nothing else; other threads of it may be at other runs."""
    end_with(parent)
    import torch
    from threadpoolctl import threadpool_limits

    threadpool_limits(threads)
    torch.set_num_threads(threads)
    return arguments[1], execute(*arguments)


def _on_cluster(arguments: list[tuple[str, Run, str]], scheduler: str) -> Iterator[tuple[Run, bool]]:
    """On a dask cluster; a run whose worker dies goes to another worker."""
    try:
        from distributed import CancelledError, Client, KilledWorker, as_completed
    except ImportError:
        raise ImportError(NO_DASK) from None

    with Client(scheduler, timeout=REACH) as client:
        futures = client.map(_alone, arguments, pure=False)
        try:
            for future in as_completed(futures):
                yield future.result()
        except KilledWorker:
            raise ChildProcessError(
                "the cluster's workers were killed again and again, probably for want of memory: give them more; what "
                "is done is kept"
            ) from None
        except CancelledError:
            raise ChildProcessError(f"the cluster at {scheduler} has gone away; what is done is kept") from None
        finally:
            client.cancel(futures)
