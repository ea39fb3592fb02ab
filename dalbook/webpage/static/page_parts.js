// What the strip, the panel and the curve are made of.

import { h } from "../../labeling/static/labeler_parts.js";

export function button(words, act, attributes = {}) {
  return h("button", { type: "button", onclick: act, ...attributes }, words);
}

export function section(title, ...children) {
  return h("section", { "aria-label": title }, h("h4", {}, title), ...children);
}

/** Do it once after all that happens now, and after the labeler has shown the next clip. */
export function once(act) {
  let queued = 0;
  return () => {
    clearTimeout(queued);
    queued = setTimeout(act);
  };
}
