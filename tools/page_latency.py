"""How long from a key to the next clip, and to the new model? The page that learns, as built, in Chromium.

    make book && python tools/page_latency.py [--labels 40] [--slower 4]

Labels by key at a person's pace, measured in the page from the event `keydown`: until the next clip is shown, until it
sounds (the event `playing`), and until the panel shows the model that has learned from the label. Once as fast as the
computer goes, also in the processor's own time, and once with the processor slowed down. Chromium slows no worker down;
there the learner works on the page's own thread, which it does slow down: an upper bound for a slower computer.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import numpy as np
from front_end import chromium
from playwright.sync_api import Page

BOOK = Path(__file__).resolve().parent.parent / "_build" / "html"
ROOT = ".dalbook-labeler[data-clip]"
PANEL = ".dlb-inside[data-round]"

# From each key to what follows it, in milliseconds.
WATCH = """([root, panel]) => {
    window.waited = { shown: [], sounding: [], learned: [] };
    const open = new Map();
    const done = (what) => {
        if (open.has(what)) waited[what].push(performance.now() - open.get(what));
        open.delete(what);
    };
    const now = (event) => ["shown", "sounding", "learned"].forEach((what) => open.set(what, event.timeStamp));
    document.addEventListener("keydown", now, true);
    const changed = (selector, attribute, what) => {
        const node = document.querySelector(selector);
        let before = node.getAttribute(attribute);
        new MutationObserver(() => {
            if (node.getAttribute(attribute) === before) return;
            before = node.getAttribute(attribute);
            requestAnimationFrame(() => setTimeout(() => done(what))); // when it is on the screen
        }).observe(node, { attributeFilter: [attribute] });
    };
    changed(root, "data-clip", "shown");
    changed(panel, "data-round", "learned");
    document.querySelector(`${root} audio`).addEventListener("playing", () => done("sounding"));
}"""

ALONE = "delete window.Worker;"  # then the learner works on the page's own thread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", default="chapters/00_in_this_page.html")
    parser.add_argument("--labels", type=int, default=40)
    parser.add_argument("--slower", type=float, default=4)
    options = parser.parse_args()
    built = BOOK / options.page
    if not built.is_file():
        parser.error(f"there is no {options.page} in the built book: run `make book` first")
    print(f"{options.labels} labels, load {os.getloadavg()[0]:.1f}", flush=True)
    for slower in (1, options.slower):
        with chromium() as page:
            measure(page, built.as_uri(), options.labels, slower)


def measure(page: Page, address: str, labels: int, slower: float) -> None:
    if slower != 1:
        page.add_init_script(ALONE)
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(address)
    page.get_by_role("button", name="Begin where the model asks").click()
    page.locator(PANEL).wait_for()
    page.evaluate(WATCH, [ROOT, PANEL])
    rng = np.random.default_rng(0)
    if slower == 1:
        page.context.browser.start_tracing(page=page, categories=["devtools.timeline"])
    for _ in range(labels):
        label(page, rng)
    print("as fast as it goes" if slower == 1 else f"{slower:g} times slower", flush=True)
    for what, waited in page.evaluate("waited").items():
        report(what, waited)
    if slower == 1:
        for what, taken in processor(json.loads(page.context.browser.stop_tracing())).items():
            report(f"{what}, of the processor's time alone", taken)


def processor(trace: dict) -> dict[str, list[float]]:
    """What a label took of the processor, in milliseconds, which a busy computer makes no longer."""
    events = [event for event in trace["traceEvents"] if event.get("tdur")]
    workers = {
        (event["pid"], event["tid"])
        for event in trace["traceEvents"]
        if event["name"] == "thread_name" and "DedicatedWorker" in event["args"]["name"]
    }
    keys = [event for event in events if event["args"].get("data", {}).get("type") == "keydown"]
    heard = [event for event in events if event["name"] == "HandlePostMessage"]
    learned = [event for event in heard if (event["pid"], event["tid"]) in workers and event["tdur"] > 2000]
    return {what: [one["tdur"] / 1000 for one in of] for what, of in (("the key", keys), ("the learner", learned))}


def report(what: str, waited: list[float]) -> None:
    print(f"  {what}: median {np.median(waited):.0f} ms, worst {max(waited):.0f} ms of {len(waited)}", flush=True)


def label(page: Page, rng: np.random.Generator) -> None:
    """Listen a while, press a digit, and wait for all that follows."""
    page.wait_for_timeout(rng.uniform(1500, 2500))
    done = page.evaluate("waited.learned.length")
    page.keyboard.press(str(rng.integers(10)))
    page.wait_for_function("done => waited.learned.length > done && waited.sounding.length > done", arg=done)


if __name__ == "__main__":
    main()
