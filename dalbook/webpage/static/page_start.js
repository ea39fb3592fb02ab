// Put the page together: the labeler, what stands behind it, and the panel.

import { render } from "../../labeling/static/labeler.js";
import { PageGame } from "./page_game.js";
import { drawGrowth, drawPanel } from "./page_panel.js";
import { Sounds } from "./page_sounds.js";
import { drawWho } from "./page_who.js";

/** The learners' room as a worker; where the browser refuses one, in the page itself. */
function opened(room, hear, refused) {
  const inPage = () => {
    const port = { postMessage: (data) => setTimeout(() => hear(data)) };
    room(port);
    refused();
    return { postMessage: (data) => port.onmessage({ data }) };
  };
  try {
    const url = URL.createObjectURL(new Blob([`(${room})(self)`], { type: "text/javascript" }));
    const worker = new Worker(url);
    worker.onmessage = ({ data }) => hear(data);
    return worker;
  } catch {
    return inPage();
  }
}

export function start(el, { data, colors, sounds, base }, room) {
  const there = new Sounds(sounds, base);
  let slow = false;
  const game = new PageGame(data, there, (hear) => opened(room, hear, () => (slow = true)));
  if (slow) {
    game.notify("This browser allows the page no worker: the model learns in the page itself, which may stutter.");
  }
  const audio = new Audio();
  const listen = async (clip) => {
    const [meta, [file]] = await there.message(clip);
    if (!file) return;
    document.dispatchEvent(new CustomEvent("dalbook-labeler-plays", { detail: audio }));
    URL.revokeObjectURL(audio.src); // the clip before
    audio.src = URL.createObjectURL(new Blob([file], { type: meta.mime }));
    audio.play().catch(() => {});
  };
  document.addEventListener("dalbook-labeler-plays", ({ detail }) => detail !== audio && audio.pause());

  const place = document.createElement("div");
  const focus = () => place.querySelector(".dalbook-labeler").focus({ preventScroll: true });
  el.append(drawWho(game, focus), place);
  render({ model: game, el: place });
  place.querySelector(".dlb-aside").prepend(drawGrowth(game));
  game.ready();
  el.append(drawPanel(game, colors, listen));
  return game;
}
