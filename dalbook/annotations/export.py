"""Events in the formats of other programs: Raven, Audacity, BirdNET, Hugging Face, JAMS, and plain CSV.

Each takes a table of events, see `dalbook.annotations.events`: labels (`dalbook.labeling.exports.label_events`) or
predictions (`SoundClassifier.predict`). Overlapping and touching segments stay apart unless they were merged before
(`merge_events`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dalbook.annotations.events import check_events, score_of
from dalbook.annotations.write import flat, one_file_each, write_text
from dalbook.corpora.sound_file import open_sound

HIGHEST = 20_000.0  # Hz, where a box in Raven ends if the recording is not at hand
RAVEN = (
    *("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"),
    *("Begin File", "Annotation", "Score"),
)


def export_csv(events: pd.DataFrame, out: str | os.PathLike) -> Path:
    """One table of all events: ``file,start,end,class,score`` and what else there is, times in seconds.

    Parameters
    ----------
    events
        The table.
    out
        The CSV file to write; replaced in one step if it is there.

    Returns
    -------
    Path
        `out`.
    """
    return write_text(out, csv_text(check_events(events)))


def csv_text(events: pd.DataFrame, header: bool = True) -> str:
    """The events as CSV, times to the millisecond, scores to four decimals.

    >>> names = ["file", "start", "end", "class", "score"]
    >>> print(csv_text(pd.DataFrame([["a.wav", 0, 4, "wren", 0.5]], columns=names)))
    file,start,end,class,score
    a.wav,0.000,4.000,wren,0.5000
    <BLANKLINE>
    """
    shown = events.copy()
    for name, digits in {"start": 3, "end": 3, "score": 4, "vote_entropy": 4}.items():
        if name in shown.columns:
            shown[name] = ["" if pd.isna(value) else f"{value:.{digits}f}" for value in shown[name]]
    return shown.to_csv(index=False, header=header, lineterminator="\n")


def export_raven(events: pd.DataFrame, folder: str | os.PathLike, root: str | os.PathLike | None = None) -> list[Path]:
    """A selection table for each recording, to open in Raven over it (File, Open Selection Table).

    Parameters
    ----------
    events
        The table.
    folder
        Where they go: ``rain/long.wav`` gets ``rain/long.wav.Table.1.selections.txt``.
    root
        The folder with the recordings: boxes then reach up to half of their sample rate, otherwise to 20 kHz.

    Returns
    -------
    list of Path
        The tables.
    """

    def content(name: str, own: pd.DataFrame) -> str:
        top = _half_rate(root, name)
        lines = ["\t".join(RAVEN)]
        for number, (_, row) in enumerate(own.iterrows(), start=1):
            score = score_of(row)
            values = (number, "Spectrogram 1", 1, f"{row['start']:.3f}", f"{row['end']:.3f}", "0.0", f"{top:.1f}",
                      Path(name).name, flat(row["class"]), "" if score is None else f"{score:.4f}")  # fmt: skip
            lines.append("\t".join(map(str, values)))
        return "\n".join(lines) + "\n"

    return one_file_each(events, folder, ".Table.1.selections.txt", content)


def export_audacity(events: pd.DataFrame, folder: str | os.PathLike) -> list[Path]:
    """A label track for each recording, to open in Audacity over it (File, Import, Labels).

    Parameters
    ----------
    events
        The table.
    folder
        Where the tracks go: ``rain/long.wav`` gets ``rain/long.wav.txt``.

    Returns
    -------
    list of Path
        The tracks.
    """

    def content(name: str, own: pd.DataFrame) -> str:
        times = zip(own["start"], own["end"], own["class"], strict=True)
        return "".join(f"{start:.6f}\t{end:.6f}\t{flat(label)}\n" for start, end, label in times)

    return one_file_each(events, folder, ".txt", content)


def export_birdnet(events: pd.DataFrame, folder: str | os.PathLike) -> list[Path]:
    """A CSV file for each recording as BirdNET-Analyzer writes it; the class stands for both names of the species.

    Parameters
    ----------
    events
        The table.
    folder
        Where they go: ``rain/long.wav`` gets ``rain/long.wav.BirdNET.results.csv``.

    Returns
    -------
    list of Path
        The files.
    """

    def content(name: str, own: pd.DataFrame) -> str:
        scores = [score_of(row) for _, row in own.iterrows()]
        table = {
            "Start (s)": [f"{value:.3f}" for value in own["start"]],
            "End (s)": [f"{value:.3f}" for value in own["end"]],
            "Scientific name": own["class"],
            "Common name": own["class"],
            "Confidence": ["1.0000" if score is None else f"{score:.4f}" for score in scores],
            "File": name,
        }
        return pd.DataFrame(table).to_csv(index=False, lineterminator="\n")

    return one_file_each(events, folder, ".BirdNET.results.csv", content)


def export_metadata(events: pd.DataFrame, out: str | os.PathLike) -> Path:
    """Hugging Face's ``metadata.csv``, an event a row, to put into the folder of the recordings.

    ``load_dataset("audiofolder", data_dir=...)`` then gives each event with its recording, ``start``, ``end``,
    ``label`` and ``score``; for clips cut out, see `dalbook.labeling.exports.export_audiofolder`.

    Parameters
    ----------
    events
        The table.
    out
        The file, named metadata.csv.

    Returns
    -------
    Path
        `out`.
    """
    events = check_events(events).rename(columns={"file": "file_name", "class": "label"})
    names = [name for name in ("file_name", "start", "end", "label", "score", "vote_entropy") if name in events.columns]
    return write_text(out, csv_text(events[names]))


def export_jams(
    events: pd.DataFrame, folder: str | os.PathLike, seconds: Mapping[str, float] | None = None
) -> list[Path]:
    """A JAMS file (Humphrey et al., ISMIR 2014) for each recording, with the events in the namespace ``tag_open``.

    Each annotator, where the table has a column ``annotator``, has an annotation of their own; when they decided, if
    it has a column ``time``, is kept in the sandbox.

    Parameters
    ----------
    events
        The table.
    folder
        Where the files go: ``rain/long.wav`` gets ``rain/long.wav.jams``.
    seconds
        How long the recordings are; by default until the end of the last event.

    Returns
    -------
    list of Path
        The files.
    """
    from dalbook.annotations.jams import jam

    return one_file_each(
        events, folder, ".jams", lambda name, own: jam(name, own, (seconds or {}).get(name, float(own["end"].max())))
    )


def _half_rate(root: str | os.PathLike | None, name: str) -> float:
    try:
        with open_sound(Path(root, name)) as file:
            return file.samplerate / 2
    except (TypeError, OSError, ValueError):
        return HIGHEST
