"""Fold in a live notebook what the built book folds: cells that are hidden there, and the solutions of the exercises.

The book reads a cell's tags, which JupyterLab and Colab do not know: they read `jupyter.source_hidden` and `cellView`.

    python tools/fold.py
"""

from __future__ import annotations

from pathlib import Path

import nbformat

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"
HIDDEN = {"hide-input", "remove-input", "remove-cell"}  # tags of the book


def fold(notebook: nbformat.NotebookNode) -> None:
    """Set what JupyterLab and Colab fold by, in each cell; changes the notebook in place."""
    solution = False
    for cell in notebook.cells:
        solution = solution or "{solution-start}" in cell.source
        folds = solution or bool(HIDDEN & set(cell.metadata.get("tags", [])))
        solution = solution and "{solution-end}" not in cell.source
        for key in ("jupyter", "cellView"):
            cell.metadata.pop(key, None)
        if folds:
            cell.metadata["jupyter"] = {"source_hidden": True}
        if folds and cell.cell_type == "code":
            cell.metadata["cellView"] = "form"


if __name__ == "__main__":
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        fold(notebook)
        nbformat.write(notebook, path)
