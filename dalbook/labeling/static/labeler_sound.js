// The sound on screen: its one <audio> element, played, stopped and moved in by the controls, the picture and the keys.

import { h } from "./labeler_parts.js";
import { keepSettings, nextSpeed, readSettings } from "./labeler_settings.js";
import { soundView } from "./labeler_sound_view.js";

/** The panel: `node` to put on the page, `show` a sound in it, and what the keys do with it. */
export function soundPanel() {
  const kept = readSettings();
  const audio = h("audio", { preload: "auto" });
  const view = soundView({
    toggle: () => (audio.paused ? play() : stop()),
    loop: () => change({ loop: !kept.loop }),
    speed: () => change({ speed: nextSpeed(kept.speed) }),
    volume: (volume) => change({ volume }),
  });
  const { picture } = view;
  const node = h("section", { class: "dlb-sound", "aria-label": "Sound" }, picture, view.controls, audio);

  let sound = null;
  let wanted = null; // where in the sound (seconds) it is to start, once its file is open
  let refused = false;
  let frame = 0;

  function change(some) {
    Object.assign(kept, some);
    keepSettings(kept);
    settle();
  }

  function settle() {
    audio.volume = kept.volume;
    audio.loop = kept.loop;
    audio.defaultPlaybackRate = audio.playbackRate = kept.speed;
    view.settings(kept);
  }

  const duration = () => sound?.meta?.duration ?? 0;

  function tick() {
    view.time(Math.min(audio.currentTime || 0, duration()), duration());
    cancelAnimationFrame(frame);
    if (!audio.paused) frame = requestAnimationFrame(tick);
  }

  function button() {
    view.button(audio.paused);
    tick();
  }

  async function play(from = audio.ended ? 0 : undefined) {
    if (!sound?.url) return;
    if (from !== undefined) seek(from);
    // several labelers on a page: one sounds at a time
    document.dispatchEvent(new CustomEvent("dalbook-labeler-plays", { detail: audio }));
    try {
      await audio.play();
      refused = false;
      view.say("");
    } catch (error) {
      if (error.name === "NotAllowedError") {
        refused = true;
        view.say("Press Space or click to listen", "refused");
      } else if (error.name === "NotSupportedError") view.say("The browser cannot play this sound. Skip it.", "error");
      // AbortError: the next clip came meanwhile
    }
  }

  function stop() {
    audio.pause();
  }

  function seek(seconds) {
    const to = Math.min(Math.max(0, seconds), duration());
    if (audio.readyState) audio.currentTime = to;
    else wanted = to;
    tick();
  }

  /** Show a sound, {url, meta, envelope, levels} or {error}; or null, and words instead. */
  function show(next, instead = "The sound is on its way …") {
    sound = next;
    wanted = null;
    const ready = Boolean(sound?.url);
    if (ready) {
      audio.src = sound.url; // first of all, as the browser opens it while the rest is drawn
      settle();
    }
    view.draw(ready ? sound : null);
    if (!ready) {
      audio.removeAttribute("src");
      audio.load();
    }
    if (sound?.error) view.say(`This sound cannot be played: ${sound.error}`, "error");
    else view.say(ready ? "" : instead, "late");
    button();
  }

  const point = (event) => {
    const box = picture.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * duration();
  };
  picture.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !sound?.url) return;
    picture.setPointerCapture(event.pointerId);
    seek(refused ? 0 : point(event));
  });
  picture.addEventListener("pointermove", (event) => {
    if (picture.hasPointerCapture(event.pointerId)) seek(point(event));
  });
  picture.addEventListener("click", () => audio.paused && play());
  for (const name of ["play", "pause", "ended", "seeked"]) audio.addEventListener(name, button);
  audio.addEventListener("loadedmetadata", () => {
    if (wanted) audio.currentTime = wanted;
    wanted = null;
    tick();
  });
  const quiet = (event) => event.detail !== audio && stop();
  document.addEventListener("dalbook-labeler-plays", quiet);
  settle();
  button();

  return {
    node,
    show,
    play,
    stop,
    playing: () => !audio.paused,
    move: (seconds) => seek(audio.currentTime + seconds),
    seek,
    // a decision made before any sound was allowed is the gesture that Safari wants to see a load in
    unlock: () => refused && audio.load(),
    close() {
      document.removeEventListener("dalbook-labeler-plays", quiet);
      cancelAnimationFrame(frame);
      audio.pause();
      audio.removeAttribute("src");
      audio.load();
    },
  };
}
