// What is seen of a sound: waveform and spectrogram with a moving cursor, and the controls below.

import { cap, h, icon, s } from "./labeler_parts.js";
import { hertz, outline, paint, ticks } from "./labeler_picture.js";

/**
 * The sound panel's elements, and functions that show something in them.
 *
 * @param {object} on what the controls do: toggle, loop, speed, and volume, which gets it as a number of 0 to 1
 */
export function soundView(on) {
  const path = s("path", { d: "" });
  const wave = s("svg", { viewBox: "0 0 600 100", preserveAspectRatio: "none", class: "dlb-wave" }, path);
  const canvas = h("canvas", { class: "dlb-mel", width: 1, height: 1 });
  const scale = h("div", { class: "dlb-scale", "aria-hidden": "true" });
  const cursor = h("div", { class: "dlb-cursor" });
  const words = h("p", { class: "dlb-over", hidden: true });
  const picture = h(
    "div",
    { class: "dlb-picture", role: "slider", tabindex: 0, "aria-label": "Position in the sound", "aria-valuemin": 0 },
    wave,
    canvas,
    scale,
    cursor,
    words,
  );
  const play = h("button", { type: "button", class: "dlb-play", onclick: on.toggle });
  const loop = h("button", { type: "button", onclick: on.loop }, icon("loop"), "Loop");
  const speed = h("button", { type: "button", onclick: on.speed });
  const loud = { type: "range", min: "0", max: "1", step: "0.05", "aria-label": "Volume" };
  const volume = h("input", { ...loud, oninput: () => on.volume(Number(volume.value)) });
  const clock = h("span", { class: "dlb-clock" });
  const label = h("label", { class: "dlb-volume" }, icon("sound"), volume);
  const controls = h("div", { class: "dlb-controls" }, play, loop, speed, label, clock);

  return {
    picture,
    controls,
    say(text, kind = "") {
      words.textContent = text;
      words.hidden = !text;
      picture.dataset.state = kind;
    },
    settings(kept) {
      volume.value = String(kept.volume);
      loop.setAttribute("aria-pressed", String(kept.loop));
      speed.textContent = `${kept.speed}×`;
      speed.setAttribute("aria-label", `Speed ${kept.speed} times, press to change`);
    },
    time(at, duration) {
      // each frame moves a layer and nothing else: laying out or painting a notebook's page takes longer than a frame
      cursor.style.transform = `translateX(${duration ? (100 * at) / duration : 0}%)`;
      const spoken = at.toFixed(1);
      const text = duration ? `${spoken} / ${duration.toFixed(1)} s` : "";
      if (clock.textContent === text) return;
      clock.textContent = text;
      picture.setAttribute("aria-valuenow", spoken);
      picture.setAttribute("aria-valuemax", duration.toFixed(1));
      picture.setAttribute("aria-valuetext", `${spoken} of ${duration.toFixed(1)} seconds`);
    },
    button(paused) {
      play.replaceChildren(icon(paused ? "play" : "pause"), paused ? "Play" : "Pause", cap("Space"));
    },
    /** Draw a sound, {meta, envelope, levels}; null: none. */
    draw(sound) {
      path.setAttribute("d", sound ? outline(sound.envelope) : "");
      play.disabled = !sound;
      scale.replaceChildren();
      if (!sound) {
        canvas.width = canvas.height = 1;
        return;
      }
      paint(canvas, sound.meta.mel, sound.levels);
      for (const [hz, at] of ticks(sound.meta.mel)) {
        scale.append(h("span", { style: `bottom: ${(100 * at).toFixed(1)}%` }, hertz(hz)));
      }
    },
  };
}
