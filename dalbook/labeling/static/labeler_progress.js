// How far one is: the words of the stage, the counts, the bar, and whether learning can be started.

import { bar, h } from "./labeler_parts.js";

function span(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function drawCounts({ labeled = 0, budget = 0, unsure: doubts = 0, skipped = 0, pace, left }) {
  const extra = [
    doubts && `${doubts} unsure`,
    skipped && `${skipped} skipped`,
    pace && `${span(pace)} each`,
    left && labeled < budget && `about ${span(left)} left`,
  ];
  return [h("b", {}, `${labeled} of ${budget} labeled`), ...extra.filter(Boolean).map((text) => h("span", {}, text))];
}

export function showProgress({ traits, layout, redraw }) {
  const { progress, recording, notice } = traits;
  layout.banner.hidden = !recording;
  redraw(layout.banner, recording, () => [
    h("p", {}, h("b", {}, "A recording."), " These clips were labeled before. Listen; nothing is labeled here."),
  ]);
  layout.words.textContent = progress.words ?? "";
  layout.training.dataset.on = String(Boolean(progress.training));
  redraw(layout.counts, progress, () => drawCounts(progress));
  layout.meter.replaceChildren(bar(progress.budget ? progress.labeled / progress.budget : 0));
  layout.meter.setAttribute("aria-valuemax", String(progress.budget ?? 0));
  layout.meter.setAttribute("aria-valuenow", String(Math.min(progress.labeled ?? 0, progress.budget ?? 0)));
  layout.start.hidden = !progress.can_start || recording;
  layout.notice.hidden = !notice;
  layout.notice.textContent = notice;
}
