"""A JAMS file: events of one recording as JSON, an annotation for each annotator."""

from __future__ import annotations

import json

import pandas as pd

from dalbook import __version__
from dalbook.annotations.events import score_of


def jam(name: str, events: pd.DataFrame, seconds: float) -> str:
    """The text of the file.

    Parameters
    ----------
    name
        The recording.
    events
        Its events; see `dalbook.annotations.export.export_jams`.
    seconds
        How long it is.
    """
    who = events["annotator"] if "annotator" in events else pd.Series("", index=events.index)
    content = {
        "file_metadata": {
            "title": name, "artist": "", "release": "", "duration": seconds, "identifiers": {},
            "jams_version": "0.3.4",
        },
        "annotations": [_annotation(one, events[who == one], seconds) for one in who.unique()],
        "sandbox": {},
    }  # fmt: skip
    return json.dumps(content, indent=1, ensure_ascii=False)


def _annotation(who: str, events: pd.DataFrame, seconds: float) -> dict:
    decided = {} if "time" not in events else {f"{row['start']:.3f}": row["time"] for _, row in events.iterrows()}
    return {
        "annotation_metadata": {
            "corpus": "", "version": "", "annotator": {"name": who} if who else {},
            "data_source": "manual annotation" if who else "program", "annotation_tools": f"dalbook {__version__}",
            "annotation_rules": "", "validation": "",
        },
        "namespace": "tag_open",
        "data": [
            {"time": row["start"], "duration": round(row["end"] - row["start"], 3), "value": row["class"],
             "confidence": score_of(row)}
            for _, row in events.iterrows()
        ],
        "time": 0,
        "duration": seconds,
        "sandbox": {"decided": decided} if decided else {},
    }  # fmt: skip
