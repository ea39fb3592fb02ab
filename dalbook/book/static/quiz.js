// Answers the questions of dalbook.book.quiz: one listener for all quizzes of a page.
(() => {
  if (window.dalbookQuiz) return;
  window.dalbookQuiz = true;

  const say = (question, chosen, button) => {
    for (const words of question.querySelectorAll(".dalbook-quiz-feedback > p")) words.hidden = words !== chosen;
    if (question.dataset.kind !== "many_choice") {
      for (const other of question.querySelectorAll("[data-answer]")) other.setAttribute("aria-pressed", "false");
    }
    if (!button) return;
    button.setAttribute("aria-pressed", "true");
    button.dataset.right = chosen.dataset.right;
  };

  const number = (text) => {
    const plain = text.trim().replace(",", ".").replace(/\s*%$/, "");
    return plain === "" ? NaN : Number(plain);
  };

  // Said of a number that the question itself says nothing about.
  const note = (question, text) => {
    const place = question.querySelector(".dalbook-quiz-feedback");
    const words = place.querySelector("[data-note]") ?? place.appendChild(document.createElement("p"));
    words.dataset.note = "true";
    words.textContent = text;
    return words;
  };

  const check = (question) => {
    const typed = number(question.querySelector("input").value);
    if (Number.isNaN(typed)) return say(question, note(question, "Type a number, such as 0.5."));
    const feedback = [...question.querySelectorAll(".dalbook-quiz-feedback > p:not([data-note])")];
    const slack = 1e-9 * Math.max(1, Math.abs(typed));
    const fits = (p) => typed >= Number(p.dataset.low) - slack && typed <= Number(p.dataset.high) + slack;
    const other = feedback.find((p) => !("low" in p.dataset));
    const found = feedback.find((p) => "low" in p.dataset && fits(p)) ?? other;
    say(question, found ?? note(question, "Not quite: try again."));
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".dalbook-quiz button");
    if (!button) return;
    const question = button.closest("fieldset");
    if ("check" in button.dataset) return check(question);
    say(question, question.querySelectorAll(".dalbook-quiz-feedback > p")[button.dataset.answer], button);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches?.(".dalbook-quiz input")) return;
    event.preventDefault();
    check(event.target.closest("fieldset"));
  });
})();
