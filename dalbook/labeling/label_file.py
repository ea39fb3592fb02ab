"""The file of labels: every decision is on disk before the next clip is shown, and nothing that was there is lost."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from dalbook.files.atomic import atomic_write, folder_to_disk, to_disk, write_all
from dalbook.files.lock import hold
from dalbook.labeling.csv_rows import HEADER, Row, line, parse, saved_elsewhere
from dalbook.labeling.matching import CONTENTS
from dalbook.labeling.row_order import in_order, now

FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0)
KEPT = ("about.json", "next.json", "model.npz", "game.json", CONTENTS)  # what belongs to one file of labels

_open_here: dict[Path, LabelFile] = {}  # of this process; opening one again takes over


class LabelFile:
    """A CSV file of decisions that one labeler at a time appends to.

    The last row of a clip, by its time, is what holds; nothing is ever changed or taken out. Beside the file stands a
    folder, ``labels.csv.session``, with what the labeler needs to go on where it was, and the lock.

    Parameters
    ----------
    path
        The file; made if it is not there. Its folder must exist.
    annotator
        Who labels, for the message that a second labeler gets.
    check
        Called with the rows that are there and what "about.json" holds, before anything is locked or changed; may
        refuse them with a ValueError.
    taken
        Called when this process opens the same file again, and this one has been closed for it.

    Attributes
    ----------
    rows
        All rows, list of `Row`, in the order of their times.
    notice
        What a person should know: a cut-off last line was mended, another program has saved it. Otherwise empty.
    folder
        The one beside the file.

    Raises
    ------
    FileNotFoundError
        Its folder is not there.
    BlockingIOError
        Another process labels into it; says who, and since when.
    ValueError
        It is something else than a file of labels.
    OSError
        It cannot be read or written.

    Examples
    --------
    >>> import tempfile
    >>> file = LabelFile(Path(tempfile.mkdtemp(), "labels.csv"), "me")
    >>> file.append(Row("x.wav", "dog", "labeled", "me", now(), 1.5, 0, 12, "medoid"))
    >>> file.close()
    >>> [row.label for row in LabelFile(file.path, "me").rows]
    ['dog']
    """

    def __init__(
        self,
        path: str | os.PathLike,
        annotator: str = "",
        check: Callable[[Sequence[Row], object], None] | None = None,
        taken: Callable[[], None] | None = None,
    ) -> None:
        self.path = Path(os.path.realpath(Path(path).expanduser()))
        self.folder = self.path.with_name(f"{self.path.name}.session")
        self.rows: list[Row] = []
        self.notice, self._taken, self._fd, self._lock = "", taken, -1, contextlib.ExitStack()
        self.size, self._torn = 0, False  # bytes of whole rows, and whether more may stand behind them
        self._elsewhere = ""  # how another program has saved it, until the first decision
        self._closed = f"{self.path} was closed: make a new Labeler to go on"
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"{self.path.parent}: there is no such folder; make it, or give another out=")
        if self.path.exists():
            rows, _, _ = parse(self._read(), self.path.name)
            if check:
                check(in_order(rows), self.kept("about.json"))
        older = _open_here.get(self.path)
        if older:
            older.close("the labeler's cell was run again: this one is closed, go on in the newer one")
            if older._taken:
                older._taken()
        try:
            self._take_lock(annotator)
            self._begin()
        except BaseException:
            self.close()
            raise
        _open_here[self.path] = self

    def append(self, row: Row) -> None:
        """Write a decision, so that it survives a loss of power from here on.

        Raises
        ------
        OSError
            It could not be written. The file is as it was, the decision does not count.
        """
        self._check()
        if self._elsewhere:
            self._rewrite()
        data = line(row)
        whole, self._torn = False, True
        try:
            write_all(self._fd, data)
            to_disk(self._fd)
            whole = True
        except OSError as error:
            raise OSError(error.errno, self._not_saved(error)) from None
        finally:
            if whole:
                self.size += len(data)
                self._torn = False
                self.rows.append(row)
            else:
                self._cut_back()

    def keep(self, name: str, content: object, safe: bool = True) -> None:
        """Write JSON to a file in the folder, whole or not at all; `safe`: so that it survives a loss of power."""
        data = json.dumps(content, ensure_ascii=True).encode()
        if safe:
            atomic_write(self.folder / name, lambda file: file.write(data))
            return
        draft = self.folder / f".{name}.tmp"
        draft.write_bytes(data)
        os.replace(draft, self.folder / name)

    def kept(self, name: str) -> object:
        """What `keep` has written; None if it is not there or damaged."""
        try:
            return json.loads((self.folder / name).read_bytes())
        except (OSError, ValueError):
            return None

    def close(self, why: str = "") -> None:
        """Let others have the file."""
        self._closed = why or self._closed
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        self._lock.close()
        if _open_here.get(self.path) is self:
            del _open_here[self.path]

    @property
    def closed(self) -> bool:
        """Whether it takes no decisions any more."""
        return self._fd < 0

    def _read(self) -> bytes:
        if not self.path.is_file():
            raise OSError(errno.EISDIR, f"{self.path} is not a file; give another out=")
        return self.path.read_bytes()

    def _take_lock(self, annotator: str) -> None:
        try:
            self.folder.mkdir(exist_ok=True)
            mine = self._lock.enter_context(hold(self.folder / "lock"))
        except OSError as error:
            raise OSError(
                error.errno, f"{self.folder} cannot be written ({error.strerror}); give another out= that can"
            ) from None
        if not mine:
            raise BlockingIOError(
                errno.EAGAIN,
                f"{self.path} is being labeled already, by {self._holder()}: close that labeler (shut down its "
                "notebook's kernel), or give another out=",
            )
        self.keep("holder.json", [annotator, os.getpid(), socket.gethostname(), now()], safe=False)

    def _holder(self) -> str:
        try:
            who, pid, host, since = self.kept("holder.json")
            return f"{who or 'somebody'} (process {pid} on {host}, since {since})"
        except (TypeError, ValueError):
            return "another process"

    def _begin(self) -> None:
        try:
            if not self.path.exists():
                for name in KEPT:  # of a file that is gone
                    (self.folder / name).unlink(missing_ok=True)
                atomic_write(self.path, lambda file: file.write(HEADER))
            self._fd = os.open(self.path, FLAGS)
            data = self._read()
            rows, whole, cut = parse(data, self.path.name)
            self.rows, self._elsewhere = in_order(rows), saved_elsewhere(data)
            if self._elsewhere:
                self.notice = (
                    f"{self.path.name} was saved by another program ({self._elsewhere}). It is left as it is until "
                    "your first decision, which writes it anew with commas, in UTF-8; a copy is then in "
                    f"{self.folder.name}."
                )
                self.size = len(data)
                return
            if cut:
                self._mend(len(whole), cut)
            self.size = len(whole)
            if not whole:
                write_all(self._fd, HEADER)
                self.size = len(HEADER)
            elif not whole.endswith(b"\n"):
                write_all(self._fd, b"\n")
                self.size += 1
            to_disk(self._fd)
            folder_to_disk(self.path.parent)
        except OSError as error:
            self._fd, fd = -1, self._fd
            if fd >= 0:
                os.close(fd)
            raise OSError(error.errno, f"{self.path} cannot be written ({error.strerror or error})") from None

    def _mend(self, size: int, cut: bytes) -> None:
        beside = self.folder / "cut-off"
        with open(beside, "ab") as file:
            file.write(cut + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.truncate(self._fd if os.truncate in os.supports_fd else self.path, size)
        self.notice = (
            f"The last line of {self.path.name} was cut off, as by a loss of power, and has been taken out; "
            f"what was there of it is kept in {beside.parent.name}/{beside.name}."
        )

    def _check(self) -> None:
        """Nobody else may have changed the file: what we append would be lost, or be cut off what they wrote."""
        if self._fd < 0:
            raise OSError(errno.EBADF, self._closed)
        if not self.path.exists():
            self._put_back()
            self.notice = f"{self.path.name} had been removed while it was open; all its decisions are written again."
        if self._torn:
            self._cut_back()
        ours = os.fstat(self._fd)
        if os.path.samestat(ours, os.stat(self.path)) and ours.st_size == self.size:
            return
        raise OSError(
            errno.ESTALE,
            f"{self.path} was changed by another program while it was open: this decision is NOT saved; run the "
            "labeler's cell again to go on with what is in the file now",
        )

    def _put_back(self) -> None:
        """Write the file anew: its decisions are here."""
        data = HEADER + b"".join(map(line, self.rows))
        try:
            atomic_write(self.path, lambda file: file.write(data))
            fd = os.open(self.path, FLAGS)
        except OSError as error:
            raise OSError(error.errno, self._not_saved(error)) from None
        os.close(self._fd)
        self._fd, self.size, self._torn = fd, len(data), False

    def _rewrite(self) -> None:
        """What another program has saved, as the labeler writes it; a copy is kept."""
        try:
            data = self._read()
            copy = self.folder / f"as-saved-{hashlib.sha256(data).hexdigest()[:8]}.csv"
            atomic_write(copy, lambda file: file.write(data))
            self._put_back()
        except OSError as error:
            raise OSError(error.errno, self._not_saved(error)) from None
        self.notice = f"{self.path.name} is written anew, with commas, in UTF-8; as it was it is in {copy}."
        self._elsewhere = ""

    def _cut_back(self) -> None:
        with contextlib.suppress(OSError):
            os.truncate(self._fd if os.truncate in os.supports_fd else self.path, self.size)
            self._torn = False

    def _not_saved(self, error: OSError) -> str:
        full = error.errno in (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", None))
        way = "free some space on the disk" if full else "see to the disk"
        return f"{self.path}: this decision is NOT saved ({error.strerror}); {way}, then decide again"
