"""Field recordings that are made: tones and noise, one a second, in files of ten seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from dalbook.labeling.csv_rows import HEADER, Row, line

RATE = 8000
CLASSES = ("hum", "hiss", "pip")


def write_recordings(root: Path, names: tuple[str, ...], seed: int = 0, seconds: int = 10) -> dict[str, str]:
    """Write recordings below a folder; gives what sounds in each segment of one second, by its id."""
    rng = np.random.default_rng(seed)
    truth = {}
    t = np.arange(RATE) / RATE
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        said = rng.permutation((np.arange(seconds) + number) % 3)
        parts = []
        for c in said:
            hum = np.sin(2 * np.pi * rng.uniform(90, 130) * t)
            hiss = rng.normal(0, 0.5, RATE)
            pip = np.sin(2 * np.pi * rng.uniform(1800, 2600) * t) * (np.sin(2 * np.pi * 4 * t) > 0.6)
            parts.append(0.2 * (hum, hiss, pip)[c] + rng.normal(0, 0.01, RATE))
        soundfile.write(root / name, np.concatenate(parts), RATE)
        truth |= {f"{name}#t={k}.000,{k + 1}.000": CLASSES[c] for k, c in enumerate(said)}
    return truth


def write_labels(path: Path, labels: dict[str, str]) -> Path:
    """A file of labels as the labeler writes it."""
    rows = [
        Row(clip, label, "labeled", "me", "2026-01-01T00:00:00+00:00", 1.0, 0, None, "")
        for clip, label in labels.items()
    ]
    path.write_bytes(HEADER + b"".join(map(line, rows)))
    return path
