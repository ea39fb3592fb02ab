"""The rows of a file of labels in the order in which they were decided, however another program has sorted them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

from dalbook.labeling.csv_rows import Row

SHOWN = 3  # contradictions that a message tells


class LabelsWarning(UserWarning):
    """Something in a file of labels is not as it should be, and the rest goes on."""


def moment(time: str) -> datetime | None:
    """A row's time, in UTC if it does not say; None where it cannot be read.

    >>> moment("2026-01-01T10:00:00.5+02:00") == moment("2026-01-01 08:00:00.500Z")
    True
    >>> moment("") is None
    True
    """
    text = time.strip().upper().replace("Z", "+00:00")
    head, dot, rest = text.partition(".")
    if dot:  # before Python 3.11 a fraction has three or six digits
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits) :]}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Rows by their time; those without one come first, and what has the same time stays as it is.

    >>> late = Row("a", "dog", "labeled", "me", "2026-01-02T00:00:00+00:00", None, 0, None, "")
    >>> soon = Row("a", "owl", "labeled", "me", "2026-01-01T00:00:00+00:00", None, 0, None, "")
    >>> [row.label for row in in_order([late, soon])]
    ['owl', 'dog']
    """
    first = datetime.min.replace(tzinfo=timezone.utc)
    return sorted(rows, key=lambda row: moment(row.time) or first)


def clashes(rows: Sequence[Row]) -> dict[str, tuple[Row, Row]]:
    """Clips whose last decision cannot be known, as two different ones have the same time, each with both rows.

    Parameters
    ----------
    rows
        In order, see `in_order`.

    Examples
    --------
    >>> rows = [Row("a", name, "labeled", "me", "2026-01-02", None, 0, None, "") for name in ("dog", "owl")]
    >>> [row.label for row in clashes(rows)["a"]]
    ['dog', 'owl']
    """
    last: dict[str, Row] = {}
    found: dict[str, tuple[Row, Row]] = {}
    for row in rows:
        before = last.get(row.clip)
        if before is None or moment(before.time) != moment(row.time):
            found.pop(row.clip, None)
        elif row.clip not in found and (before.label, before.status) != (row.label, row.status):
            found[row.clip] = before, row
        last[row.clip] = row
    return found


def words(found: dict[str, tuple[Row, Row]], name: str) -> str:
    """What to tell of `clashes`; empty if there are none."""
    if not found:
        return ""
    each = [f"{clip!r} is {_decision(one)} and {_decision(two)}" for clip, (one, two) in found.items()]
    more = "; ..." if len(each) > SHOWN else ""
    return (
        f"{name}: {len(found)} clips have two decisions at the same time, and none of them counts until you decide "
        f"again or take one out: {'; '.join(each[:SHOWN])}{more}"
    )


def _decision(row: Row) -> str:
    return f"{row.label or row.status!r} ({row.annotator or 'somebody'}, {row.time or 'no time'})"


def now(after: str = "") -> str:
    """The time as ISO 8601, UTC, to the millisecond, later than `after` even if the clock was set back.

    >>> now().endswith("+00:00"), now("2999-01-01T00:00:00.000+00:00")
    (True, '2999-01-01T00:00:00.001+00:00')
    """
    time, before = datetime.now(timezone.utc), moment(after)
    if before is not None:
        time = max(time, before + timedelta(milliseconds=1))
    return time.astimezone(timezone.utc).isoformat(timespec="milliseconds")
