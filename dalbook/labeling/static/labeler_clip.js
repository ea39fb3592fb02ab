// The clip on screen: the one that is due, or an earlier one listened to again; its sound plays as it comes.

import { SETTLE } from "./labeler_decisions.js";
import { soundStore } from "./labeler_store.js";

/** `show` brings the clip that is due now into the panel; `sounds` are asked for what it needs. */
export function clipOnScreen({ traits, state, panel, layout, update }) {
  let shown = null; // what is in the panel: {key, clip, plays}
  const wanted = () => [state.review, traits.clip, ...traits.ahead].filter(Boolean).map(({ clip }) => clip);
  const sounds = soundStore(traits.model, wanted, (clip) => {
    if (shown?.clip !== clip) return;
    panel.show(sounds.use(clip));
    if (shown.plays) autoplay();
    update(); // now it can be decided on
  });

  function autoplay() {
    const other = layout.root.getRootNode().activeElement?.closest?.(".dalbook-labeler");
    if (!other || other === layout.root) panel.play(0); // not over another labeler that is being used
  }

  function show() {
    const current = state.review ?? traits.clip;
    const key = current && `${state.review ? "again" : "now"} ${current.clip}`;
    if ((shown?.key ?? null) === key) return;
    const first = shown === null;
    const known = current && sounds.use(current.clip);
    state.shownAt = performance.now();
    state.quietUntil = state.shownAt + SETTLE;
    // a page with a recording stays quiet until the reader sets it going
    shown = current ? { key, clip: current.clip, plays: !(first && traits.recording) } : { key: null };
    if (current) panel.show(known);
    else panel.show(null, "No clip to decide on. You can still listen to your last labels and change them.");
    if (known && shown.plays) autoplay();
  }

  return { show, sounds };
}
