// What the hands do: decide on the clip on screen, take a decision back, add a class, start learning.

export const SETTLE = 300; // ms; nobody has heard a new clip by then, so the decision was meant for the one before
const DOUBLE = 500; // ms; the same for the later half of a double click, which some hands make slowly

/** Listens to the buttons below the classes; the returned functions are for the keys and the class buttons. */
export function decisions(ui) {
  const { traits, state, panel, layout, say, focus, update } = ui;

  function send(what) {
    if (traits.recording) return say("This is a recording: nothing is labeled here.");
    if (traits.unheard) return;
    traits.ask(what);
    update();
  }

  function decide(what, event) {
    panel.unlock();
    const { review } = state;
    const target = review ?? traits.clip;
    if (traits.recording) return say("This is a recording: nothing is labeled here.");
    if (!target || traits.unheard) return;
    if (review && !review.change) return say("You are listening again: go back first (Esc).");
    if (what.do !== "skip") {
      // what nobody has heard, nobody can label
      const lack = ui.sounds.lack(target.clip);
      if (lack === "loading") return say("The sound is on its way: the keys work as soon as it is here.");
      if (lack) return say("Nobody has heard this clip: it can only be skipped.");
    }
    const now = performance.now();
    if (now < (event.detail > 1 ? state.shownAt + DOUBLE : state.quietUntil)) return;
    send({ ...what, clip: target.clip, seconds: Math.round(now - state.shownAt) / 1000 });
  }

  function takeBack(event) {
    if (state.review) return say("Go back to the clip first (Esc).");
    if (event.detail > 1 && performance.now() < state.shownAt + DOUBLE) return;
    if (traits.progress.undo) send({ do: "undo" });
    else if (!traits.recording) say("There is nothing to take back.");
  }

  function addClass(name) {
    if (!name) return;
    state.adding = false;
    focus();
    send({ do: "class", name });
  }

  layout.unsure.addEventListener("click", (event) => decide({ do: "unsure" }, event));
  layout.skip.addEventListener("click", (event) => decide({ do: "skip" }, event));
  layout.undo.addEventListener("click", takeBack);
  layout.start.addEventListener("click", () => send({ do: "start" }));
  return { decide, takeBack, addClass, send };
}
