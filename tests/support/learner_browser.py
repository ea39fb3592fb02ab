"""The page's learners, learner.js and herding.js, in Chromium without a page around them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from labeler_browser import chromium, served, watched

from dalbook.files.bundle import HERE, parts
from dalbook.learners.masks import mask_key, mask_words

ROOT = Path(__file__).parents[2]

# The learner's functions, clips to learn from, and masks as they are exported.
SHARED = """
export * from "./dropout.js";
export * from "./learner.js";
import { DropoutLearner } from "./learner.js";

export const json = async (name) => (await fetch(name)).json();
export const clips = await json("clips.json");
clips.x = Float32Array.from(clips.x);

export const words = (text) => new Uint32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
export const make = (options) => new DropoutLearner({ ...clips, ...options });
"""


def exported(x: np.ndarray, truth: np.ndarray, classes: int, pool: np.ndarray, held: np.ndarray) -> dict:
    """Clips as the learner takes them, for JSON; `make` in the browser builds a learner from them."""
    lists = {"x": x.ravel().tolist(), "truth": truth.tolist(), "pool": pool.tolist(), "held": held.tolist()}
    return {**lists, "d": x.shape[1], "classes": classes}


def masks(seed: int, purpose: str, step: int, rows: int, d: int) -> str:
    """The masks Python draws, as base64 of words of 32 bits; entry j of a mask is bit j % 32 of word j // 32."""
    words = mask_words(mask_key(seed, purpose, step), rows, d).astype("<u8").view("<u4")
    return base64.b64encode(words[:, : -(-d // 32)].tobytes()).decode()


@contextmanager
def learner_page(folder: Path, clips: dict, scripts: dict[str, str], **exports: object) -> Iterator:
    """A page that has all of SHARED in its window; beside it in `folder` lie more scripts, and exports as JSON."""
    for part in {part for name in ("learner", "herding", "page_data") for part in parts(f"webpage/static/{name}.js")}:
        shutil.copy(HERE / part, folder)
    for name, text in {"shared.js": SHARED, **scripts}.items():
        (folder / name).write_text(text)
    for name, value in {"clips": clips, **exports}.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    (folder / "index.html").write_text('<!doctype html><link rel="icon" href="data:,"><title>Learner</title>')
    with served(folder) as address, chromium() as browser:
        page = browser.new_page()
        complaints = watched(page)
        page.goto(address)
        page.evaluate("async () => Object.assign(window, await import('/shared.js'))")
        yield page
        assert not complaints


def refusal(page, script: str) -> str:
    """The words with which something is refused."""
    return page.evaluate(f"() => {{ try {{ {script}; return ''; }} catch (error) {{ return error.message; }} }}")
