// A session as the labeler's user interface shows it; in a notebook dalbook/labeling/view.py does this.

const HISTORY = 1000; // decisions to look back at
const GOAL = 20; // labels; the bar's end moves on by as many

const ASKS = {
  dal: "The model asks for the clip that it is least sure about.",
  herding: "The model asks for the clip that tells most about sounds it is unsure of and does not know yet.",
};

/** The traits that a decision changes; `who` is the learner that asks. */
export function sessionTraits(session, { ids, classes, pool }, { opinion, busy }, who) {
  const named = (some) => some && { ...some, id: ids[some.clip] };
  const labels = [...session.labels.values()];
  const labeled = labels.length;
  const of = (status) => [...session.standing.values()].filter((row) => row.status === status).length;
  return {
    clip: named(session.shown),
    ahead: session.ahead.map(named),
    progress: {
      labeled,
      unsure: of("unsure"),
      skipped: of("skipped"),
      budget: Math.min(pool, GOAL * (Math.floor(labeled / GOAL) + 1)),
      total: pool,
      per_class: classes.map((_, c) => labels.filter((label) => label === c).length),
      training: busy && Boolean(session.begun),
      can_start: session.canStart,
      undo: session.canUndo,
      stage: session.begun ? (session.shown || !opinion ? "learning" : "done") : "medoids",
      words: words(session, labels, classes, opinion, who),
    },
    history: [...session.standing]
      .reverse()
      .slice(0, HISTORY)
      .map(([clip, row]) => ({ clip, id: ids[clip], label: row.label, status: row.status })),
  };
}

function words(session, labels, classes, opinion, who) {
  if (!session.begun && session.shown) {
    const has = new Set(labels).size;
    return `Typical clips first. ${has} of ${classes.length} classes have a label; with all, learning starts.`;
  }
  if (!opinion && !labels.length) return "The model looks at the clips …";
  if (!opinion) return "The model learns from the labels so far …";
  if (!session.shown) return "Done: no clip is left.";
  return ASKS[who];
}
