// The strip above the labeler: who asks, and how the paper's learner begins.

import { h } from "../../labeling/static/labeler_parts.js";
import { button } from "./page_parts.js";

const LEARNERS = {
  herding: [
    "The labeler’s (herding)",
    "It asks from the first clip on, and no label is needed to begin. It has no knobs.",
  ],
  dal: ["The paper’s (DAL)", "It needs labels to begin. Its hypotheses vote, and it has three knobs, below."],
};

/**
 * @param {PageGame} game
 * @param {() => void} focus puts the keys to the labeler
 */
export function drawWho(game, focus) {
  const choices = Object.entries(LEARNERS).map(([who, [title]]) => [who, button(title, () => game.choose(who))]);
  const words = h("p", {});
  const start = drawBegin(game, focus);
  const node = h(
    "section",
    { class: "dalbook-labeler dlb-begin", "aria-label": "Who asks?" },
    h("div", { class: "dlb-row", role: "group", "aria-label": "Who asks?" }, h("b", {}, "Who asks?"),
      ...choices.map(([, choice]) => choice)),
    words,
    h("p", { class: "dlb-small" }, "Change it whenever you like: your labels stay, the other one learns from them, ",
      "and its curve begins there. To compare both from the start, start over."),
    start,
  );
  const update = () => {
    for (const [who, choice] of choices) choice.setAttribute("aria-pressed", String(who === game.who));
    words.textContent = LEARNERS[game.who][1];
    start.hidden = Boolean(game.session.begun);
  };
  game.on("change:inside", update);
  update();
  return node;
}

/** For a learner that needs labels to begin, until it has. */
function drawBegin(game, focus) {
  const classes = game.data.classes.length;
  const begin = () => {
    game.begin();
    focus();
  };
  return h(
    "div",
    { class: "dlb-quick" },
    h("p", {}, h("b", {}, "Begin quickly. "), `Let the truth label one typical clip of each of the ${classes} classes.`,
      " Then the model learns, and asks you."),
    button("Begin where the model asks", begin, { class: "dlb-go" }),
    h("p", { class: "dlb-small" }, "Or label the typical clips yourself, below: learning starts when each class has a ",
      "label, or when you press “Start learning now”."),
  );
}
