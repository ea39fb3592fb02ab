// The knobs of the paper's learner; the other one has none, and says so.

import { h } from "../../labeling/static/labeler_parts.js";
import { button, once } from "./page_parts.js";

const ALPHAS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const MASKS = [2, 4, 8, 16, 32, 64, 128, 256];
const THRESHOLDS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1];

/** Sliders for Θ, α and |D|, what they do now, and the way back. */
export function drawKnobs(game) {
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
  const none = h("p", { class: "dlb-small" }, "It has none: what it asks and learns follows from the labels alone. ",
    "The paper’s learner has three, Θ, α and |D|; choose it at the top to turn them.");
  const turned = [...knobs.map((one) => one.node), effect, button("Back to the start values", reset)];
  const update = () => {
    const { opinion, who } = game;
    none.hidden = who === "dal";
    for (const node of turned) node.hidden = who !== "dal";
    for (const one of knobs) one.show();
    effect.textContent = opinion?.places ? effects(opinion) : "They act once the model has begun to learn.";
  };
  game.on("change:inside", once(update));
  update();
  return [none, ...turned];
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
