// Around the labeler: how to begin, and what goes on inside the learner.

import { h } from "./labeler_parts.js";
import { curveWords, drawCurve, legend } from "./page_curve.js";
import { ClipMap } from "./page_map.js";

const ALPHAS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const MASKS = [2, 4, 8, 16, 32, 64, 128, 256];
const THRESHOLDS = Array.from({ length: 21 }, (_, i) => i / 20);
const MORE = 10; // labels at one press

const say = (name) => name.replaceAll("_", " ");
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
    h("p", {}, h("b", {}, "Begin quickly. "), `Let the truth label one typical clip of each of the ${classes} classes. `,
      "Then the model learns, and asks you."),
    button("Begin where the model asks", begin, { class: "dlb-go" }),
    h("p", { class: "dlb-small" }, "Or label the typical clips yourself, below: learning starts when each class has a ",
      "label, or when you press “Start learning now”."),
  );
  game.on("change:inside", () => (node.hidden = Boolean(game.session.begun)));
  node.hidden = Boolean(game.session.begun);
  return node;
}

/** Votes, map, curve, sliders, and what else there is to do. */
export function drawPanel(game, colors, listen) {
  const section = (title, ...children) => h("section", { "aria-label": title }, h("h4", {}, title), ...children);
  const votes = h("div", { class: "dlb-opinion" });
  const map = new ClipMap(game, colors, listen);
  const curve = h("div", { class: "dlb-curve dlb-growth" });
  const words = h("p", { class: "dlb-result" });
  const oracle = button(`Let the oracle label ${MORE}`, () => game.oracle(MORE));
  const random = button(`Random picking: label ${MORE}`, () => game.random(MORE));
  const sliders = [
    slider("Θ", "how sure the model must be before it learns from its own guess", THRESHOLDS, "threshold", (value) => value.toFixed(2)),
    slider("α", "how much such a guess weighs, next to a label", ALPHAS, "alpha", String),
    slider("|D|", "how many hypotheses vote", MASKS, "masks", String),
  ];
  const effect = h("p", { class: "dlb-small" });
  const node = h(
    "div",
    { class: "dalbook-labeler dlb-inside", role: "group", "aria-label": "Inside the learner" },
    h("h3", { class: "dlb-heading" }, "Inside the learner"),
    h("div", { class: "dlb-column" },
      section("Your learning curve", curve, legend(), words, h("div", { class: "dlb-row" }, oracle, random)),
      section("Turn its knobs", ...sliders.map((one) => one.node), effect, button("Back to the start values", reset))),
    h("div", { class: "dlb-column" },
      section("What the hypotheses say of this clip", votes),
      section("Map of the clips", map.node),
      section("Your labels", ...keep(game))),
  );

  function slider(symbol, meaning, values, name, text) {
    const id = `dlb-${name}-${Math.random().toString(36).slice(2)}`;
    const out = h("output", { for: id });
    const input = h("input", { type: "range", id, min: 0, max: values.length - 1, step: 1 });
    const show = () => {
      const at = values.reduce((best, value, i) =>
        Math.abs(value - game.config[name]) < Math.abs(values[best] - game.config[name]) ? i : best, 0);
      input.value = String(at);
      out.textContent = text(values[at]);
      input.setAttribute("aria-valuetext", `${symbol} ${text(values[at])}`);
    };
    input.addEventListener("input", () => game.configure({ [name]: values[input.value] }));
    show();
    const label = h("label", { for: id }, h("b", {}, symbol), ` ${meaning}`);
    return { node: h("div", { class: "dlb-knob" }, label, out, input), show };
  }

  function reset() {
    const { threshold, alpha, masks } = game.data.config;
    game.configure({ threshold, alpha, masks });
  }

  let seen = "";
  function update() {
    map.draw();
    for (const one of sliders) one.show();
    const { opinion, session } = game;
    const own = opinion?.of.get(session.shown?.clip);
    votes.replaceChildren(...drawVotes(own, game.data.classes, colors, Boolean(session.begun)));
    for (const one of [oracle, random]) one.setAttribute("aria-disabled", String(!opinion));
    const state = JSON.stringify([game.curve, curve.clientWidth]);
    if (state !== seen && curve.clientWidth) {
      seen = state;
      curve.replaceChildren(...(game.curve.mine.length ? [drawCurve(game.curve, curve.clientWidth)] : []));
      words.textContent = curveWords(game.curve);
    }
    if (opinion) node.dataset.round = opinion.round;
    effect.textContent = opinion
      ? `Now the model is sure enough of ${opinion.pseudo.size} clips without a label. In a minibatch of ` +
        `${opinion.places[0] + opinion.places[1]} places, ${opinion.places[1]} go to them.`
      : "They act once the model has begun to learn.";
  }

  let queued = false;
  const soon = () => {
    if (queued) return;
    queued = true;
    queueMicrotask(() => {
      queued = false;
      update();
    });
  };
  game.on("change:inside", soon);
  new ResizeObserver(soon).observe(curve);
  update();
  return node;
}

function drawVotes(own, classes, colors, begun) {
  if (!own) return [h("p", { class: "dlb-small" }, begun ? "One moment …" : "There is no model yet.")];
  const order = own.votes.map((count, label) => [count, label]).filter(([count]) => count);
  order.sort((a, b) => b[0] - a[0]);
  const most = Math.log(classes.length).toFixed(2);
  return [
    h("ul", { class: "dlb-votes", "aria-label": `Votes of ${own.masks} hypotheses` },
      ...order.map(([count, label]) => h("li", {}, h("span", {}, say(classes[label])),
        h("span", { class: "dlb-count" }, `${count} of ${own.masks}`),
        h("span", { class: "dlb-bar", "aria-hidden": "true" },
          h("span", { style: `width: ${(100 * count) / own.masks}%; background: ${colors[label]}` }))))),
    h("p", { class: "dlb-small" }, `Vote entropy ${own.entropy.toFixed(2)} nats (0: all agree, ${most}: each class gets `,
      `as many), rank ${own.rank} of ${own.of}.`),
  ];
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
  const close = () => {
    sure.hidden = true;
    over.focus();
  };
  const yes = () => {
    game.startOver();
    close();
  };
  sure.append(h("span", {}, "All labels of this page are forgotten. Sure?"), button("Yes, start over", yes), button("No", close));
  sure.addEventListener("keydown", ({ key }) => key === "Escape" && close());
  return [
    h("p", { class: "dlb-small" }, "They stay in this browser; a reload goes on. The file is the labeler's: in a notebook, ",
      h("code", {}, 'Labeler(corpus, out="toy-city-labels.csv")'), " goes on with it."),
    h("div", { class: "dlb-row" }, button("Download labels", save), over),
    sure,
  ];
}
