"""A labeling session as a recording: what was decided and shown, with its sounds, played on a page without a kernel.

``tools/record_labeler.py`` records the one in the book.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dalbook.corpora.corpus import Corpus
from dalbook.corpora.preview import media
from dalbook.files.atomic import atomic_write
from dalbook.files.bundle import bundle
from dalbook.webpage.mount import beside, mounted, style

if TYPE_CHECKING:
    from dalbook.labeling.widget import Labeler

SESSION = "session.json"
TRAITS = ("classes", "clip", "ahead", "progress", "history", "opinion", "curve", "problem", "notice")
LEARNED = 0.8  # seconds into the next clip, when the recording shows what the model has learned


def record(
    labeler: Labeler, corpus: Corpus, requests: Iterable[tuple[float, Mapping]], folder: str | os.PathLike
) -> None:
    """Carry out requests one after the other and keep all that is shown meanwhile.

    The model learns to the end after each, so that a recording does not depend on the computer it is made on.

    Parameters
    ----------
    labeler
        Where they are carried out.
    corpus
        Its corpus, for the sounds.
    requests
        For each decision the seconds it takes, and a request as for `Labeler.act`; ``clip`` is the one on screen,
        unless the request names another. They are taken one by one, so a generator can look at the labeler.
    folder
        Gets ``session.json`` and an MP3 for each clip that is shown.

    Raises
    ------
    ValueError, OSError
        A request cannot be carried out, or the folder not be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    labeler.wait()
    now = _traits(labeler)
    steps = [{"at": 0.0, "said": None, "traits": now}]

    def step(at: float, said: Mapping | None) -> None:
        nonlocal now
        before, now = now, _traits(labeler)
        changed = {name: value for name, value in now.items() if value != before[name]}
        if said or changed:
            steps.append({"at": at, "said": said, "traits": changed})

    for seconds, request in requests:
        said = dict(request)
        if said["do"] in ("label", "unsure", "skip"):
            said = {"clip": labeler.clip["clip"], "seconds": seconds} | said
        labeler.act(said)
        step(seconds, said)
        labeler.wait()
        step(LEARNED, None)

    clips = {s["traits"]["clip"]["clip"] for s in steps if s["traits"].get("clip")}
    sounds = {str(clip): _sound(corpus, clip, folder) for clip in sorted(clips)}
    session = {"classes": list(labeler.classes), "steps": steps, "sounds": sounds}
    atomic_write(folder / SESSION, lambda file: file.write(json.dumps(session, indent=1).encode()))


def _traits(labeler: Labeler) -> dict:
    return json.loads(json.dumps({name: getattr(labeler, name) for name in TRAITS}))


def _sound(corpus: Corpus, clip: int, folder: Path) -> dict:
    meta, (mp3, outline, mel) = media(*corpus.audio(clip), mp3=True)
    name = f"clip_{clip}.mp3"
    atomic_write(folder / name, lambda file: file.write(mp3))
    return {"file": name, **meta, "envelope": _text(outline), "mel_data": _text(mel)}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def replay(folder: str | os.PathLike, live: Mapping[str, str] | None = None) -> None:
    """Show `replay_html` in a chapter."""
    from IPython.display import HTML, display

    display(HTML(replay_html(folder, live)))


def replay_html(folder: str | os.PathLike, live: Mapping[str, str] | None = None) -> str:
    """HTML that plays a recording: the labeler's own user interface, and nothing asked of a kernel or another host.

    In a build of the book it becomes a script beside the pages and one more for each sound, which also load where the
    book is read from a folder; in a live notebook all of it is in the HTML.

    Parameters
    ----------
    folder
        From `record`.
    live
        What to offer to those who want to label themselves: words -> address.

    Raises
    ------
    FileNotFoundError, ValueError
        There is no recording in `folder`, or it is damaged.
    """
    recording = _recording(Path(folder))
    return mounted(
        "recording",
        f"{bundle('webpage/static/replay.js')}\n{style(('labeling/static/labeler.css',))}",
        {**recording, "sounds": beside(recording["sounds"]), "live": dict(live or {})},
        "replay(el, page);",
        "A recorded labeling session, played with JavaScript.",
    )


def _recording(folder: Path) -> dict:
    """The recording, with its sounds in it."""
    path = folder / SESSION
    if not path.is_file():
        raise FileNotFoundError(
            f"there is no recording in {folder}: it has no {SESSION}; make one with dalbook.webpage.replay.record"
        )
    try:
        session = json.loads(path.read_bytes())
        sounds = {
            clip: {**sound, "data": _text((folder / sound["file"]).read_bytes())}
            for clip, sound in session["sounds"].items()
        }
        return {"classes": session["classes"], "steps": session["steps"], "sounds": sounds}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is damaged ({error!r}): record the session again") from error
