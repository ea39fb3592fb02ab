// What is drawn beside the sound: what the model thinks, and the learning curve.

import { bar, h, name, s } from "./labeler_parts.js";

/**
 * Votes as bars with their numbers, the most first; in the classes' colors where they are given. Of a model without
 * hypotheses the votes are probabilities, and `masks` is null.
 */
export function drawOpinion(opinion, classes, why, colors = []) {
  if (!opinion) return [h("p", {}, why ? `Nothing yet. Picked because of this: ${why}.` : "Nothing yet.")];
  const { masks } = opinion;
  const least = masks == null ? 0.005 : 0;
  const votes = opinion.votes.map((count, label) => [count, label]).filter(([count]) => count > least);
  votes.sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const place = opinion.rank == null ? "" : `, rank ${opinion.rank} of ${opinion.of}`;
  const reasons = [
    opinion.words || `Vote entropy ${opinion.entropy.toFixed(2)} nats${place}.`,
    why && `Picked because of this: ${why}.`,
  ];
  return [
    h(
      "ul",
      { class: "dlb-votes", "aria-label": masks == null ? "Probabilities" : `Votes of ${masks} hypotheses` },
      ...votes.map(([count, label]) =>
        h(
          "li",
          {},
          name(classes[label] ?? "?"),
          h("span", { class: "dlb-count" }, masks == null ? `${Math.round(100 * count)} %` : `${count} of ${masks}`),
          h("span", { class: "dlb-bar", "aria-hidden": "true" }, bar(count / (masks ?? 1), colors[label])),
        ),
      ),
    ),
    ...reasons.filter(Boolean).map((text) => h("p", { class: "dlb-small" }, text)),
  ];
}

/** The learning curve: yours solid, random picking dashed, each named at its end. */
export function drawMineAndRandom({ mine, random, words }) {
  const last = Math.max(1, ...[...mine, ...random].map(([labels]) => labels));
  const x = (labels) => 34 + (250 * labels) / last;
  const y = (recall) => 134 - 120 * recall;
  const ends = [mine, random].map((points) => points.at(-1)?.[1] ?? 0);
  const close = 120 * Math.abs(ends[0] - ends[1]) < 14; // then the names make way for each other
  const line = (points, title, up) =>
    points.length
      ? [
          s("polyline", { points: points.map(([n, r]) => `${x(n)},${y(r)}`).join(" "), class: `dlb-${title}` }),
          s("circle", { cx: x(points.at(-1)[0]), cy: y(points.at(-1)[1]), r: 3, class: `dlb-${title}` }),
          s("text", { x: x(points.at(-1)[0]) + 7, y: y(points.at(-1)[1]) + 4 + (close ? (up ? -6 : 7) : 0) }, title),
        ]
      : [];
  const grid = [0, 0.25, 0.5, 0.75, 1].flatMap((recall) => [
    s("line", { x1: 34, x2: 284, y1: y(recall), y2: y(recall) }),
    s("text", { x: 28, y: y(recall) + 4, class: "dlb-left" }, `${100 * recall}%`),
  ]);
  const drawing = s(
    "svg",
    { viewBox: "0 0 344 168", role: "img", "aria-label": words },
    ...grid,
    s("text", { x: 34, y: 150, class: "dlb-middle" }, "0"),
    s("text", { x: 284, y: 150, class: "dlb-middle" }, String(last)),
    s("text", { x: 159, y: 163, class: "dlb-middle" }, "labels given"),
    ...line(random, "random", ends[1] > ends[0]),
    ...line(mine, "you", ends[0] >= ends[1]),
  );
  return [drawing, h("p", { class: "dlb-small" }, words)];
}
