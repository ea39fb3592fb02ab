// The elements that the labeler is drawn with. Names of classes and files stay text, never markup.

const ICONS = {
  play: "M8 5v14l11-7z",
  pause: "M7 5h4v14H7zM13 5h4v14h-4z",
  loop: "M7 7h10v3l4-4-4-4v3H5v6h2zm10 10H7v-3l-4 4 4 4v-3h12v-6h-2z",
  search: "M10 4a6 6 0 1 0 3.7 10.7L19 20l1.4-1.4-5.3-5.3A6 6 0 0 0 10 4zm0 2a4 4 0 1 1 0 8 4 4 0 0 1 0-8z",
  sound: "M4 9v6h4l5 5V4L8 9zm12-1v8a4.5 4.5 0 0 0 0-8z",
};

/** An element; attributes that start with "on" are listeners, and children that are strings stay text. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

export function s(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A name that may break after what joins its words; all of it stays text. */
export const name = (words) =>
  h("span", { class: "dlb-name" }, ...words.match(/[^_/.-]*[_/.-]?/g).flatMap((part) => [part, h("wbr")]));

export const icon = (name) =>
  s("svg", { viewBox: "0 0 24 24", class: "dlb-icon", "aria-hidden": "true" }, s("path", { d: ICONS[name] }));

export const cap = (key) => h("kbd", { "aria-hidden": "true" }, key);

/** How much of something is done, as a filled bar; `part` from 0 to 1, a color where it is not the accent's. */
export function bar(part, color = "") {
  const width = `width: ${(100 * Math.min(1, Math.max(0, part))).toFixed(1)}%`;
  return h("span", { style: color ? `${width}; background: ${color}` : width });
}
