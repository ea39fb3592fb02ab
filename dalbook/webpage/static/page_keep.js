// What becomes of the labels: they are counted, downloaded, forgotten.

import { h } from "../../labeling/static/labeler_parts.js";
import { button, once } from "./page_parts.js";
import { TRUTH } from "./page_session.js";

const ENOUGH = 5; // answers that are counted

/** Download and start over, with the question on the page itself. */
export function drawKeep(game) {
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
