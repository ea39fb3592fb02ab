"""A labeler's state as the user interface shows it: plain lists and dictionaries, and words for the person."""

from __future__ import annotations

import html
from itertools import islice
from statistics import median

import numpy as np

from dalbook.labeling.csv_rows import text
from dalbook.labeling.session import EACH, LabelSession
from dalbook.labeling.suggestions import Suggestions
from dalbook.learners.cold_start import Pick

ASKS = {  # what the model asks for, by what picks; of others the least sure
    "herding": "The model asks for the clip that tells most about sounds it is unsure of and does not know yet.",
    "random": "Clips come at random; the model learns from them.",
    "mal": "The model asks for the most typical clip of each group of similar ones.",
}
LAST = 10  # decisions in a notebook without a kernel
HISTORY = 1000  # decisions to look back at
RECENT = 20  # decisions whose time tells the pace


def session_traits(session: LabelSession, suggestions: Suggestions | None, preparing: bool, training: bool) -> dict:
    """What a decision, or something new of the model, changes on screen: clip, ahead, progress, history, opinion.

    Parameters
    ----------
    session
        What is labeled.
    suggestions
        The model's latest, None while it has made none.
    preparing, training
        As for `progress`.
    """
    return {
        "clip": shown(session, session.queue.shown),
        "ahead": [shown(session, pick) for pick in session.queue.ahead],
        "progress": progress(session, preparing, training, suggestions.picked_by if suggestions else ""),
        "history": history(session),
        "opinion": opinion(session, suggestions),
    }


def without_kernel(session: LabelSession) -> str:
    """How far one is and the last decisions, as HTML: for a notebook that is only looked at, without its kernel."""
    last = reversed(list(session.book.standing.values())[-LAST:])
    rows = [(row.clip, row.label or row.status, row.annotator, row.time) for row in last]
    cells = ["".join(f"<td>{html.escape(text(cell))}</td>" for cell in row) for row in rows]
    head = "".join(f"<th>{name}</th>" for name in ("clip", "decision", "annotator", "time"))
    table = f"<table><tr>{head}</tr>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>" if rows else ""
    name = html.escape(text(session.file.path.name))
    return f"<p>{session.labeled} of {len(session.corpus)} clips have labels in {name}.</p>{table}"


def shown(session: LabelSession, pick: Pick | None) -> dict | None:
    """A clip to decide on, or to come."""
    if pick is None:
        return None
    return {"clip": pick.clip, "id": text(session.corpus.ids[pick.clip]), "picked_by": pick.picked_by, "why": pick.why}


def progress(session: LabelSession, preparing: bool, training: bool, picked_by: str = "") -> dict:
    """How far one is.

    Parameters
    ----------
    session
        What is labeled.
    preparing
        The clusters are not known yet.
    training
        The model learns now.
    picked_by
        What the model's latest suggestions are picked by; empty while it has made none.
    """
    rows = session.book.standing.values()
    statuses = [row.status for row in rows]
    per_class = np.bincount(list(session.book.labels.values()), minlength=len(session.classes)).tolist()
    budget = session.budget or len(session.pool)
    pace = _pace(session)
    out = {
        "labeled": session.labeled,
        "unsure": statuses.count("unsure"),
        "skipped": statuses.count("skipped"),
        "budget": budget,
        "total": len(session.pool),
        "per_class": per_class,
        "training": training,
        "can_start": session.can_start,
        "undo": bool(session.book.undoable),
        "searches": True,
        "pace": pace,
        "left": None if pace is None else pace * max(0, min(budget, len(session.pool)) - session.labeled),
    }
    if session.queue.shown is None:
        stage = "done"
    elif session.started:
        stage = "learning"
    else:
        stage = "preparing" if preparing else "medoids"
    return {**out, "stage": stage, "words": _words(session, stage, per_class, picked_by)}


def _pace(session: LabelSession) -> float | None:
    seconds = [row.seconds for row in session.file.rows[-RECENT:] if row.seconds is not None]
    return round(median(seconds), 3) if seconds else None


def _words(session: LabelSession, stage: str, per_class: list[int], picked_by: str) -> str:
    if stage == "done":
        aside = len(session.book.standing) - session.labeled
        if session.budget and session.labeled >= session.budget:
            return f"Done: your budget of {session.budget} labels is spent."
        return "Done: no clip is left." + (
            f" {aside} are unsure or skipped; change them under “Last labels”." if aside else ""
        )
    if stage == "learning":
        if picked_by:
            return ASKS.get(picked_by, "The model asks for the clips that it is least sure about.")
        if not session.typical_first:
            return "The model looks at the clips; those that are unlike each other come until it asks for its own."
        return "The model learns from your labels; typical clips go on until it asks for its own."
    enough = sum(n >= EACH for n in per_class)
    first = "Looking for typical clips." if stage == "preparing" else "Typical clips first, from the largest groups on."
    return f"{first} {enough} of {len(per_class)} classes have {EACH} labels; then the model starts to learn."


def history(session: LabelSession) -> list[dict]:
    """The decisions that stand, newest first."""
    ids, label_of = session.corpus.ids, session.book.label_of
    newest = islice(reversed(session.book.standing.items()), HISTORY)
    return [{"clip": clip, "id": text(ids[clip]), "label": label_of(row), "status": row.status} for clip, row in newest]


def opinion(session: LabelSession, suggestions: Suggestions | None) -> dict | None:
    """What the model says of the clip on screen; None where it was not asked."""
    pick = session.queue.shown
    found = suggestions.opinion(pick.clip, session.classes) if suggestions and pick else None
    return found and {"clip": pick.clip, **found}
