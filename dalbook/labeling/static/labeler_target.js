// A session about one sound: in which order its clips come, and how many are left.

import { h } from "./labeler_parts.js";

/** The strip with the orders, the one that is on pressed. */
export function drawTarget({ target }, { send }) {
  if (!target) return [];
  const { mode, orders, words } = target;
  const choice = (name) =>
    h(
      "button",
      { type: "button", "aria-pressed": String(name === mode), onclick: () => send({ do: "order", mode: name }) },
      name[0].toUpperCase() + name.slice(1),
    );
  return [
    h("p", {}, words),
    h("div", { class: "dlb-orders", role: "group", "aria-label": "Which clips come first" }, ...orders.map(choice)),
  ];
}
