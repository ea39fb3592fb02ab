// A button for each class, with its key and its count, and the way to add a class.

import { cap, h, name } from "./labeler_parts.js";

/** The class buttons; `draw` is called when a class, the recording or the form is new, `mark` at each change. */
export function classGrid({ traits, state, layout, update }, { decide, addClass }) {
  const { grid } = layout;

  const button = (title, label, key) =>
    h(
      "button",
      {
        type: "button",
        "data-class": label,
        "aria-keyshortcuts": key,
        onclick: (event) => decide({ do: "label", label }, event),
      },
      ...(key ? [cap(key.toUpperCase())] : []),
      name(title),
      h("span", { class: "dlb-count", title: "labeled so far" }),
    );

  function adder() {
    const open = () => {
      state.adding = true;
      update();
      grid.querySelector("input").focus();
    };
    if (!state.adding) return h("button", { type: "button", class: "dlb-add", onclick: open }, "+ Add a class");
    const named = { type: "text", "aria-label": "Name of the new class", placeholder: "New class", maxlength: 80 };
    const input = h("input", named);
    const submit = (event) => {
      event.preventDefault();
      addClass(input.value.trim());
    };
    return h("form", { class: "dlb-new", onsubmit: submit }, input, h("button", { type: "submit" }, "Add"));
  }

  function draw(keys) {
    const buttons = traits.classes.map((title, label) => button(title, label, keys[label]));
    return traits.recording || traits.target ? buttons : [...buttons, adder()];
  }

  /** Counts, the class chosen last, and whether a decision can be made now. */
  function mark(keys, request, decidable) {
    for (const node of grid.querySelectorAll("[data-class]")) {
      const label = Number(node.dataset.class);
      const count = String(traits.progress.per_class?.[label] ?? 0);
      node.lastChild.textContent = count;
      const key = keys[label] ? `, key ${keys[label]}` : "";
      node.setAttribute("aria-label", `${traits.className(label)}${key}, ${count} labeled`);
      node.classList.toggle("dlb-chosen", request?.do === "label" && request.label === label);
      node.setAttribute("aria-disabled", String(!decidable));
    }
  }

  return { draw, mark };
}
