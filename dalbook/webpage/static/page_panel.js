// Around the labeler: the learning curve, and what goes on inside the learner.

import { drawOpinion } from "../../labeling/static/labeler_beside.js";
import { h } from "../../labeling/static/labeler_parts.js";
import { curveWords, drawCurve, legend } from "./page_curve.js";
import { drawKeep } from "./page_keep.js";
import { drawKnobs } from "./page_knobs.js";
import { ClipMap } from "./page_map.js";
import { button, once, section } from "./page_parts.js";

const MORE = 10; // labels at one press

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

/** What the model says, map and knobs, and what becomes of the labels. */
export function drawPanel(game, colors, listen) {
  const votes = h("div", { class: "dlb-opinion" });
  const map = new ClipMap(game, colors, listen);
  const node = h(
    "div",
    { class: "dalbook-labeler dlb-inside", role: "group", "aria-label": "Inside the learner" },
    h("h3", { class: "dlb-heading" }, "Inside the learner"),
    h(
      "div",
      { class: "dlb-column" },
      section("What the model says of this clip", votes),
      section("Map of the clips", map.node),
    ),
    h(
      "div",
      { class: "dlb-column" },
      section("Turn its knobs", ...drawKnobs(game)),
      section("Your labels", ...drawKeep(game)),
    ),
  );
  const update = () => {
    const { opinion, session } = game;
    map.draw();
    const own = opinion?.of.get(session.shown?.clip);
    votes.replaceChildren(...drawVotes(own, game.get("classes"), colors, session));
    if (opinion) node.dataset.round = opinion.round;
  };
  game.on("change:inside", once(update));
  update();
  return node;
}

function drawVotes(own, classes, colors, { begun, shown }) {
  if (!begun) return [h("p", { class: "dlb-small" }, "There is no model yet.")];
  if (!own) return [h("p", { class: "dlb-small" }, shown ? "One moment …" : "No clip is on screen.")];
  return drawOpinion({ ...own, words: own.masks ? entropyWords(own) : likeliest(own, classes) }, classes, "", colors);
}

function entropyWords({ votes, entropy, rank, of }) {
  const most = Math.log(votes.length).toFixed(2);
  const nats = `${entropy.toFixed(2)} nats (0: all agree, ${most}: each class gets as many)`;
  return `Vote entropy ${nats}, rank ${rank} of ${of}.`;
}

function likeliest({ votes }, classes) {
  const most = Math.max(...votes);
  if (most === Math.min(...votes)) return "It has no label yet: each class is as likely as another.";
  if (most === 1) return "It has labels of one class only, and knows no other.";
  return `It takes it for ${classes[votes.indexOf(most)]}, with a probability of ${Math.round(100 * most)} %.`;
}
