"""The metadata of a made UrbanSound8K."""

from __future__ import annotations

import csv

from dalbook.corpora.urbansound8k import CLASSES

COLUMNS = ["slice_file_name", "fsID", "start", "end", "salience", "fold", "classID", "class"]


def write_metadata(root, rows, columns=COLUMNS):
    (root / "metadata").mkdir(parents=True, exist_ok=True)
    with open(root / "metadata" / "UrbanSound8K.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)


def row(name, fold, label):
    return [name, name.split("-")[0], 0.0, 4.0, 1, fold, label, CLASSES[label]]
