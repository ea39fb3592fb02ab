"""Run a notebook from its first cell to its last in a fresh kernel, as the book's build and its tests do."""

from __future__ import annotations

import os
import traceback

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

TIMEOUT = 1800  # seconds a cell, on a machine that is busy with much else
PATIENCE = 600  # seconds that a kernel may take to start, or to send what a cell has printed; nbclient's are 60 and 4


def run(notebook: nbformat.NotebookNode, folder: str | os.PathLike, timeout: int = TIMEOUT) -> str:
    """Fill in what the cells of a notebook print and show.

    Parameters
    ----------
    notebook
        Changed in place.
    folder
        Where its kernel works.
    timeout
        Seconds that a cell may take.

    Returns
    -------
    str
        What went wrong, with the cell and its traceback, or in one line where it was the kernel that ended or did not
        answer; empty where nothing did.
    """
    resources = {"metadata": {"path": os.fspath(folder)}}
    options = {"timeout": timeout, "kernel_name": "python3"}
    # of what came later than that nbclient would leave out the rest without a word
    options |= {"startup_timeout": PATIENCE, "iopub_timeout": PATIENCE, "raise_on_iopub_timeout": True}
    options["record_timing"] = False  # which would change the cells that the cache is asked for
    try:
        NotebookClient(notebook, resources=resources, **options).execute()
    except (CellExecutionError, CellTimeoutError):
        return traceback.format_exc()
    except Exception as error:  # a dead kernel, or whatever nbclient runs into once it has none
        why = str(error) or f"nbclient has none any more, as after SIGTERM: {type(error).__name__}"
        return (
            f"its kernel ended or did not answer ({' '.join(why.split())}): run it again; if it stays so, the machine "
            "has too little memory, or too much else to do"
        )
    return ""


def complaints(notebook: nbformat.NotebookNode) -> list[str]:
    """What its cells have written to standard error: warnings, mostly."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
