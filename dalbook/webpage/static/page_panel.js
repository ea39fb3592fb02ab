// Around the labeler: how to begin, and what goes on inside the learner.

import { drawOpinion } from "../../labeling/static/labeler_beside.js";
import { h } from "../../labeling/static/labeler_parts.js";
import { curveWords, drawCurve, legend } from "./page_curve.js";
import { ClipMap } from "./page_map.js";
import { TRUTH } from "./page_session.js";

const ALPHAS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const MASKS = [2, 4, 8, 16, 32, 64, 128, 256];
const THRESHOLDS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];
const MORE = 10; // labels at one press
const ENOUGH = 5; // answers that are counted

const button = (words, act, attributes = {}) => h("button", { type: "button", onclick: act, ...attributes }, words);

/** The strip above the labeler, until the model learns. */
export function drawBegin(game, focus) {
  const classes = game.data.classes.length;
  const begin = () => {
    game.begin();
    focus();
  };
  const node = h(
    "section",
    { class: "dalbook-labeler dlb-begin", "aria-label": "How to begin" },
    h("p", {}, h("b", {}, "Begin quickly. "), `Let the truth label one typical clip of each of the ${classes} classes.`,
      " Then the model learns, and asks you."),
    button("Begin where the model asks", begin, { class: "dlb-go" }),
    h("p", { class: "dlb-small" }, "Or label the typical clips yourself, below: learning starts when each class has a ",
      "label, or when you press “Start learning now”."),
  );
  game.on("change:inside", () => (node.hidden = Boolean(game.session.begun)));
  node.hidden = Boolean(game.session.begun);
  return node;
}

/** The learning curve, what it says, and who may label ten more: it stands beside the sound. */
export function drawGrowth(game) {
  const curve = h("div", { class: "dlb-growth" });
  const words = h("p", { class: "dlb-result" }, curveWords(game.curve));
  const lines = legend();
  const oracle = button(`Let the oracle label ${MORE}`, () => game.opinion && game.oracle(MORE));
  const random = button(`Random picking: label ${MORE}`, () => game.opinion && game.random(MORE));
  let [drawn, width] = ["", 0];
  const update = () => {
    for (const one of [oracle, random]) one.setAttribute("aria-disabled", String(!game.opinion));
    lines.hidden = !game.curve.mine.length;
    const state = JSON.stringify([game.curve, width]);
    if (state === drawn || !width) return;
    drawn = state;
    curve.replaceChildren(...(game.curve.mine.length ? [drawCurve(game.curve, width)] : []));
    words.textContent = curveWords(game.curve);
  };
  const soon = once(update);
  game.on("change:inside", soon);
  new ResizeObserver(([entry]) => {
    width = Math.floor(entry.contentRect.width);
    soon();
  }).observe(curve);
  return section("Your learning curve", curve, lines, words, h("div", { class: "dlb-row" }, oracle, random));
}

/** Votes, map and knobs, and what becomes of the labels. */
export function drawPanel(game, colors, listen) {
  const votes = h("div", { class: "dlb-opinion" });
  const map = new ClipMap(game, colors, listen);
  const effect = h("p", { class: "dlb-small" });
  const knobs = [
    knob(game, "Θ", "how sure the model must be before it learns from its own guess", THRESHOLDS, "threshold"),
    knob(game, "α", "how much such a guess weighs, next to a label", ALPHAS, "alpha"),
    knob(game, "|D|", "how many hypotheses vote", MASKS, "masks"),
  ];
  const reset = () => {
    const { threshold, alpha, masks } = game.data.config;
    game.configure({ threshold, alpha, masks });
  };
  const node = h(
    "div",
    { class: "dalbook-labeler dlb-inside", role: "group", "aria-label": "Inside the learner" },
    h("h3", { class: "dlb-heading" }, "Inside the learner"),
    h(
      "div",
      { class: "dlb-column" },
      section("What the hypotheses say of this clip", votes),
      section("Map of the clips", map.node),
    ),
    h(
      "div",
      { class: "dlb-column" },
      section("Turn its knobs", ...knobs.map((one) => one.node), effect, button("Back to the start values", reset)),
      section("Your labels", ...keep(game)),
    ),
  );
  const update = () => {
    const { opinion, session } = game;
    map.draw();
    for (const one of knobs) one.show();
    const own = opinion?.of.get(session.shown?.clip);
    votes.replaceChildren(...drawVotes(own, game.get("classes"), colors, session));
    if (opinion) node.dataset.round = opinion.round;
    effect.textContent = opinion ? effects(opinion) : "They act once the model has begun to learn.";
  };
  game.on("change:inside", once(update));
  update();
  return node;
}

