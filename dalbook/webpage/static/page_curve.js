// The learning curves: yours solid, random picking dashed with its single runs thin, and what they say in words.

import { h, s } from "../../labeling/static/labeler_parts.js";

const HEIGHT = 230;
const [LEFT, RIGHT, TOP, BOTTOM] = [42, 62, 10, 40]; // around the drawing
const ROOM = 20; // labels that the first drawing has room for

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => `${Math.round(100 * share)} %`;

/** Random picking where all runs have come: [labels, mean, lowest, highest]. */
export function average(runs) {
  if (!runs.length) return [];
  const maps = runs.map((run) => new Map(run));
  const common = [...maps[0].keys()].filter((n) => maps.every((map) => map.has(n)));
  return common.map((n) => {
    const all = maps.map((map) => map.get(n));
    return [n, mean(all), Math.min(...all), Math.max(...all)];
  });
}

/** What active learning bought, and how much of it may be luck. */
export function curveWords({ mine, random }) {
  if (!mine.length) return "Your curve begins when the model has learned for the first time.";
  const [labels, recall] = mine.at(-1);
  const together = average(random);
  const there = together.find(([n]) => n === labels);
  const yours = `With ${labels} ${labels === 1 ? "label" : "labels"} your model gets ${percent(recall)} of the held-out clips right`;
  if (mine.length < 2) return `${yours}. Now it is your turn.`;
  if (!there) return `${yours}. Random picking is on its way …`;
  const [, same, low, high] = there;
  const parts = [`${yours}, random picking ${percent(same)} (three runs: ${percent(low)} to ${percent(high)}).`];
  const reached = together.find(([n, share]) => n >= labels && share >= recall);
  const [last] = together.at(-1);
  if (recall <= high && recall >= low) parts.push("You are among the three runs: so far the difference may be luck.");
  else if (recall < low) parts.push("You are below all three: a wrong answer or bad luck; one run says little.");
  else if (reached) parts.push(`Random picking needed ${reached[0]} labels for as much.`);
  else if (last > labels) parts.push(`Random picking, with ${last} labels by now, has not got there.`);
  else parts.push("You are above all three. How many labels does random picking need for as much? Let it go on.");
  return parts.join(" ");
}

/** The drawing, as wide as it is told. */
export function drawCurve({ mine, random }, width) {
  const runs = random.filter((run) => run.length);
  const all = [...mine, ...runs.flat()];
  const first = Math.min(...all.map(([n]) => n));
  const last = Math.max(first + ROOM, ...all.map(([n]) => n));
  const low = Math.floor(10 * Math.min(0.5, ...all.map(([, share]) => share - 0.02))) / 10;
  const high = Math.ceil(10 * Math.max(0.8, ...all.map(([, share]) => share + 0.02))) / 10;
  const x = (n) => LEFT + ((width - LEFT - RIGHT) * (n - first)) / (last - first);
  const y = (share) => TOP + ((HEIGHT - TOP - BOTTOM) * (high - share)) / (high - low);
  const line = (points, kind) =>
    s("polyline", { points: points.map(([n, share]) => `${x(n)},${y(share)}`).join(" "), class: `dlb-${kind}` });
  const together = average(runs);
  const ends = [mine, together].map((points) => points.at(-1)?.[1] ?? 0);
  const apart = Math.max(0, 16 - Math.abs(y(ends[0]) - y(ends[1]))) / 2; // the names make way for each other
  const named = (points, kind, title, up) => {
    if (!points.length) return [];
    const [n, share] = points.at(-1);
    const mark =
      kind === "you"
        ? s("circle", { cx: x(n), cy: y(share), r: 5, class: "dlb-you" })
        : s("rect", { x: x(n) - 4, y: y(share) - 4, width: 8, height: 8, class: "dlb-random" });
    const near = Math.abs(x(n) - x(Math.max(mine.at(-1)?.[0] ?? 0, together.at(-1)?.[0] ?? 0))) < 60;
    const shift = near ? (up ? -apart : apart) : 0;
    return [line(points, kind), mark, s("text", { x: x(n) + 9, y: y(share) + 4 + shift }, title)];
  };
  const steps = Array.from({ length: Math.round(10 * (high - low)) + 1 }, (_, i) => low + i / 10);
  const every = last - first > 60 ? 20 : 10;
  const ticks = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => first + every * i);
  return s(
    "svg",
    { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, "aria-hidden": "true" },
    ...steps.flatMap((share) => [
      s("line", { x1: LEFT, x2: width - RIGHT, y1: y(share), y2: y(share) }),
      s("text", { x: LEFT - 8, y: y(share) + 4, class: "dlb-left" }, percent(share)),
    ]),
    ...ticks.map((n) => s("text", { x: x(n), y: HEIGHT - BOTTOM + 18, class: "dlb-middle" }, String(n))),
    s("text", { x: (LEFT + width - RIGHT) / 2, y: HEIGHT - 4, class: "dlb-middle" }, "labels given"),
    ...runs.map((run) => line(run, "run")),
    ...named(together, "random", "random", ends[1] > ends[0]),
    ...named(mine, "you", "you", ends[0] >= ends[1]),
  );
}

/** What the lines are. */
export function legend() {
  const key = (kind, words) =>
    h("span", {}, s("svg", { viewBox: "0 0 28 10", width: 28, height: 10, "aria-hidden": "true" },
      s("polyline", { points: "1,5 27,5", class: `dlb-${kind}` })), words);
  return h(
    "p",
    { class: "dlb-small dlb-legend" },
    key("you", "you and your model"),
    key("random", "random picking, mean"),
    key("run", "its three runs"),
  );
}
