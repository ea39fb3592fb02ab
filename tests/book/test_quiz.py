"""A quiz is checked before it is shown, its texts are text, and it works in a notebook without anything beside it."""

from __future__ import annotations

import nbformat
import pytest
from browser import chromium
from notebooks import run

from dalbook.book.quiz import quiz, quiz_html

RIGHT = {"answer": "yes", "correct": True, "feedback": "So it is."}
WRONG = {"answer": "no", "correct": False, "feedback": "Look again."}
QUESTION = {"question": "Is it?", "type": "multiple_choice", "answers": [RIGHT, WRONG]}
NUMBER = {
    "question": "How many?",
    "type": "numeric",
    "answers": [
        {"value": 0.5, "correct": True, "feedback": "A half."},
        {"range": [2, 3], "correct": False, "feedback": "Turn it round."},
        {"type": "default", "correct": False, "feedback": "Count again."},
    ],
}


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({**QUESTION, "question": ""}, "Question 1 has no 'question'"),
        ({**QUESTION, "answers": []}, "Question 1 has no 'answers'"),
        ({**QUESTION, "type": "essay"}, "Question 1 is of type 'essay': choose multiple_choice, many_choice, numeric"),
        ({**QUESTION, "answers": [WRONG]}, "Question 1 has 0 correct answers: one is needed"),
        ({**QUESTION, "answers": [RIGHT, RIGHT]}, "Question 1 has 2 correct answers: one is needed"),
        ({**QUESTION, "answers": [RIGHT, {**WRONG, "feedback": ""}]}, "Question 1, answer 'no': no feedback"),
        ({**QUESTION, "answers": [RIGHT, {**WRONG, "answer": ""}]}, "Question 1: an answer without a text"),
        ({**NUMBER, "answers": [RIGHT]}, "Question 1: a numeric answer needs a 'value' or a 'range'"),
        ({**NUMBER, "answers": NUMBER["answers"][1:]}, "Question 1 has no correct answer"),
    ],
)
def test_a_question_that_cannot_be_asked_is_named(question, message):
    with pytest.raises(ValueError, match=message):
        quiz([question])


def test_a_chapter_without_questions_is_named():
    with pytest.raises(ValueError, match="no quiz of chapter '99': choose one of 00, 01"):
        quiz("99")


def test_an_empty_quiz_is_refused():
    with pytest.raises(ValueError, match="no questions"):
        quiz([])


def test_texts_are_text_code_and_formulas():
    html = quiz_html([{**QUESTION, "question": "<script>alert(1)</script> `a<b` and $x < 1$?"}])
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "<code>a&lt;b</code>" in html
    assert r"\(x &lt; 1\)" in html


def test_the_same_quiz_is_the_same_html_and_two_have_different_names():
    assert quiz_html([NUMBER]) == quiz_html([NUMBER])
    assert 'for="quiz-' in quiz_html([NUMBER])
    first, second = (quiz_html([{**NUMBER, "question": words}]).split('id="')[1].split('"')[0] for words in "ab")
    assert first != second


def test_a_notebook_s_quiz_works_by_itself(monkeypatch, tmp_path):
    """What a kernel sends, in a page with nothing else on it, twice, as after running the cell again."""
    monkeypatch.delenv("DALBOOK_STATIC", raising=False)
    code = f"from dalbook.book.quiz import quiz\nquiz({[QUESTION, NUMBER]!r})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    assert run(notebook, tmp_path, timeout=120) == ""
    (output,) = notebook.cells[0].outputs
    page_file = tmp_path / "page.html"
    page_file.write_text(f"<!doctype html><meta charset=utf-8>{output.data['text/html'] * 2}", encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        said = page.locator(".dalbook-quiz-feedback > p:visible")
        page.get_by_role("button", name="no").first.click()
        assert said.all_inner_texts() == ["Not quite. Look again."]
        page.get_by_role("button", name="yes").first.press("Enter")
        assert said.all_inner_texts() == ["Right. So it is."]

        number = page.get_by_label("Your answer").first
        for text, feedback in [
            ("0,5", "Right. A half."),
            ("50 %", "Not quite. Count again."),
            ("2.5", "Not quite. Turn it round."),
            ("half", "Type a number, such as 0.5."),
            ("", "Type a number, such as 0.5."),
        ]:
            number.fill(text)
            number.press("Enter")
            assert said.all_inner_texts()[1:] == [feedback]
        assert asked == [page_file.as_uri()]