/** Do it once after all that happens now, and after the labeler has shown the next clip. */
function once(act) {
  let queued = 0;
  return () => {
    clearTimeout(queued);
    queued = setTimeout(act);
  };
}

function section(title, ...children) {
  return h("section", { "aria-label": title }, h("h4", {}, title), ...children);
}

/** A slider over some values of a parameter. */
function knob(game, symbol, meaning, values, name) {
  const id = `dlb-${name}`;
  const out = h("output", { for: id });
  const input = h("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
  const far = (i) => Math.abs(values[i] - game.config[name]);
  const show = () => {
    const at = [...values.keys()].reduce((best, i) => (far(i) < far(best) ? i : best));
    input.value = String(at);
    out.textContent = String(values[at]);
    input.setAttribute("aria-valuetext", `${symbol} ${values[at]}`);
  };
  input.addEventListener("input", () => game.configure({ [name]: values[input.value] }));
  show();
  const label = h("label", { for: id }, h("b", {}, symbol), ` ${meaning}`);
  return { node: h("div", { class: "dlb-knob" }, label, out, input), show };
}

function effects({ pseudo, places: [labels, guesses] }) {
  const sure = `Now the model is sure enough of ${pseudo.size} clips without a label.`;
  return `${sure} Of the ${labels + guesses} places in a minibatch, ${guesses} go to such guesses.`;
}

function drawVotes(own, classes, colors, { begun, shown }) {
  if (!begun) return [h("p", { class: "dlb-small" }, "There is no model yet.")];
  if (!own) return [h("p", { class: "dlb-small" }, shown ? "One moment …" : "No clip is on screen.")];
  const most = Math.log(classes.length).toFixed(2);
  const nats = `${own.entropy.toFixed(2)} nats (0: all agree, ${most}: each class gets as many)`;
  return drawOpinion({ ...own, words: `Vote entropy ${nats}, rank ${own.rank} of ${own.of}.` }, classes, "", colors);
}

/** Download and start over, with the question on the page itself. */
function keep(game) {
  const save = () => {
    const url = URL.createObjectURL(new Blob([game.csv()], { type: "text/csv" }));
    h("a", { href: url, download: "toy-city-labels.csv" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  const sure = h("div", { class: "dlb-row", hidden: true, role: "alertdialog", "aria-label": "Start over?" });
  const over = button("Start over", () => {
    sure.hidden = false;
    sure.querySelector("button:last-child").focus();
  });
  const right = h("p", {});
  game.on("change:inside", once(() => (right.textContent = answers(game))));
  const close = () => {
    sure.hidden = true;
    over.focus();
  };
  const yes = () => {
    game.startOver();
    close();
  };
  const asked = h("span", {}, "All labels of this page are forgotten. Sure?");
  sure.append(asked, button("Yes, start over", yes), button("No", close));
  sure.addEventListener("keydown", ({ key }) => key === "Escape" && close());
  return [
    right,
    h("p", { class: "dlb-small" }, "They stay in this browser; a reload goes on. The file is the labeler's: in a ",
      "notebook, ", h("code", {}, 'Labeler(corpus, out="toy-city-labels.csv")'), " goes on with it."),
    h("div", { class: "dlb-row" }, button("Download labels", save), over),
    sure,
  ];
}

/** How many of the reader's own answers are right, once that gives away no single one. */
function answers({ session, data }) {
  const own = [...session.standing].filter(([, row]) => row.label != null && row.annotator !== TRUTH);
  if (own.length < ENOUGH) return "";
  const right = own.filter(([clip, row]) => data.truth[clip] === row.label).length;
  return `${right} of your ${own.length} own answers are what the truth says.`;
}
