// The keys: what each means, the list of them, and what is done when one is pressed.

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
    ["Y, N", "yes and no, where one sound is looked for"],
    ["U", "unsure: nothing is learned from this clip"],
    ["S", "skip"],
    ["Backspace", "take the last decision back, then the one before it"],
    ["Space", "listen from the start"],
    ["← →", "move in the sound; Home: to its start"],
    ["/", "search: more like this clip"],
    ["Esc", "stop the sound, go back, close"],
    ["?", "show or hide these keys"],
  ];
  return [h("dl", {}, ...rows.flatMap(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)]))];
}

const STEP = 0.25; // seconds an arrow key moves

/** Act on the keys pressed inside the labeler, and leave all others to the notebook. */
export function listenToKeys({ traits, state, panel, layout, update, focus }, { decide, takeBack, likeThis }, leave) {
  const { root, help, helpButton } = layout;

  function toggleHelp(open = help.hidden) {
    help.hidden = !open;
    helpButton.setAttribute("aria-expanded", String(open));
  }

  function escape() {
    if (state.adding) state.adding = false;
    else if (!help.hidden) return toggleHelp(false), true;
    else if (state.review) return leave(), true;
    else if (panel.playing()) return panel.stop(), true;
    else return false;
    update();
    focus();
    return true;
  }

  /** Act on a key; false where it means nothing here. */
  function act(key, event) {
    const yesOrNo = traits.target ? ["y", "n"].indexOf(key) : -1;
    const label = yesOrNo >= 0 ? yesOrNo : keysFor(traits.classes.length).indexOf(key);
    if (label >= 0) decide({ do: "label", label }, event);
    else if (key === "u") decide({ do: "unsure" }, event);
    else if (key === "s") decide({ do: "skip" }, event);
    else if (key === "Backspace") takeBack(event);
    else if (key === "?") toggleHelp();
    else if (key === "/" && traits.canSearch) likeThis();
    else if (key === " ") panel.play(0);
    else if (key === "ArrowLeft" || key === "ArrowRight") panel.move(key === "ArrowLeft" ? -STEP : STEP);
    else if (key === "Home") panel.seek(0);
    else if (key === "Escape") return escape();
    else return false;
    return true;
  }

  function pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = event.composedPath()[0];
    if (target.matches("input[type=text]") && event.key !== "Escape") return event.stopPropagation();
    const key = meaning(event);
    const presses = target.closest("button, summary") && (key === " " || key === "Enter");
    const slides = target.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(key);
    if (key.length === 1) event.stopPropagation(); // a letter that means nothing here may cut a cell elsewhere
    if (slides || (presses && !event.repeat)) return;
    // a held key moves in the sound, and decides nothing more than once
    if (event.repeat && !key.startsWith("Arrow")) {
      const ours = keysFor(traits.classes.length).includes(key) || /^([us? ]|Backspace)$/.test(key);
      if (presses || ours) event.preventDefault();
      return;
    }
    if (act(key, event)) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  root.addEventListener("keydown", pressed);
  root.addEventListener("mousedown", (event) => {
    // pressed by hand, a button does not take the focus: Space is to play the next clip, not to press it again
    if (!event.target.closest("button, summary")) return;
    event.preventDefault();
    focus();
  });
  helpButton.addEventListener("click", () => toggleHelp());
}
