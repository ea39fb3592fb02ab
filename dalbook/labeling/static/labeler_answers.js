// What became of a request: it waits for an answer, was carried out, was refused, or nobody answers.

import { SETTLE } from "./labeler_decisions.js";
import { h } from "./labeler_parts.js";

const SILENT = 3000; // ms without an answer before the person is told

/** Follows the last request; `take` is called whenever a trait is new, before anything is drawn. */
export function answers({ traits, state, say, update }) {
  let request = null; // the one the model has not carried out yet
  let failed = ""; // what was refused last
  let silent = false;
  let heard = traits.heard;
  let timer = 0;

  function take() {
    const before = request;
    request = traits.unheard;
    if (traits.heard !== heard) {
      heard = traits.heard;
      answered(before);
    }
    if (!request) silent = false;
    if (request?.n === before?.n) return;
    clearTimeout(timer);
    if (!request || traits.recording) return;
    timer = setTimeout(() => {
      silent = true;
      update();
    }, SILENT);
  }

  function answered(before) {
    const { problem, progress, clip } = traits;
    state.quietUntil = performance.now() + SETTLE;
    if (before && !problem) {
      const to = clip ? `${progress.labeled} of ${progress.budget}.` : (progress.words ?? "");
      say(`${outcome(before)} ${to}`);
      state.review = null;
    } else if (problem) say("");
    failed = problem ? before?.do : "";
  }

  /** What a request has done, in words. */
  function outcome({ do: what, label, name: added }) {
    if (what === "label") return `${state.review ? "Changed to" : "Labeled"} ${traits.className(label)}.`;
    const done = { unsure: "Noted as unsure.", skip: "Skipped.", undo: "Taken back.", start: "Learning starts.", found: "The search is over." };
    if (what === "order") return "These come first now.";
    if (what === "like") return "The nearest clips come first.";
    return done[what] ?? `Added ${added}.`;
  }

  function drawProblem() {
    if (silent) {
      return [
        h("b", {}, "The kernel does not answer."),
        h(
          "p",
          {},
          "What you chose last is not saved yet; everything before it is. The kernel may be busy with another cell: ",
          "then this goes on by itself. If it has stopped, restart it and run the labeler's cell again, and you go on ",
          "at this clip.",
        ),
      ];
    }
    const { problem } = traits;
    const title = ["class", "start", "like", "found", "order"].includes(failed) ? "That did not work." : "Not saved.";
    return [...(problem && failed ? [h("b", {}, title)] : []), ...(problem ? [h("p", {}, problem)] : [])];
  }

  return {
    take,
    drawProblem,
    /** What `drawProblem` is drawn from. */
    get problem() {
      return [traits.problem, silent, failed];
    },
    get request() {
      return request;
    },
    close: () => clearTimeout(timer),
  };
}
