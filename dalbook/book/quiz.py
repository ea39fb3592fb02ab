"""A few questions on a page, answered without a kernel: in the built book and in a notebook alike.

The format of a question is jupyterquiz's. Its renderer is not used: it asks another host for MathJax where a page has
none, and repeats 37 KB of script with every quiz.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from dalbook.book.beside import is_static

HERE = Path(__file__).parent
KINDS = ("multiple_choice", "many_choice", "numeric")


def quiz(questions: str | Sequence[Mapping]) -> None:
    """Show questions that say at once whether an answer is right, and why.

    Parameters
    ----------
    questions
        The number of a chapter, such as "08", for its own questions; or questions of yours. One mapping each, with
        ``question``, ``type`` and ``answers``. Every answer has ``correct`` (``True`` or ``False``) and ``feedback``,
        and says what it stands for:

        - ``type: "multiple_choice"``: ``answer``, a text; exactly one is correct;
        - ``type: "many_choice"``: ``answer``, a text; any number is correct;
        - ``type: "numeric"``: ``value``, or ``range`` with its two ends; the first that fits what was typed decides.
          An answer with ``type: "default"`` and feedback is for all other numbers.

        Texts may hold ```code``` and ``$formulas$``.

    Raises
    ------
    ValueError
        If a question cannot be asked; it is named by its number. Or there is no such chapter.

    Examples
    --------
    >>> quiz([{"question": "Is this a quiz?", "type": "multiple_choice", "answers": []}])
    Traceback (most recent call last):
    ValueError: Question 1 has no 'answers'
    """
    from IPython.display import HTML, display

    html = quiz_html(_of_chapter(questions) if isinstance(questions, str) else questions)
    if not is_static():  # the pages of the book load both once
        style, script = ((HERE / "static" / f"quiz.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
        html = f"<style>{style}</style>{html}<script>{script}</script>"
    display(HTML(html))


def _of_chapter(number: str) -> list[dict]:
    """A chapter's questions. They lie beside this file, not in the chapter, where everybody would read the answers."""
    file = HERE / "quizzes" / f"{number}.json"
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in file.parent.glob("*.json")))
        raise ValueError(f"There is no quiz of chapter {number!r}: choose one of {there}")
    return json.loads(file.read_text(encoding="utf-8"))


def quiz_html(questions: Sequence[Mapping]) -> str:
    """The questions as HTML, for a page that has loaded quiz.css and quiz.js.

    >>> answers = [
    ...     {"answer": "`2 > 1`", "correct": True, "feedback": "Yes."},
    ...     {"answer": "`1 > 2`", "correct": False, "feedback": "No: count again."},
    ... ]
    >>> html = quiz_html([{"question": "Which one holds?", "type": "multiple_choice", "answers": answers}])
    >>> "<legend>1. Which one holds?</legend>" in html, "<code>2 &gt; 1</code>" in html
    (True, True)
    """
    if not questions:
        raise ValueError("The quiz has no questions")
    for number, question in enumerate(questions, 1):
        _check(number, question)
    name = hashlib.sha256(json.dumps(list(questions), sort_keys=True).encode()).hexdigest()[:8]
    asked = "".join(
        _question(number, question, f"quiz-{name}-{number}") for number, question in enumerate(questions, 1)
    )
    return f'<div class="dalbook-quiz tex2jax_process">{asked}</div>'


def _check(number: int, question: Mapping) -> None:
    """Raise ``ValueError``, naming the question by its number, unless it can be asked."""
    missing = [key for key in ("question", "type", "answers") if not question.get(key)]
    if missing:
        raise ValueError(f"Question {number} has no {missing[0]!r}")
    if question["type"] not in KINDS:
        raise ValueError(f"Question {number} is of type {question['type']!r}: choose {', '.join(KINDS)}")
    answers = question["answers"]
    for answer in answers:
        if not answer.get("feedback"):
            raise ValueError(f"Question {number}, answer {_what(answer)}: no feedback; say why it is right or wrong")
        if question["type"] == "numeric":
            fits = "value" in answer or len(answer.get("range", ())) == 2 or answer.get("type") == "default"
            if not fits:
                raise ValueError(f"Question {number}: a numeric answer needs a 'value' or a 'range' of two numbers")
        elif not answer.get("answer"):
            raise ValueError(f"Question {number}: an answer without a text in 'answer'")
    right = sum(bool(answer.get("correct")) for answer in answers)
    if question["type"] == "multiple_choice" and right != 1:
        raise ValueError(f"Question {number} has {right} correct answers: one is needed, or type 'many_choice'")
    if not right:
        raise ValueError(f"Question {number} has no correct answer")


def _what(answer: Mapping) -> str:
    return repr(answer.get("answer", answer.get("value", answer.get("range", "default"))))


def _question(number: int, question: Mapping, name: str) -> str:
    answers = question["answers"]
    if question["type"] == "numeric":
        body = (
            f'<div class="dalbook-quiz-number"><label for="{name}">Your answer</label>'
            f'<input id="{name}" type="text" inputmode="decimal" autocomplete="off">'
            '<button type="button" data-check>Check</button></div>'
        )
    else:
        body = "".join(
            f'<button type="button" data-answer="{i}" aria-pressed="false">{_text(answer["answer"])}</button>'
            for i, answer in enumerate(answers)
        )
    said = "".join(_feedback(answer) for answer in answers)
    hint = " Several may be right." if question["type"] == "many_choice" else ""
    return (
        f'<fieldset data-kind="{question["type"]}"><legend>{number}. {_text(question["question"])}{hint}</legend>'
        f'{body}<div class="dalbook-quiz-feedback" role="status">{said}</div></fieldset>'
    )


def _feedback(answer: Mapping) -> str:
    right = bool(answer.get("correct"))
    fits = ""
    if "value" in answer:
        fits = f' data-low="{float(answer["value"])!r}" data-high="{float(answer["value"])!r}"'
    elif "range" in answer:
        low, high = answer["range"]
        fits = f' data-low="{float(low)!r}" data-high="{float(high)!r}"'
    word = "Right." if right else "Not quite."
    return f'<p hidden data-right="{str(right).lower()}"{fits}><strong>{word}</strong> {_text(answer["feedback"])}</p>'


def _text(words: str) -> str:
    """Plain text with `code` as HTML, and formulas as MathJax knows them on every page."""
    html = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(str(words)))
    return re.sub(r"\$([^$]+)\$", r"\\(\1\\)", html)
