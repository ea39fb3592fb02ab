// What the labeler's keys mean.

import { h } from "./labeler_parts.js";

/** The key of each class: digits, then the letters that mean nothing else; null where they run out. */
export function keysFor(count) {
  const keys = [..."1234567890", ..."abcdefghijklmnopqrtvwxyz"]; // without s (skip) and u (unsure)
  return Array.from({ length: count }, (_, i) => keys[i] ?? null);
}

/** What a key press means, whatever the layout: on a French keyboard the digits come with Shift only. */
export function meaning(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code ?? "");
  return digit && !event.shiftKey && !/^[a-z?]$/.test(key) && key.length === 1 ? digit[1] : key;
}

export function drawHelp(keys) {
  const named = keys.filter(Boolean).map((key) => key.toUpperCase());
  const rows = [
    [named.length > 1 ? `${named[0]} to ${named.at(-1)}` : (named[0] ?? "1"), "the class on the button"],
    ["U", "unsure: nothing is learned from this clip"],
    ["S", "skip"],
    ["Backspace", "take the last decision back, then the one before it"],
    ["Space", "listen from the start"],
    ["← →", "move in the sound; Home: to its start"],
    ["Esc", "stop the sound, go back, close"],
    ["?", "show or hide these keys"],
  ];
  return [h("dl", {}, ...rows.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]))];
}
