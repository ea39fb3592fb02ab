// The labeler's user interface, for anywidget. What stands behind it is any object with get, set, save_changes, on, off
// and send: Python in a notebook, a recording or a learner of its own in the built book.

import { drawMineAndRandom, drawOpinion } from "./labeler_beside.js";
import { drawHelp, keysFor, meaning } from "./labeler_keys.js";
import { bar, cap, h, icon, name } from "./labeler_parts.js";
import { soundPanel } from "./labeler_sound.js";
import { soundStore } from "./labeler_store.js";

const SETTLE = 300; // ms; nobody has heard a new clip by then, so the decision was meant for the one before
const DOUBLE = 500; // ms; the same for the later half of a double click, which some hands make slowly
const SILENT = 3000; // ms without an answer before the person is told
const STEP = 0.25; // seconds an arrow key moves

function span(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

export function render({ model, el }) {
  const drawn = {}; // what each part was last drawn from
  let request = null; // the one the engine has not heard yet
  let failed = ""; // what was refused last
  let silent = false;
  let heard = model.get("heard") ?? 0;
  let review = null; // an earlier decision listened to again: {clip, id, words, change}
  let shown = null; // the clip in the panel, and whether for a review
  let shownAt = 0; // performance.now()
  let quietUntil = 0;
  let adding = false;
  let silence = 0; // timers
  let settled = 0;
  let queued = false;
  let closed = false;

  const panel = soundPanel();
  const part = (name, tag = "div", attributes = {}) => h(tag, { class: `dlb-${name}`, ...attributes });
  const banner = part("banner", "div", { hidden: true });
  const words = part("words", "span");
  const training = h("span", { class: "dlb-training" }, "learning …");
  const stage = h("p", { class: "dlb-stage" }, words, training);
  const counts = part("counts", "p");
  const meter = part("meter", "div", { role: "progressbar", "aria-label": "Clips labeled", "aria-valuemin": "0" });
  const notice = part("notice", "p", { hidden: true });
  const start = h("button", { type: "button", class: "dlb-start", hidden: true }, "Start learning now");
  const question = part("question", "p");
  const file = part("file", "p");
  const back = part("back", "div", { hidden: true });
  const grid = part("classes", "div", { role: "group", "aria-label": "Classes" });
  const verdict = (name, key, action) =>
    h("button", { type: "button", onclick: action }, cap(key), h("span", {}, name));
  const unsure = verdict("Unsure", "U", (event) => decide({ do: "unsure" }, event));
  const skip = verdict("Skip", "S", (event) => decide({ do: "skip" }, event));
  const undo = verdict("Undo", "⌫", (event) => takeBack(event));
  const helpButton = verdict("Keys", "?", () => toggleHelp());
  const problem = part("problem", "div", { role: "alert" });
  const status = part("status", "p", { role: "status" });
  const help = part("help", "div", { role: "region", "aria-label": "Keys", hidden: true });
  const opinion = part("opinion");
  const history = part("history", "ol", { "aria-label": "Last decisions, newest first" });
  const curve = part("curve", "section", { hidden: true, "aria-label": "Learning curve" });
  const folded = h("details", {}, h("summary", {}, "What does the model think?"), opinion);

  const root = h(
    "div",
    // JupyterLab leaves its one-letter shortcuts alone below this attribute
    { class: "dalbook-labeler", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": "true" },
    h(
      "div",
      { class: "dlb-sheet" },
      banner,
      h("header", { class: "dlb-head" }, stage, counts, meter, start),
      notice,
      h(
        "div",
        { class: "dlb-main" },
        h("div", { class: "dlb-title" }, question, file),
        back,
        panel.node,
        problem,
        grid,
        h("div", { class: "dlb-verdicts", role: "group", "aria-label": "No class" }, unsure, skip, undo, helpButton),
        status,
        help,
      ),
      h(
        "aside",
        { class: "dlb-aside", "aria-label": "Beside the sound" },
        folded,
        h("section", { "aria-label": "Last labels" }, h("h3", {}, "Last labels"), history),
        curve,
      ),
    ),
  );
  root.setAttribute("aria-label", "Sound labeler. Press question mark for the keys.");
  start.addEventListener("click", () => send({ do: "start" }));

  const list = (name) => model.get(name) ?? [];
  const recording = () => Boolean(model.get("recording"));
  const unheard = () => list("said").find(({ n }) => n > (model.get("heard") ?? 0)) ?? null;
  const className = (label) => list("classes")[label] ?? "?";
  const inFocus = () => root.contains(root.getRootNode().activeElement);
  const focus = () => root.focus({ preventScroll: true });

  // ------------------------------------------------------------------------------------------------ to the engine

  function send(what) {
    if (recording()) return say("This is a recording: nothing is labeled here.");
    if (unheard()) return;
    model.set("said", [{ n: (model.get("heard") ?? 0) + 1, ...what }]);
    model.save_changes();
    update();
  }

  function decide(what, event) {
    panel.unlock();
    const target = review ?? model.get("clip");
    if (recording()) return say("This is a recording: nothing is labeled here.");
    if (!target || unheard()) return;
    if (review && !review.change) return say("You are listening again: go back first (Esc).");
    const now = performance.now();
    if (now < (event.detail > 1 ? shownAt + DOUBLE : quietUntil)) return;
    send({ ...what, clip: target.clip, seconds: Math.round(now - shownAt) / 1000 });
  }

  function takeBack(event) {
    if (review) return say("Go back to the clip first (Esc).");
    if (event.detail > 1 && performance.now() < shownAt + DOUBLE) return;
    if (model.get("progress")?.undo) send({ do: "undo" });
    else if (!recording()) say("There is nothing to take back.");
  }

  function addClass(name) {
    if (!name) return;
    adding = false;
    focus();
    send({ do: "class", name });
  }

  /** What a request has done, in words. */
  function outcome({ do: what, label, name: added }) {
    if (what === "label") return `${review ? "Changed to" : "Labeled"} ${className(label)}.`;
    const done = { unsure: "Noted as unsure.", skip: "Skipped.", undo: "Taken back.", start: "Learning starts." };
    return done[what] ?? `Added ${added}.`;
  }

  // ---------------------------------------------------------------------------------------------------- the sounds

  const wanted = () => [review, model.get("clip"), ...list("ahead")].filter(Boolean).map(({ clip }) => clip);
  const sounds = soundStore(model, wanted, (clip) => {
    if (shown?.clip !== clip) return;
    panel.show(sounds.use(clip));
    if (shown.plays) autoplay();
  });

  function autoplay() {
    const other = root.getRootNode().activeElement?.closest?.(".dalbook-labeler");
    if (!other || other === root) panel.play(0); // not over another labeler that is being used
  }

  // ------------------------------------------------------------------------------------------------------- drawing

  function say(text) {
    status.textContent = text;
  }

  /** Draw a part anew only if what it shows has changed, so that the focus stays where it is. */
  function redraw(part, node, data, draw) {
    const key = JSON.stringify(data);
    if (drawn[part] === key) return;
    drawn[part] = key;
    const had = node.contains(root.getRootNode().activeElement);
    node.replaceChildren(...draw());
    if (had && !inFocus()) focus();
  }

  function drawClasses(keys) {
    const buttons = list("classes").map((title, label) =>
      h(
        "button",
        {
          type: "button",
          "data-class": label,
          "aria-keyshortcuts": keys[label],
          onclick: (event) => decide({ do: "label", label }, event),
        },
        ...(keys[label] ? [cap(keys[label].toUpperCase())] : []),
        name(title),
        h("span", { class: "dlb-count", title: "labeled so far" }),
      ),
    );
    if (recording()) return buttons;
    if (!adding) {
      const open = () => {
        adding = true;
        update();
        grid.querySelector("input").focus();
      };
      return [...buttons, h("button", { type: "button", class: "dlb-add", onclick: open }, "+ Add a class")];
    }
    const input = h("input", {
      type: "text",
      "aria-label": "Name of the new class",
      placeholder: "New class",
      maxlength: 80,
    });
    const submit = (event) => {
      event.preventDefault();
      addClass(input.value.trim());
    };
    return [
      ...buttons,
      h("form", { class: "dlb-new", onsubmit: submit }, input, h("button", { type: "submit" }, "Add")),
    ];
  }

  function drawHistory(items) {
    if (!items.length) return [h("li", { class: "dlb-none" }, "Nothing yet.")];
    return items.map((item) => {
      const words = item.status === "labeled" ? className(item.label) : item.status;
      const open = (change) => () => {
        review = { clip: item.clip, id: item.id, words, change };
        update();
        focus();
      };
      const act = (title, change, face) =>
        h("button", { type: "button", "aria-label": title, onclick: open(change) }, face);
      return h(
        "li",
        {},
        act(`Listen again to ${item.id}, ${words}`, false, icon("play")),
        h("span", { class: "dlb-what" }, h("b", {}, words), h("span", { title: item.id }, item.id)),
        ...(recording() ? [] : [act(`Change ${item.id}, ${words}`, true, "Change")]),
      );
    });
  }

  function drawBack() {
    if (!review) return [];
    const words = review.change
      ? `Which class is it? So far: ${review.words}.`
      : `You are listening again. So far: ${review.words}.`;
    const change = () => {
      review = { ...review, change: true };
      update();
      focus();
    };
    return [
      h("p", {}, words),
      ...(review.change || recording() ? [] : [h("button", { type: "button", onclick: change }, "Change")]),
      h("button", { type: "button", onclick: leave }, cap("Esc"), "Back"),
    ];
  }

  function leave() {
    review = null;
    update();
    focus();
  }

  function toggleHelp(open = help.hidden) {
    help.hidden = !open;
    helpButton.setAttribute("aria-expanded", String(open));
  }

  function drawCounts({ labeled = 0, budget = 0, unsure: doubts = 0, skipped = 0, pace, left }) {
    const extra = [
      doubts && `${doubts} unsure`,
      skipped && `${skipped} skipped`,
      pace && `${span(pace)} each`,
      left && labeled < budget && `about ${span(left)} left`,
    ];
    return [
      h("b", {}, `${labeled} of ${budget} labeled`),
      ...extra.filter(Boolean).map((text) => h("span", {}, text)),
    ];
  }

  function showCurrent() {
    const clip = model.get("clip");
    const current = review ?? clip;
    const key = current && `${review ? "again" : "now"} ${current.clip}`;
    if ((shown?.key ?? null) === key) return;
    const first = shown === null;
    const known = current && sounds.use(current.clip);
    shownAt = performance.now();
    quietUntil = shownAt + SETTLE;
    // a page with a recording stays quiet until the reader sets it going
    shown = current ? { key, clip: current.clip, plays: !(first && recording()) } : { key: null };
    if (current) panel.show(known);
    else panel.show(null, "No clip to decide on. You can still listen to your last labels and change them.");
    if (known && shown.plays) autoplay();
  }

  function update() {
    queued = false;
    if (closed) return;
    const progress = model.get("progress") ?? {};
    const wrong = model.get("problem") ?? "";
    const before = request;
    request = unheard();
    if ((model.get("heard") ?? 0) !== heard) {
      heard = model.get("heard") ?? 0;
      quietUntil = performance.now() + SETTLE;
      if (before && !wrong) {
        const next = model.get("clip");
        const to = next ? `${progress.labeled} of ${progress.budget}. Next: ${next.id}` : (progress.words ?? "");
        say(`${outcome(before)} ${to}`);
        review = null;
      } else if (wrong) say("");
      failed = wrong ? before?.do : "";
    }
    if (!request) silent = false;
    if (request?.n !== before?.n) {
      clearTimeout(silence);
      if (request && !recording()) {
        silence = setTimeout(() => {
          silent = true;
          update();
        }, SILENT);
      }
    }

    showCurrent(); // before all else: the next sound is what a person waits for
    const clip = model.get("clip");
    const keys = keysFor(list("classes").length);
    root.dataset.clip = clip?.clip ?? "";
    banner.hidden = !recording();
    redraw("banner", banner, recording(), () => [
      h("p", {}, h("b", {}, "A recording."), " These clips were labeled before. Listen; nothing is labeled here."),
    ]);
    words.textContent = progress.words ?? "";
    training.dataset.on = String(Boolean(progress.training));
    redraw("counts", counts, progress, () => drawCounts(progress));
    meter.replaceChildren(bar(progress.budget ? progress.labeled / progress.budget : 0));
    meter.setAttribute("aria-valuemax", String(progress.budget ?? 0));
    meter.setAttribute("aria-valuenow", String(Math.min(progress.labeled ?? 0, progress.budget ?? 0)));
    start.hidden = !progress.can_start || recording();
    notice.hidden = !model.get("notice");
    notice.textContent = model.get("notice") ?? "";
    const idle = wrong || progress.stage === "done" ? "" : "One moment …";
    question.textContent = review ? "An earlier clip" : clip ? "What do you hear?" : idle;
    file.textContent = (review ?? clip)?.id ?? "";
    file.title = file.textContent;
    back.hidden = !review;
    redraw("back", back, review, drawBack);
    redraw("classes", grid, [list("classes"), adding, recording()], () => drawClasses(keys));
    for (const button of grid.querySelectorAll("[data-class]")) {
      const label = Number(button.dataset.class);
      const count = String(progress.per_class?.[label] ?? 0);
      button.lastChild.textContent = count;
      const key = keys[label] ? `, key ${keys[label]}` : "";
      button.setAttribute("aria-label", `${className(label)}${key}, ${count} labeled`);
      button.classList.toggle("dlb-chosen", request?.do === "label" && request.label === label);
    }
    unsure.classList.toggle("dlb-chosen", request?.do === "unsure");
    skip.classList.toggle("dlb-chosen", request?.do === "skip");
    undo.classList.toggle("dlb-chosen", request?.do === "undo");
    const off = (button, is) => button.setAttribute("aria-disabled", String(Boolean(is)));
    const decidable = !recording() && (review ? review.change : clip);
    for (const button of [...grid.querySelectorAll("[data-class]"), unsure, skip]) off(button, !decidable);
    off(undo, recording() || review || !progress.undo);
    redraw("problem", problem, [wrong, silent, failed], () => complaints(wrong));
    const view = model.get("opinion");
    const fits = view && clip && view.clip === clip.clip;
    redraw("opinion", opinion, [fits && view, list("classes"), clip?.why], () =>
      drawOpinion(fits ? view : null, list("classes"), clip?.why),
    );
    redraw("history", history, [list("history"), list("classes"), recording()], () => drawHistory(list("history")));
    const growth = model.get("curve");
    curve.hidden = !growth;
    redraw("curve", curve, growth, () => (growth ? [h("h3", {}, "Learning curve"), ...drawMineAndRandom(growth)] : []));
    redraw("help", help, keys, () => drawHelp(keys));
    const fresh = quietUntil - performance.now();
    const open = !(review ?? clip) ? "none" : fresh > 0 ? "fresh" : "ready";
    root.dataset.state = request && !recording() ? "waiting" : open;
    clearTimeout(settled);
    if (fresh > 0) settled = setTimeout(update, fresh + 1);
  }

  function complaints(wrong) {
    if (silent) {
      return [
        h("b", {}, "The kernel does not answer."),
        h(
          "p",
          {},
          "What you chose last is not saved yet; everything before it is. The kernel may be busy with another cell: ",
          "then this goes on by itself. If it has stopped, restart it and run the labeler's cell again, and you go on ",
          "at this clip.",
        ),
      ];
    }
    const title = ["class", "start"].includes(failed) ? "That did not work." : "Not saved.";
    return [...(wrong && failed ? [h("b", {}, title)] : []), ...(wrong ? [h("p", {}, wrong)] : [])];
  }

  const soon = () => {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      update();
      sounds.askSoon();
    });
  };

  // --------------------------------------------------------------------------------------------------------- hands

  function escape() {
    if (adding) adding = false;
    else if (!help.hidden) return toggleHelp(false), true;
    else if (review) return leave(), true;
    else if (panel.playing()) return panel.stop(), true;
    else return false;
    update();
    focus();
    return true;
  }

  /** Act on a key; false where it means nothing here. */
  function act(key, event) {
    const label = keysFor(list("classes").length).indexOf(key);
    if (label >= 0) decide({ do: "label", label }, event);
    else if (key === "u") decide({ do: "unsure" }, event);
    else if (key === "s") decide({ do: "skip" }, event);
    else if (key === "Backspace") takeBack(event);
    else if (key === "?") toggleHelp();
    else if (key === " ") panel.play(0);
    else if (key === "ArrowLeft" || key === "ArrowRight") panel.move(key === "ArrowLeft" ? -STEP : STEP);
    else if (key === "Home") panel.seek(0);
    else if (key === "Escape") return escape();
    else return false;
    return true;
  }

  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (target.matches("input[type=text]") && event.key !== "Escape") return event.stopPropagation();
    const key = meaning(event);
    const presses = target.closest("button, summary") && (key === " " || key === "Enter");
    const slides = target.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(key);
    if (key.length === 1) event.stopPropagation(); // a letter that means nothing here may cut a cell elsewhere
    if (slides || (presses && !event.repeat)) return;
    // a held key moves in the sound, and decides nothing more than once
    if (event.repeat && !key.startsWith("Arrow")) {
      const ours = keysFor(list("classes").length).includes(key) || /^([us? ]|Backspace)$/.test(key);
      if (presses || ours) event.preventDefault();
      return;
    }
    if (act(key, event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  root.addEventListener("mousedown", (event) => {
    // pressed by hand, a button does not take the focus: Space is to play the next clip, not to press it again
    if (!event.target.closest("button, summary")) return;
    event.preventDefault();
    focus();
  });

  const events = ["classes", "clip", "ahead", "progress", "history", "opinion", "curve", "problem", "notice"];
  events.push("recording", "heard", "said");
  for (const name of events) model.on(`change:${name}`, soon);
  el.append(root);
  update();
  sounds.ask();

  return () => {
    closed = true;
    for (const name of events) model.off(`change:${name}`, soon);
    for (const timer of [silence, settled]) clearTimeout(timer);
    sounds.close();
    panel.close();
    root.remove();
  };
}

export default { render };
