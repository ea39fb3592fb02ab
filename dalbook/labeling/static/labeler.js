// The labeler's user interface, for anywidget. What stands behind it is any object with get, set, save_changes, on, off
// and send: Python in a notebook, a recording or a learner of its own in the built book.

import { answers } from "./labeler_answers.js";
import { drawMineAndRandom, drawOpinion } from "./labeler_beside.js";
import { classGrid } from "./labeler_classes.js";
import { clipOnScreen } from "./labeler_clip.js";
import { decisions } from "./labeler_decisions.js";
import { decided } from "./labeler_history.js";
import { drawHelp, keysFor, listenToKeys } from "./labeler_keys.js";
import { buildLayout, redrawer } from "./labeler_layout.js";
import { h, icon } from "./labeler_parts.js";
import { showProgress } from "./labeler_progress.js";
import { searching } from "./labeler_search.js";
import { soundPanel } from "./labeler_sound.js";
import { drawTarget } from "./labeler_target.js";
import { Traits } from "./labeler_traits.js";

export function render({ model, el }) {
  const traits = new Traits(model);
  const panel = soundPanel();
  const layout = buildLayout(panel.node);
  const { root } = layout;
  const state = {
    review: null, // an earlier decision listened to again: {clip, id, words, change}
    adding: false, // whether a class is being named
    filter: "", // words that a decision in the list must have
    named: false, // whether clips' names are shown, which may give the class away
    shownAt: 0, // when the clip came on screen, as performance.now()
    quietUntil: 0, // until then a decision was meant for the clip before
  };
  let settled = 0; // timer
  let queued = false;
  let closed = false;

  const say = (text) => (layout.status.textContent = text);
  const focus = () => root.focus({ preventScroll: true });
  const redraw = redrawer(root, focus);
  const ui = { traits, state, panel, layout, say, focus, redraw, update };
  const hands = decisions(ui);
  const answer = answers(ui);
  const grid = classGrid(ui, hands);
  const { like, likeThis, drawSearch } = searching(ui, hands);
  ui.finder = (clip, title) => {
    const face = { type: "button", "aria-label": title, onclick: () => like(clip) };
    return traits.canSearch ? [h("button", face, icon("search"))] : [];
  };
  const { drawHistory, drawBack, leave } = decided(ui);
  const { show, sounds } = clipOnScreen(ui);
  ui.sounds = sounds;
  listenToKeys(ui, { ...hands, likeThis }, leave);

  function update() {
    queued = false;
    if (closed) return;
    answer.take();
    show(); // before all else: the next sound is what a person waits for
    const keys = traits.target ? ["y", "n"] : keysFor(traits.classes.length);
    showProgress(ui);
    showTitle();
    redraw(layout.back, state.review, drawBack);
    redraw(layout.grid, [traits.classes, state.adding, traits.recording, !traits.target], () => grid.draw(keys));
    showDecisions(keys);
    redraw(layout.problem, answer.problem, answer.drawProblem);
    showBeside();
    redraw(layout.help, keys, () => drawHelp(keys));
    showState();
  }

  function showTitle() {
    const { clip, problem, progress } = traits;
    root.dataset.clip = clip?.clip ?? "";
    const idle = problem || progress.stage === "done" ? "" : "One moment …";
    layout.question.textContent = state.review ? "An earlier clip" : clip ? "What do you hear?" : idle;
    const id = (state.review ?? clip)?.id ?? "";
    layout.file.textContent = layout.file.title = state.named ? id : "";
    layout.file.hidden = !state.named;
    layout.named.textContent = state.named ? "Hide the name" : "Show the name";
    layout.named.setAttribute("aria-expanded", String(state.named));
    layout.named.hidden = !id;
    layout.back.hidden = !state.review;
    layout.like.hidden = !traits.canSearch || !id;
    layout.search.hidden = !traits.search;
    layout.target.hidden = !traits.target;
    redraw(layout.target, traits.target, () => drawTarget(traits, hands));
    redraw(layout.search, [traits.search, traits.classes], drawSearch);
  }

  /** Which decision is on its way, and which can be made now. */
  function showDecisions(keys) {
    const { request } = answer;
    const target = state.review ?? traits.clip;
    const decidable = Boolean(!traits.recording && (state.review ? state.review.change : target));
    const hearable = decidable && !sounds.lack(target.clip);
    grid.mark(keys, request, hearable);
    for (const name of ["unsure", "skip", "undo"]) layout[name].classList.toggle("dlb-chosen", request?.do === name);
    const off = (button, is) => button.setAttribute("aria-disabled", String(Boolean(is)));
    off(layout.unsure, !hearable);
    off(layout.skip, !decidable);
    off(layout.undo, traits.recording || state.review || !traits.progress.undo);
  }

  function showBeside() {
    const { classes, clip, curve, history, opinion, recording } = traits;
    const own = opinion && clip && opinion.clip === clip.clip ? opinion : null;
    redraw(layout.opinion, [own, classes, clip?.why], () => drawOpinion(own, classes, clip?.why));
    redraw(layout.history, [history, classes, recording, state.named, state.filter], drawHistory);
    layout.curve.hidden = !curve;
    redraw(layout.curve, curve, () => (curve ? [h("h3", {}, "Learning curve"), ...drawMineAndRandom(curve)] : []));
  }

  /** For those who wait for it from outside: whether a request waits, a clip is too fresh or unheard, or none is there. */
  function showState() {
    const fresh = state.quietUntil - performance.now();
    const target = state.review ?? traits.clip;
    const loading = target && sounds.lack(target.clip) === "loading";
    const open = !target ? "none" : fresh > 0 ? "fresh" : loading ? "loading" : "ready";
    root.dataset.state = answer.request && !traits.recording ? "waiting" : open;
    clearTimeout(settled);
    if (fresh > 0) settled = setTimeout(update, fresh + 1);
  }

  layout.named.addEventListener("click", () => {
    state.named = !state.named;
    update();
  });
  const deaf = traits.listen(() => {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      update();
      sounds.askSoon();
    });
  });
  el.append(root);
  update();
  sounds.ask();

  return () => {
    closed = true;
    deaf();
    clearTimeout(settled);
    answer.close();
    sounds.close();
    panel.close();
    root.remove();
  };
}

export default { render };
