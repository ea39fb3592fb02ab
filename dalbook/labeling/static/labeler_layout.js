// Where everything stands: the labeler's elements, empty.

import { cap, h } from "./labeler_parts.js";
import { likeButton } from "./labeler_search.js";

const part = (name, tag = "div", attributes = {}) => h(tag, { class: `dlb-${name}`, ...attributes });
const verdict = (name, key) => h("button", { type: "button" }, cap(key), h("span", {}, name));

/**
 * All elements by name, `root` around them.
 *
 * @param {Element} sound the sound panel's
 */
export function buildLayout(sound) {
  const nodes = {
    banner: part("banner", "div", { hidden: true }),
    words: part("words", "span"),
    training: h("span", { class: "dlb-training" }, "learning …"),
    counts: part("counts", "p"),
    meter: part("meter", "div", { role: "progressbar", "aria-label": "Clips labeled", "aria-valuemin": "0" }),
    notice: part("notice", "p", { hidden: true }),
    start: h("button", { type: "button", class: "dlb-start", hidden: true }, "Start learning now"),
    question: part("question", "p"),
    file: part("file", "p"),
    named: h("button", { type: "button", class: "dlb-named" }),
    like: likeButton(),
    target: part("search", "div", { hidden: true }),
    search: part("search", "div", { hidden: true }),
    back: part("back", "div", { hidden: true }),
    grid: part("classes", "div", { role: "group", "aria-label": "Classes" }),
    unsure: verdict("Unsure", "U"),
    skip: verdict("Skip", "S"),
    undo: verdict("Undo", "⌫"),
    helpButton: verdict("Keys", "?"),
    problem: part("problem", "div", { role: "alert" }),
    status: part("status", "p", { role: "status" }),
    help: part("help", "div", { role: "region", "aria-label": "Keys", hidden: true }),
    opinion: part("opinion"),
    filter: part("filter", "input", { type: "text", "aria-label": "Find a decision", placeholder: "Find: class, status, name" }),
    history: part("history", "ol", { "aria-label": "Last decisions, newest first" }),
    curve: part("curve", "section", { hidden: true, "aria-label": "Learning curve" }),
  };
  const stage = h("p", { class: "dlb-stage" }, nodes.words, nodes.training);
  const verdicts = [nodes.unsure, nodes.skip, nodes.undo, nodes.helpButton];
  const main = h(
    "div",
    { class: "dlb-main" },
    h("div", { class: "dlb-title" }, nodes.question, nodes.named, nodes.like, nodes.file),
    nodes.target,
    nodes.search,
    nodes.back,
    sound,
    nodes.problem,
    nodes.grid,
    h("div", { class: "dlb-verdicts", role: "group", "aria-label": "No class" }, ...verdicts),
    nodes.status,
    nodes.help,
  );
  const beside = h(
    "aside",
    { class: "dlb-aside", "aria-label": "Beside the sound" },
    h("details", {}, h("summary", {}, "What does the model think?"), nodes.opinion),
    h("section", { "aria-label": "Last labels" }, h("h3", {}, "Last labels"), nodes.filter, nodes.history),
    nodes.curve,
  );
  const head = h("header", { class: "dlb-head" }, stage, nodes.counts, nodes.meter, nodes.start);
  const root = h(
    "div",
    // JupyterLab leaves its one-letter shortcuts alone below this attribute
    { class: "dalbook-labeler", tabindex: "0", role: "group", "data-lm-suppress-shortcuts": "true" },
    h("div", { class: "dlb-sheet" }, nodes.banner, head, nodes.notice, main, beside),
  );
  root.setAttribute("aria-label", "Sound labeler. Press question mark for the keys.");
  return { ...nodes, root };
}

/** A function that draws a part anew only if what it shows has changed, so that the focus stays where it is. */
export function redrawer(root, focus) {
  const drawn = new Map(); // element -> what it was last drawn from
  const active = () => root.getRootNode().activeElement;
  return (node, data, draw) => {
    const key = JSON.stringify(data);
    if (drawn.get(node) === key) return;
    drawn.set(node, key);
    const had = node.contains(active());
    node.replaceChildren(...draw());
    if (had && !root.contains(active())) focus();
  };
}
