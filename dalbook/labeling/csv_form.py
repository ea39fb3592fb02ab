"""How a file of labels is written: as the labeler does, or as a spreadsheet has saved it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

NAMES = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
SPOKEN = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "cp1252": "Windows' code page 1252"}
MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))

# of code page 1252; the last, which hardly occurs, is rather what a bad disk leaves
LETTERS = {*"ŠšŽžŒœŸ€ªº".encode("cp1252"), *range(0xC0, 0xFF)} - {0xD7, 0xF7}
TWO_BYTES = re.compile(rb"[\xc3-\xc5][\x80-\xbf]")  # a letter in UTF-8: then a file that is not all UTF-8 is damaged


@dataclass(frozen=True)
class Form:
    """How a file is written.

    Attributes
    ----------
    mark
        Bytes in front that tell the encoding.
    encoding, separator
        Of what follows.
    columns
        The names in the head line, in order; empty if there is none that could be one of a file of labels.
    first
        Lines before the first row.
    """

    mark: int
    encoding: str
    separator: str
    columns: tuple[str, ...]
    first: int = 1

    def ours(self, columns: Sequence[str]) -> bool:
        """Whether rows can be appended as the labeler writes them."""
        return (self.encoding, self.separator, self.columns, self.first) == ("utf-8", ",", tuple(columns), 1)

    @property
    def words(self) -> str:
        """The form for people."""
        return f"columns separated by {NAMES[self.separator]}, in {SPOKEN[self.encoding]}"


def form_of(data: bytes, wanted: Sequence[str]) -> Form:
    """Find out how a file is written.

    Parameters
    ----------
    data
        Its content; the last line may be cut off.
    wanted
        Names of the columns that it should have.

    Examples
    --------
    >>> form = form_of("clip;label\\r\\na.wav;dog\\r\\n".encode("utf-16"), ["clip", "label"])
    >>> form.words, form.columns
    ('columns separated by semicolons, in UTF-16', ('clip', 'label'))
    """
    mark, encoding = _encoding(data)
    lines = data[mark : mark + 65536].decode(encoding, "replace").splitlines()
    first = 1
    if lines and lines[0].strip('"').lower().startswith("sep="):  # how a spreadsheet is told
        lines, first = lines[1:], 2
    head = lines[0] if lines else ""
    best: tuple[str, tuple[str, ...]] = (",", ())
    for separator in NAMES:
        row = next(csv.reader(io.StringIO(head), delimiter=separator), [])
        columns = tuple(name.strip() for name in row)
        if len(set(columns) & set(wanted)) > len(set(best[1]) & set(wanted)):
            best = separator, columns
    return Form(mark, encoding, *best, first)


def _encoding(data: bytes) -> tuple[int, str]:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return len(mark), encoding
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):  # Latin letters, whose other byte is 0
        if len(data) >= 16 and not any(data[start:16:2]):
            return 0, encoding
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)  # a last character may be cut off
    except UnicodeDecodeError:
        letters = {byte for byte in data if byte > 127}
        return 0, "cp1252" if letters <= LETTERS and not TWO_BYTES.search(data) else "utf-8"
    return 0, "utf-8"
