// The search by example: "More like this", the strip that says what is searched for, and its end.

import { cap, h } from "./labeler_parts.js";

/** `like` searches by a clip, `drawSearch` draws the strip. */
export function searching({ traits, state, layout }, { send }) {
  function like(clip) {
    state.review = null;
    send({ do: "like", clip });
  }

  function likeThis() {
    const target = state.review ?? traits.clip;
    if (target) like(target.clip);
  }

  function drawSearch() {
    const { search } = traits;
    if (!search) return [];
    const { words, target, heard, found } = search;
    const what = target == null ? "" : ` ${traits.className(target)}:`;
    return [
      h("p", {}, h("b", {}, `Clips like ${words}.`), `${what} ${found} found in ${heard} heard.`),
      h("button", { type: "button", onclick: () => send({ do: "found" }) }, "Stop searching"),
    ];
  }

  layout.like.addEventListener("click", likeThis);
  return { like, likeThis, drawSearch };
}

/** The button that searches by the clip on screen. */
export const likeButton = () => h("button", { type: "button", class: "dlb-like" }, cap("/"), "More like this");
