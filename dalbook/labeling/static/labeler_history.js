// The last decisions, to listen to again and to change.

import { cap, h, icon } from "./labeler_parts.js";

const DRAWN = 50; // decisions; more are found by a word

/** The list of decisions, of all or of those that have all words of the filter in class, status or name; and the strip that leads back from one of them. */
export function decided({ traits, state, layout, update, focus, finder }) {
  /** Show an earlier decision's clip, {clip, id, words, change}; null: the clip that is due. */
  function open(review) {
    state.review = review;
    update();
    focus();
  }

  function drawHistory() {
    const items = traits.history;
    if (!items.length) return [h("li", { class: "dlb-none" }, "Nothing yet.")];
    const sought = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const { labeled = 0, unsure = 0, skipped = 0 } = traits.progress;
    const all = labeled + unsure + skipped;
    const has = ({ id, label, status }) => {
      const all = `${status === "labeled" ? traits.className(label) : ""} ${status} ${id}`.toLowerCase();
      return sought.every((word) => all.includes(word));
    };
    const matches = items.map((item, place) => ({ ...item, place })).filter(has);
    const more = matches.length - DRAWN;
    const rest = more > 0 ? [h("li", { class: "dlb-none" }, `${more} more: find them by class, status or name.`)] : [];
    if (!matches.length) return [h("li", { class: "dlb-none" }, "No decision has all of these words.")];
    const drawn = matches.slice(0, DRAWN).map(({ clip, id: full, label, status, place }) => {
      const words = status === "labeled" ? traits.className(label) : status;
      const id = state.named ? full : `decision ${Math.max(all, items.length) - place}`;
      const act = (title, change, face) =>
        h("button", { type: "button", "aria-label": title, onclick: () => open({ clip, id: full, words, change }) }, face);
      return h(
        "li",
        {},
        act(`Listen again to ${id}, ${words}`, false, icon("play")),
        h("span", { class: "dlb-what" }, h("b", {}, words), h("span", { title: id }, id)),
        ...finder(clip, `More like ${id}, ${words}`),
        ...(traits.recording ? [] : [act(`Change ${id}, ${words}`, true, "Change")]),
      );
    });
    return [...drawn, ...rest];
  }

  function drawBack() {
    const { review } = state;
    if (!review) return [];
    const words = review.change
      ? `Which class is it? So far: ${review.words}.`
      : `You are listening again. So far: ${review.words}.`;
    const change = () => open({ ...state.review, change: true });
    return [
      h("p", {}, words),
      ...(review.change || traits.recording ? [] : [h("button", { type: "button", onclick: change }, "Change")]),
      h("button", { type: "button", onclick: () => open(null) }, cap("Esc"), "Back"),
    ];
  }

  layout.filter.addEventListener("input", () => {
    state.filter = layout.filter.value;
    update();
  });
  return { drawHistory, drawBack, leave: () => open(null) };
}
