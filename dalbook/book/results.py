"""The book's committed result tables, found from anywhere."""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).resolve().parents[1]  # the package
ROOT = HERE.parent
TABLES = (ROOT / "data" / "results", HERE / "results")  # in a checkout, and in an installed package


def results(name: str) -> Path:
    """Find a committed result table, whatever the working directory, in a checkout and in an installed package.

    Parameters
    ----------
    name : str
        The file's name in ``data/results``.

    Returns
    -------
    Path
        The table, for `pandas.read_csv` and the functions of `dalbook.experiments.analysis`.

    Raises
    ------
    FileNotFoundError
        If there is no such table.

    Examples
    --------
    >>> results("no_such_curve.csv")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    FileNotFoundError: No result table 'no_such_curve.csv': there are ...
    """
    tables = {path.name: path for folder in TABLES for path in sorted(folder.glob("*.*"))}
    if name not in tables:
        raise FileNotFoundError(f"No result table {name!r}: there are {', '.join(tables) or 'none'}")
    return tables[name]
