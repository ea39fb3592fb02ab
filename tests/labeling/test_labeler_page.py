"""The labeler's user interface in a real browser, with a small engine behind its contract (labeler_page.html)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from labeler_browser import chromium, served, watched
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    for file in (
        *(ROOT / "dalbook" / "labeling" / "static").glob("labeler*.[jc]s*"),
        ROOT / "tests" / "support" / "labeler_page.html",
    ):
        shutil.copy(file, folder)
    with served(folder) as url:
        yield f"{url}/labeler_page.html"


@pytest.fixture(scope="module")
def browser():
    with chromium() as one:
        yield one


class Visit:
    """The page, what it complained about, and what the engine behind it was told."""

    def __init__(self, page, address, script="", **options):
        self.page, self.complaints = page, watched(page)
        if script:
            page.add_init_script(script)
        page.goto(f"{address}?{urlencode(options)}")
        self.root = page.locator("#here .dalbook-labeler")
        self.root.wait_for()

    def focus(self):
        self.root.focus()
        self.wait()
        return self

    def wait(self):
        """Until a decision is heard, and its next clip has been there for a moment."""
        waits = "['waiting', 'fresh', 'loading']"
        script = f"!{waits}.includes(document.querySelector('#here .dalbook-labeler').dataset.state)"
        self.page.wait_for_function(script)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.wait()

    def click(self, name):
        self.button(name).click()
        self.wait()

    def button(self, name):
        return self.root.get_by_role("button", name=name).first

    def engine(self, changes):
        self.page.evaluate("changes => Object.assign(engine, changes)", changes)

    @property
    def rows(self):
        """What the engine carried out: [what, clip, label]."""
        return self.page.evaluate("engine.rows.map(({ do: what, clip, label }) => [what, clip ?? null, label ?? null])")

    @property
    def clip(self):
        return self.root.get_attribute("data-clip")

    @property
    def time(self):
        return self.page.evaluate("document.querySelector('#here audio').currentTime")

    def plays(self):
        self.page.wait_for_function("document.querySelector('#here audio').currentTime > 0.1", timeout=5000)


@pytest.fixture
def visit(browser, address):
    """Open the page; in the end, nothing may have gone wrong on it."""
    visits = []

    def open_page(width=1280, theme="light", script="", **options):
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=theme)
        visits.append(Visit(page, address, script, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        one.page.close()
        assert one.complaints == []


def test_keys_and_buttons_decide(visit):
    page = visit().focus()
    page.press("1", "0", "u")
    page.click("car_horn")
    page.click("Skip")
    page.press("S")
    page.root.dispatch_event("keydown", {"key": '"', "code": "Digit3"})  # the third digit of a French keyboard
    page.wait()
    decided = [["label", 0, 0], ["label", 1, 9], ["unsure", 2, None], ["label", 3, 1], ["skip", 4, None]]
    assert page.rows == [*decided, ["skip", 5, None], ["label", 6, 2]]
    seconds = page.page.evaluate("engine.rows.map((row) => row.seconds)")
    assert all(0.3 < s < 60 for s in seconds)
    assert page.clip == "7"
    expect(page.root.get_by_role("status")).to_have_text("Labeled children_playing. 4 of 12.")
    expect(page.root.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "4")
    expect(page.button("children_playing")).to_have_accessible_name("children_playing, key 3, 1 labeled")


def test_a_held_key_decides_once(visit):
    page = visit().focus()
    for _ in range(12):
        page.page.keyboard.down("3")
        page.page.wait_for_timeout(60)
    page.page.keyboard.up("3")
    assert page.rows == [["label", 0, 2]]
    page.press("3")
    assert page.rows == [["label", 0, 2], ["label", 1, 2]]


def test_a_held_enter_on_a_button_decides_once(visit):
    page = visit().focus()
    page.button("siren").focus()
    for _ in range(12):
        page.page.keyboard.down("Enter")
        page.page.wait_for_timeout(60)
    page.page.keyboard.up("Enter")
    assert page.rows == [["label", 0, 8]]


@pytest.mark.parametrize("pause", [0, 150, 400])
def test_a_double_click_decides_once(visit, pause):
    page = visit().focus()
    box = page.button("siren").bounding_box()
    page.page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.page.mouse.down(click_count=1)
    page.page.mouse.up(click_count=1)
    page.page.wait_for_timeout(pause)
    page.page.mouse.down(click_count=2)
    page.page.mouse.up(click_count=2)
    page.wait()
    page.page.wait_for_timeout(100)
    assert page.rows == [["label", 0, 8]]


def test_undo_goes_back_from_the_end_and_twice(visit):
    page = visit(clips=3).focus()
    page.press("1", "2", "3")
    assert page.page.evaluate("model.get('clip')") is None
    expect(page.root).to_contain_text("All labels of this budget are given.")
    expect(page.root).to_contain_text("No clip to decide on.")
    page.press("4")  # there is nothing to decide on
    assert len(page.rows) == 3
    page.press("Backspace", "Backspace")
    assert page.rows[3:] == [["undo", None, None]] * 2
    assert page.clip == "1"
    page.click("Undo")
    assert page.clip == "0"
    page.press("Backspace")
    assert page.rows[6:] == []
    expect(page.root.get_by_role("status")).to_have_text("There is nothing to take back.")


@pytest.mark.parametrize("by", ["key", "click"])
def test_an_old_label_is_heard_again_and_changed(visit, by):
    page = visit().focus()
    page.press("1", "2", "3")
    page.root.get_by_role("button", name="Listen again to decision 1, air_conditioner").click()
    page.plays()
    page.press("5")  # while only listening, nothing is decided
    assert len(page.rows) == 3
    page.press("Escape")
    expect(page.root).to_contain_text("What do you hear?")
    page.root.get_by_role("button", name="Change decision 1, air_conditioner").click()
    expect(page.root).to_contain_text("Which class is it? So far: air_conditioner.")
    page.wait()
    page.press("9") if by == "key" else page.click("siren")
    assert page.rows[3:] == [["label", 0, 8]]
    assert page.clip == "3"
    expect(page.root.get_by_role("status")).to_contain_text("Changed to siren.")
    page.press("4")
    assert page.rows[4:] == [["label", 3, 3]]


def test_keys_act_only_with_the_focus_and_stay_inside(visit):
    page = visit()
    page.page.evaluate("""() => {
      window.seen = [];
      document.addEventListener("keydown", (e) => seen.push([e.key, e.defaultPrevented]));
    }""")
    page.press("1")
    assert page.rows == []
    page.focus()
    page.page.evaluate("seen.length = 0")
    page.press("d", "d", "x", "?", " ", "Backspace")  # in Jupyter, d twice deletes the cell
    assert page.page.evaluate("seen") == []
    page.press("Control+1", "Alt+2", "Meta+3", "Tab")
    assert page.rows == []
    keys = [[key, prevented] for key, prevented in page.page.evaluate("seen") if len(key) == 1 or key == "Tab"]
    assert keys == [["1", False], ["2", False], ["3", False], ["Tab", False]]
    assert page.root.get_attribute("data-lm-suppress-shortcuts") == "true"


def test_the_page_does_not_scroll(visit):
    page = visit().focus()
    page.press(" ", "Home", "ArrowLeft", "ArrowRight", "Backspace", "1", " ")
    page.button("siren").focus()
    page.press(" ")
    assert page.page.evaluate("scrollY") == 0
    assert page.rows == [["label", 0, 0], ["label", 1, 8]]


def test_after_a_click_space_listens_and_labels_nothing(visit):
    page = visit().focus()
    page.click("siren")
    page.press(" ", "Enter")
    assert page.rows == [["label", 0, 8]]
    page.plays()


def test_names_are_text(visit):
    evil = "<img src=x onerror=alert(1)>"
    page = visit(classes=json.dumps([evil, "b"])).focus()
    page.press("1")
    assert page.root.locator("img").count() == 0
    expect(page.button("onerror").locator(".dlb-name")).to_have_text(evil)
    expect(page.root.get_by_role("status")).to_contain_text(f"Labeled {evil}.")
    page.click("Add a class")
    page.page.keyboard.type("<b>u1?</b>")
    page.press("Enter")
    expect(page.button("u1").locator(".dlb-name")).to_have_text("<b>u1?</b>")
    assert page.rows == [["label", 0, 0], ["class", None, None]]
    page.press("3")
    assert page.rows[2:] == [["label", 1, 2]]


def test_many_classes_have_letters_and_the_rest_buttons(visit):
    page = visit(classes=json.dumps([f"class {i}" for i in range(40)])).focus()
    keys = page.root.locator("[data-class]").evaluate_all("all => all.map((b) => b.getAttribute('aria-keyshortcuts'))")
    assert "".join(key or " " for key in keys) == "1234567890abcdefghijklmnopqrtvwxyz" + " " * 6
    page.press("a", "z", "u")
    page.click("class 39")
    assert page.rows == [["label", 0, 10], ["label", 1, 33], ["unsure", 2, None], ["label", 3, 39]]


def test_an_engine_that_is_silent_is_reported_and_waited_for(visit):
    page = visit().focus()
    page.engine({"deaf": True})
    for key in "123":
        page.page.keyboard.press(key)
    expect(page.root.get_by_role("alert")).to_contain_text("The kernel does not answer", timeout=5000)
    assert page.clip == "0"
    page.engine({"deaf": False})
    page.page.evaluate("engine.listen()")
    expect(page.root.get_by_role("alert")).to_be_empty()
    assert page.rows == [["label", 0, 0]]
    assert page.clip == "1"


def test_a_full_disk_is_reported_and_the_clip_stays(visit):
    page = visit().focus()
    page.engine({"full": True})
    page.press("1")
    expect(page.root.get_by_role("alert")).to_contain_text("no space left on the disk")
    assert page.rows == []
    assert page.clip == "0"
    page.engine({"full": False})
    page.press("1")
    expect(page.root.get_by_role("alert")).to_be_empty()
    assert page.rows == [["label", 0, 0]]


def test_sounds_play_by_themselves_once_the_page_was_touched(visit):
    page = visit()
    expect(page.root).to_contain_text("Press Space or click to listen")
    page.focus().press(" ")
    page.plays()
    expect(page.root).not_to_contain_text("Press Space or click to listen")
    page.press("1")
    page.plays()
    assert page.page.locator("audio").count() == 1


def test_a_first_decision_unlocks_the_sound_too(visit):
    page = visit()
    page.button("siren").click()
    page.wait()
    page.click("siren")
    page.plays()


def test_the_sound_is_moved_in_and_stopped(visit):
    page = visit().focus()
    page.press(" ", "Escape")
    box = page.root.get_by_role("slider", name="Position in the sound").bounding_box()
    page.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20, steps=4)
    assert page.time == pytest.approx(0.5, abs=0.02)
    page.page.mouse.up()
    page.page.wait_for_function("document.querySelector('audio').currentTime > 0.6")  # and plays from there
    page.click("Pause")
    page.press("Home", "ArrowRight", "ArrowRight")
    assert page.time == pytest.approx(0.5, abs=0.02)
    slider = page.root.get_by_role("slider", name="Position in the sound")
    expect(slider).to_have_attribute("aria-valuetext", "0.5 of 2.0 seconds")
    cursor, box = page.root.locator(".dlb-cursor").bounding_box(), slider.bounding_box()
    assert (cursor["x"] - box["x"]) / box["width"] == pytest.approx(0.25, abs=0.01)


def test_volume_speed_and_loop_are_kept(visit):
    page = visit()
    page.click("Speed")
    page.click("Loop")
    page.root.get_by_label("Volume").fill("0.3")
    page.page.reload()
    page.focus().press(" ")
    state = page.page.evaluate(
        "(({ volume, playbackRate, loop }) => [volume, playbackRate, loop])(document.querySelector('audio'))"
    )
    assert state == [0.3, 1.25, True]
    page.press("1")
    assert page.page.evaluate("document.querySelector('audio').playbackRate") == 1.25


def test_works_without_storage(visit):
    page = visit(script="Object.defineProperty(window, 'localStorage', { get() { throw new Error('closed'); } })")
    page.click("Speed")
    page.focus().press(" ", "1")
    assert page.rows == [["label", 0, 0]]


def test_a_sound_that_cannot_be_played_is_said_and_skipped(visit):
    page = visit(lost=0).focus()
    expect(page.root).to_contain_text("This sound cannot be played: 1001-0-0-0.wav holds no samples")
    page.press("1", "u")
    expect(page.root.get_by_role("status")).to_contain_text("can only be skipped")
    page.press("s")
    page.plays()
    assert page.rows == [["skip", 0, None]]


def test_the_first_sound_comes_with_the_labeler_itself(visit):
    page = visit(with_sound=1).focus()
    assert page.page.evaluate("engine.asked") == [1, 2, 3]
    page.press(" ")
    page.plays()


def test_more_like_a_clip_on_screen_and_one_of_the_history(visit):
    page = visit().focus()
    page.press("1")
    page.press("/")
    assert page.rows[1:] == [["like", 1, None]]
    assert page.clip == "3"
    expect(page.root).to_contain_text("Clips like a clip you chose. 0 found in 0 heard.")
    page.click("Stop searching")
    expect(page.root).not_to_contain_text("Clips like")
    page.click("More like decision 1, air_conditioner")
    page.click("Stop searching")
    page.click("More like this")
    assert [what for what, *_ in page.rows] == ["label", "like", "found", "like", "found", "like"]
    assert [clip for _, clip, _ in page.rows][3::2] == [0, 5]


def test_one_sound_has_yes_and_no_and_its_order_can_be_chosen(visit):
    page = visit(target=1, classes=json.dumps(["dog_bark", "not dog_bark"])).focus()
    expect(page.root).to_contain_text("3 found in 41 heard. About 7 are left")
    expect(page.button("Add a class")).to_be_hidden()
    page.press("y", "n", "1", "2")
    page.click("Likeliest")
    expect(page.button("Likeliest")).to_have_attribute("aria-pressed", "true")
    assert page.rows == [*(["label", clip, clip % 2] for clip in range(4)), ["order", None, None]]


def test_any_decision_is_found_by_class_status_or_name(visit):
    page = visit(clips=80).focus()
    page.page.evaluate("""() => {
      for (let clip = 0; clip < 70; clip++) {
        engine.act(clip % 7 ? { do: "label", clip, label: clip % 10 } : { do: "skip", clip });
      }
      model.change(engine.traits());
    }""")
    items = page.root.locator(".dlb-history li")
    expect(items).to_have_count(51)
    expect(items.last).to_contain_text("20 more")
    page.root.get_by_label("Find a decision").fill("skipped")
    expect(items).to_have_count(10)
    page.root.get_by_label("Find a decision").fill("1001-3-0 drilling")
    expect(items).to_have_count(0 + 1)
    expect(items).to_contain_text("No decision has all of these words.")
    page.root.get_by_label("Find a decision").fill("1001-13-0 dog_bark")
    expect(items).to_have_count(1)
    page.page.keyboard.type("1")  # typed into the field, it decides nothing
    page.root.get_by_label("Find a decision").fill("1001-13-0 dog_bark")
    page.click("Change decision 14, dog_bark")
    page.press("1")
    assert page.rows[-1] == ["label", 13, 0]


def test_no_name_of_a_clip_is_shown_unless_asked_for(visit):
    page = visit().focus()
    page.press("1", "2")
    assert "1001" not in page.root.evaluate("root => root.outerHTML")
    page.click("Show the name")
    expect(page.root.locator(".dlb-file")).to_have_text("1001-2-0-0.wav")
    expect(page.button("Change 1001-0-0-0.wav, air_conditioner")).to_be_visible()
    page.press("3")
    expect(page.root.locator(".dlb-file")).to_have_text("1001-3-0-0.wav")
    page.click("Hide the name")
    assert "1001" not in page.root.evaluate("root => root.outerHTML")


def test_sounds_are_asked_for_if_they_do_not_come_and_until_then_nothing_is_labeled(visit):
    page = visit(late=1)
    page.root.focus()
    page.page.wait_for_function("document.querySelector('.dalbook-labeler').dataset.state === 'loading'")
    assert page.page.evaluate("engine.asked") == [0, 1, 2, 3]
    expect(page.root).to_contain_text("The sound is on its way")
    for key in "1u":
        page.page.keyboard.press(key)
        expect(page.root.get_by_role("status")).to_contain_text("the keys work as soon as it is here")
        page.page.evaluate("document.querySelector('.dlb-status').textContent = ''")
    page.button("siren").click(force=True)
    expect(page.root.get_by_role("status")).to_contain_text("the keys work as soon as it is here")
    expect(page.button("siren")).to_have_attribute("aria-disabled", "true")
    assert page.rows == []
    page.engine({"silentSounds": False})
    page.page.evaluate("engine.sendSounds()")
    page.press(" ")
    page.plays()
    expect(page.button("siren")).to_have_attribute("aria-disabled", "false")
    page.press("1", "2", "3")
    assert page.page.evaluate("engine.asked") == [0, 1, 2, 3]


def test_the_keyboard_is_enough(visit):
    page = visit(game=1)
    seen = []
    for _ in range(24):
        page.page.keyboard.press("Tab")
        element = page.page.evaluate("""() => {
          const active = document.activeElement;
          const style = getComputedStyle(active);
          const ring = parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none";
          const inside = active.closest(".dalbook-labeler") !== null;
          return [active.getAttribute("aria-label") ?? active.textContent, ring, inside];
        }""")
        if not element[2]:
            break
        assert element[1], f"no ring around {element[0]!r}"
        seen.append(element[0])
    assert any("siren" in name for name in seen)
    assert any("model think" in name for name in seen)
    assert any("Volume" in name for name in seen)
    page.button("siren").focus()
    page.wait()
    page.press("Enter")
    page.press(" ")
    assert page.rows == [["label", 0, 8], ["label", 1, 8]]
    page.press("?")
    expect(page.root.get_by_role("region", name="Keys")).to_be_visible()
    page.press("Escape")
    expect(page.root.get_by_role("region", name="Keys")).to_be_hidden()


def test_what_the_model_thinks_is_folded_away(visit):
    page = visit(game=1).focus()
    page.press("1", "2", "3", "4", "5", "6")
    assert page.page.evaluate("model.get('opinion') !== null")
    expect(page.root.get_by_text("61 of 100")).to_be_hidden()
    expect(page.root.get_by_text("Picked because of this")).to_be_hidden()
    page.root.locator("summary").click()
    expect(page.root.get_by_text("61 of 100")).to_be_visible()
    expect(page.root.get_by_text("The hypotheses disagree: most hear air_conditioner.")).to_be_visible()
    expect(page.root.get_by_role("img", name="After 12 labels your recall is 62 %")).to_be_visible()
    page.press(" ")  # and the fold does not take Space away from the sound
    page.plays()
    expect(page.root.get_by_text("61 of 100")).to_be_visible()


def test_learning_starts_when_asked_to(visit):
    page = visit().focus()
    expect(page.button("Start learning now")).to_be_hidden()
    page.press("1", "2", "3")
    page.click("Start learning now")
    assert page.rows[3:] == [["start", None, None]]


LONG = ["a_class_with_a_very_long_name_such_as_people_type", "Donaudampfschifffahrtsgesellschaftskapitän", "b"]


@pytest.mark.parametrize("options", [{}, {"game": 1}, {"classes": json.dumps(LONG), "notice": "x" * 90}])
def test_a_phone_needs_no_sideways_scrolling(visit, options):
    page = visit(width=360, **options).focus()
    page.press("1", "2", "3", "1", "2", "3", "?")
    page.root.locator("summary").click()
    page.click("Add a class")
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
    cut = page.root.locator("button").evaluate_all(
        "all => all.filter((b) => b.scrollWidth > b.clientWidth + 1).map((b) => b.textContent)"
    )
    assert cut == []


@pytest.mark.parametrize("width", [1280, 360])
def test_targets_are_44_pixels(visit, width):
    page = visit(width=width, game=1).focus()
    page.press("1", "2", "3")
    page.click("Change")
    small = page.root.locator("button, summary, input, [role=slider]").evaluate_all("""all => all
      .map((one) => [one.getAttribute("aria-label") ?? one.textContent, one.getBoundingClientRect()])
      .filter(([, { width, height }]) => width && (width < 43.9 || height < 43.9)).map(([name]) => name)""")
    assert small == []


# Each visible text with its color and that of the nearest background behind it, as 0 to 1.
COLORS = """root => {
  const rgba = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].map((part) => part / 255);
  };
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const parent = texts.currentNode.parentElement;
    const words = texts.currentNode.textContent.trim();
    if (!words || !parent.checkVisibility({ visibilityProperty: true })) continue;
    let behind = parent;
    while (behind && rgba(getComputedStyle(behind).backgroundColor)[3] < 0.6) behind = behind.parentElement;
    const ink = parent instanceof SVGElement ? getComputedStyle(parent).fill : getComputedStyle(parent).color;
    found.push([words, rgba(ink), behind ? rgba(getComputedStyle(behind).backgroundColor) : [1, 1, 1, 1]]);
  }
  return found;
}"""


def contrast(*colors: list[float]) -> float:
    """The contrast ratio of the Web Content Accessibility Guidelines."""
    parts = np.array(colors)[:, :3]
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    low, high = sorted(linear @ [0.2126, 0.7152, 0.0722])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_reads_in_both_themes(visit, theme):
    page = visit(theme=theme, game=1, notice="A cut-off last line was mended.").focus()
    before = page.root.evaluate(COLORS)
    page.press("1", "2", "3", "4", "5", "6", "?")
    page.root.locator("summary").click()
    page.click("Change")
    page.engine({"full": True})
    page.press("1")
    texts = before + page.root.evaluate(COLORS)
    assert any("no space left" in words for words, *_ in texts)
    weak = {words: round(contrast(ink, paper), 2) for words, ink, paper in texts if contrast(ink, paper) < 4.5}
    assert weak == {}
    paper = page.root.evaluate(COLORS)[0][2]
    assert (np.mean(paper[:3]) < 0.5) == (theme == "dark")


@pytest.mark.parametrize(
    ("script", "dark"),
    [
        ("document.body.dataset.jpThemeLight = 'false'", True),
        ("document.documentElement.dataset.theme = 'dark'", True),
        ("document.body.className = 'vscode-dark'", True),
        ("document.body.dataset.jpThemeLight = 'true'", False),
    ],
)
def test_the_theme_of_the_page_goes_before_the_computers(visit, script, dark):
    page = visit(theme="light" if dark else "dark")
    page.page.evaluate(script)
    paper = page.root.evaluate("root => getComputedStyle(root).backgroundColor")
    assert paper == ("rgb(22, 24, 29)" if dark else "rgb(255, 255, 255)")


COUNT_URLS = """
  window.urls = new Set();
  const [make, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (blob) => { const url = make.call(URL, blob); urls.add(url); return url; };
  URL.revokeObjectURL = (url) => { urls.delete(url); revoke.call(URL, url); };
"""


def test_a_view_that_is_closed_leaves_nothing_behind(visit):
    page = visit(script=COUNT_URLS, clips=30).focus()
    page.press(" ", *"12345678901234")
    assert page.page.evaluate("urls.size") <= 12
    assert page.page.evaluate("model.count()") > 0
    audio = page.page.evaluate_handle("document.querySelector('audio')")
    page.page.evaluate("unmount()")
    assert page.root.count() == 0
    assert page.page.evaluate("[model.count(), urls.size]") == [0, 0]
    assert audio.evaluate("audio => audio.paused")
    page.page.evaluate("void (window.unmount = mount('here'))")
    page.focus().press("1")
    assert page.rows[-1] == ["label", 14, 0]


def test_two_views_show_the_same_and_sound_one_at_a_time(visit):
    page = visit().focus()
    page.press(" ")
    page.page.evaluate("void mount('there')")
    page.root.focus()
    page.press("1", "2")
    assert page.page.locator("#there .dalbook-labeler").get_attribute("data-clip") == "2"
    playing = "[...document.querySelectorAll('audio')].map((audio) => !audio.paused)"
    assert page.page.evaluate(playing) == [True, False]
    page.page.locator("#there").get_by_role("button", name="Play", exact=True).click()
    page.page.wait_for_function(f"({playing}).join() === 'false,true'")
    assert page.rows == [["label", 0, 0], ["label", 1, 1]]


def test_a_recording_takes_no_decision(visit):
    page = visit(recording=1).focus()
    expect(page.root).to_contain_text("A recording. These clips were labeled before.")
    assert page.time == 0
    page.press("1", "u", "Backspace")
    page.button("siren").click(force=True)
    assert page.rows == []
    expect(page.root.get_by_role("status")).to_contain_text("This is a recording")
    expect(page.button("Add a class")).to_be_hidden()
    page.press(" ")
    page.plays()
