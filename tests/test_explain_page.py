"""The pages of `asr explain` and of a score in a real browser: what is drawn, played and reached by the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import peers
import pytest
from commands import done

import asr

pytestmark = pytest.mark.slow  # a browser and a model to load

EVIL = "<img src=x onerror=window.evil=1></script><script>window.evil=1</script>&\N{GRINNING FACE}"
NAME = "a & <b>\N{GRINNING FACE}.wav"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with peers.chromium("--autoplay-policy=no-user-gesture-required") as browser:
        yield browser


@pytest.fixture(scope="module")
def written(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the sample, whose names and words try to be HTML."""
    for package in ("numba", "librosa"):
        pytest.importorskip(package, reason="needs the extra `report`")
    folder = tmp_path_factory.mktemp("page")
    (folder / NAME).write_bytes(sample.read_bytes())
    (folder / "said.txt").write_text("enter four six seven one", encoding="utf-8")
    for name, said in (("page", ["--reference", folder / "said.txt"]), ("evil", ["--words", f"enter {EVIL}"])):
        done("explain", folder / NAME, *said, "--out", folder / f"{name}.html")
    return folder


def opened(browser: Any, file: Path, **looks: Any) -> Any:
    """Open a page; whatever it asks for or complains about is noted in its `wrong`."""
    page = browser.new_page(**looks)
    page.wrong = []
    page.on("request", lambda request: page.wrong.append(request.url))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("console", lambda message: page.wrong.append(message.text))
    page.goto(file.as_uri())
    page.wrong = [each for each in page.wrong if not each.startswith(("data:", file.as_uri()))]
    return page


@pytest.fixture
def page(browser: Any, written: Path) -> Iterator[Any]:
    page = opened(browser, written / "page.html")
    yield page
    assert [each for each in page.wrong if not each.startswith("data:")] == []
    page.close()


def until(page: Any, condition: str) -> None:
    """Wait for a condition; playwright's own way evaluates a text in the page, which the policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{condition}: not within 20 s")


def test_names_and_words_are_text(browser: Any, written: Path) -> None:
    page = opened(browser, written / "evil.html")
    assert page.evaluate("window.evil") is None
    assert page.text_content("h1") == NAME
    assert EVIL in page.text_content("dl")
    assert page.wrong == []
    page.close()


def test_the_policy_stops_what_is_not_of_the_page(page: Any) -> None:
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=window.evil=1>')")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.evil = 1'}))")
    page.wait_for_timeout(200)
    assert page.evaluate("window.evil") is None
    assert len(page.wrong) >= 2
    assert all("Content Security Policy" in each or each.endswith("/x") for each in page.wrong)
    page.wrong = []


def test_words_are_those_of_transcribe(page: Any, sample: Path) -> None:
    hypothesis = asr.load().transcribe(sample)
    shown = page.eval_on_selector_all("#words button", "all => all.map(one => one.getAttribute('aria-label'))")
    assert shown == [
        f"{word.text}, at {word.start_s:.2f} s, confidence {word.confidence:.2f}" for word in hypothesis.words
    ]
    marks = page.eval_on_selector_all("#words li, #said li", "all => all.map(one => one.className)")
    assert marks == ["w C", "w C", "w S", "w C", "w C"] * 2


def test_a_click_plays_the_word_and_no_more(page: Any, sample: Path) -> None:
    word = asr.load().transcribe(sample).words[2]
    page.evaluate(
        """() => {
            const player = document.getElementById('player');
            window.heard = [];
            player.addEventListener('timeupdate', () => heard.push(player.currentTime));
            player.addEventListener('pause', () => { window.ended = player.currentTime; });
        }"""
    )
    page.click("#words li:nth-child(3) button")
    until(page, "window.ended > 0")
    assert word.start_s - 0.21 <= page.evaluate("Math.min(...heard)") <= word.start_s
    assert word.end_s <= page.evaluate("window.ended") <= word.end_s + 0.5
    assert page.is_visible("#playhead")


def test_everything_is_reached_by_the_keyboard(page: Any) -> None:
    page.focus("#closer")
    width = page.evaluate("document.getElementById('tracks').clientWidth")
    page.keyboard.press("Enter")
    assert page.evaluate("document.getElementById('tracks').clientWidth") == pytest.approx(1.5 * width, rel=0.01)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert page.evaluate("document.getElementById('tracks').clientWidth") == pytest.approx(width, abs=1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "timeline"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("enter")
    page.keyboard.press("Enter")
    until(page, "document.getElementById('player').currentTime > 0")
    page.focus("#frame")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"0\.08 s: \S+ [01]\.\d{3}.*", page.text_content("#likely"))
    assert page.get_attribute("#frame", "aria-valuetext") == page.text_content("#likely")


def test_the_pointer_tells_what_is_likely(page: Any, sample: Path) -> None:
    word = asr.load().transcribe(sample).words[1]
    box = page.locator("#posteriors").bounding_box()
    duration_s = page.evaluate("document.getElementById('player').duration")
    page.mouse.move(box["x"] + box["width"] * (word.start_s + 0.02) / duration_s, box["y"] + 40)
    assert page.text_content("#likely").startswith(f"{word.start_s:.2f} s: ▁four ")


def test_the_pictures_are_drawn(page: Any) -> None:
    """Count the colours of each canvas: an empty one has none."""
    for name, least in (("waveform", 2), ("spectrogram", 50), ("posteriors", 5), ("axis", 2)):
        colours = page.eval_on_selector(
            f"#{name}",
            """canvas => new Set(new Uint32Array(canvas.getContext('2d')
                .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size""",
        )
        assert colours >= least, name


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_it_fits_and_follows_the_colours(browser: Any, written: Path, scheme: str, width: int) -> None:
    page = opened(browser, written / "page.html", viewport={"width": width, "height": 780}, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width, "the page itself never scrolls sideways"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) > 3 * 128) == (scheme == "light")
    for name in ("words", "said"):
        places = page.eval_on_selector_all(
            f"#{name} li", "all => all.map(one => [one.offsetTop, one.offsetLeft, one.offsetLeft + one.offsetWidth])"
        )
        assert len(places) == 5
        for (top, _, right), (other, left, _) in pairwise(sorted(places)):
            assert top != other or right <= left, "words overlap"
    page.close()


def test_the_page_of_a_score_runs_under_the_policy(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("u one two\nv three\n")
    (tmp_path / "h.txt").write_text("u one\nv three\n")
    done("score", tmp_path / "r.txt", tmp_path / "h.txt", "--html", tmp_path / "page.html", "--by", "length")
    page = opened(browser, tmp_path / "page.html")
    page.check("#wrong")
    assert page.text_content("#shown") == "1 of 2 shown"
    assert page.wrong == []
    page.close()
