"""The page in a real browser, against `asr transcribe`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import peers
import pytest
import soundfile
import soxr
from real_speech import RATE_HZ, an4

from asr import audio
from asr.recognizer import Recognizer

pytestmark = pytest.mark.slow  # a browser and a model to load

PAGE = Path(__file__).resolve().parent.parent / "exported" / "web"
WIRE_MB = 20
BEGIN = "document.body.dataset.state = 'about to'"  # so that what came before is not taken for the end
ENDED = "['done', 'failed', 'ready'].includes(document.body.dataset.state)"
# Decodes a WAV file as the microphone of a browser, once.
FAKE_MICROPHONE = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--use-file-for-fake-audio-capture={}%noloop",
)

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    """The page as a static web server would have it."""
    folder = tmp_path_factory.mktemp("web")
    modules = peers.node_modules("onnxruntime-web")
    with pytest.MonkeyPatch.context() as monkeypatch:
        sizes = peers.build_web(monkeypatch).build(folder, node_modules=modules)
    assert sum(sizes.values()) < WIRE_MB * 1e6
    return folder


@pytest.fixture(scope="module")
def address(built: Path) -> Iterator[str]:
    with peers.serving(built) as address:
        yield address


@pytest.fixture(scope="module")
def browser(sample: Path) -> Iterator[Any]:
    *options, recorded = FAKE_MICROPHONE
    with peers.chromium(*options, recorded.format(sample)) as browser:
        yield browser


@pytest.fixture(scope="module")
def page(browser: Any, address: str) -> Iterator[Any]:
    """The page with its model loaded, which has asked nobody but its own server for anything."""
    page = browser.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text))
    page.goto(address)
    page.wait_for_function(ENDED, timeout=120_000)
    assert page.text_content("#status") == "Ready."
    yield page
    assert [url for url in asked if not url.startswith((address, "blob:", "data:"))] == []
    assert wrong == []


def read(page: Any, *files: Path) -> str:
    """Give a file to the page, wait, and return what its status says."""
    page.evaluate(BEGIN)
    page.set_input_files("#file", files)
    return ended(page)


def ended(page: Any) -> str:
    page.wait_for_function(ENDED, timeout=120_000)
    return str(page.text_content("#status"))


@pytest.fixture(scope="module")
def recognizer(sample: Path) -> Recognizer:
    return Recognizer(threads=1)


def wav(path: Path, samples: Any, rate_hz: int = RATE_HZ) -> Path:
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")
    return path


# ---- sound in, text out


def test_files_of_speech(page: Any, recognizer: Recognizer, test_data: Path, tmp_path: Path) -> None:
    for name, samples in an4(test_data, tmp_path, every=22).items():
        file = wav(tmp_path / f"{name}.wav", samples)
        assert read(page, file) == f"{name}.wav: done."
        hypothesis = recognizer.transcribe(file)
        assert page.text_content("#text") == hypothesis.text
        shown = page.eval_on_selector_all("#words li", "items => items.map(item => [item.textContent, item.title])")
        assert shown == [[word.text, f"{word.start_s:.2f} s"] for word in hypothesis.words]
        assert f"{len(samples) / RATE_HZ:.2f} s of sound" in page.text_content("#took")


def test_other_rates_channels_and_formats(page: Any, recognizer: Recognizer, sample: Path, tmp_path: Path) -> None:
    samples, rate_hz = soundfile.read(sample, dtype="float32")
    fast = soxr.resample(samples, rate_hz, 44100)
    stereo = wav(tmp_path / "stereo.wav", np.stack([fast, fast], axis=1), 44100)
    soundfile.write(tmp_path / "sample.flac", samples, rate_hz)
    soundfile.write(tmp_path / "sample.mp3", fast, 44100)
    for file in (stereo, tmp_path / "sample.flac", tmp_path / "sample.mp3"):
        assert read(page, file) == f"{file.name}: done."
        assert page.text_content("#text") == recognizer.transcribe(sample).text


def test_what_is_drawn_changes_with_the_sound(page: Any, sample: Path, tmp_path: Path) -> None:
    def pictures() -> list[str]:
        names = ("waveform", "spectrogram", "posteriors")
        return [page.eval_on_selector(f"#{name}", "canvas => canvas.toDataURL()") for name in names]

    read(page, sample)
    speech = pictures()
    read(page, wav(tmp_path / "noise.wav", np.random.default_rng(0).normal(0, 0.05, 3 * RATE_HZ)))
    assert all(before != after for before, after in zip(speech, pictures(), strict=True))
    read(page, sample)
    assert pictures() == speech


@pytest.mark.parametrize("size", [1, 160])
def test_clips_of_next_to_nothing(page: Any, tmp_path: Path, size: int) -> None:
    assert read(page, wav(tmp_path / "clip.wav", np.full(size, 0.01))) == "clip.wav: done."
    assert page.text_content("#text") == "(no words heard)"


@pytest.mark.slow
def test_ten_minutes(page: Any, recognizer: Recognizer, test_data: Path, tmp_path: Path) -> None:
    whole = np.concatenate(list(an4(test_data, tmp_path).values()))
    file = wav(tmp_path / "long.wav", np.tile(whole, 2)[: 600 * RATE_HZ])
    page.set_default_timeout(300_000)
    assert read(page, file) == "long.wav: done."
    (rows,) = recognizer.log_probs([audio.read(file).samples])  # in one run, where `transcribe` would hear windows
    assert page.text_content("#text") == recognizer._decoded([rows])[0].text


def test_a_file_that_is_dropped(page: Any, sample: Path) -> None:
    page.evaluate(BEGIN)
    page.evaluate(
        """async () => {
            const data = new DataTransfer();
            data.items.add(new File([await (await fetch('sample.wav')).blob()], 'dropped.wav'));
            document.getElementById('drop').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true}));
        }"""
    )
    assert ended(page) == "dropped.wav: done."
    assert page.text_content("#text") == "enter four five seven one"


def test_the_microphone_and_the_keyboard(page: Any, recognizer: Recognizer, sample: Path) -> None:
    """The fake microphone plays the sample; all is done with the keyboard."""
    page.focus("#file")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "record"
    page.keyboard.press("Enter")
    page.wait_for_function("document.body.dataset.state === 'recording'")
    assert page.get_attribute("#record", "aria-pressed") == "true"
    page.wait_for_timeout(4500)  # the sample takes 2.8 s
    page.keyboard.press("Enter")
    assert ended(page) == "Recording: done."
    assert page.text_content("#text") == recognizer.transcribe(sample).text
    page.focus("#record")
    page.keyboard.press("Tab")
    page.evaluate(BEGIN)
    page.keyboard.press("Space")  # "Try the sample"
    assert ended(page) == "The sample: done."


# ---- looks


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_follows_the_colours(page: Any, sample: Path, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 780})
    page.emulate_media(color_scheme=scheme)
    read(page, sample)
    assert page.evaluate("document.documentElement.scrollWidth") == width, "the page itself never scrolls sideways"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) > 3 * 128) == (scheme == "light")
    places = page.eval_on_selector_all(
        "#words li", "items => items.map(item => [item.offsetTop, item.offsetLeft, item.offsetLeft + item.offsetWidth])"
    )
    for (top, _, right), (other, left, _) in pairwise(sorted(places)):
        assert top != other or right <= left, "words overlap"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_contrast(scheme: str) -> None:
    """At least 4.5 to 1 (WCAG 2.2, 1.4.3), computed from the colours of the style sheet."""
    first, second = (PAGE / "style.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", first if scheme == "light" else second.partition("\n}\n")[0]))
    for ink, ground in (
        ("ink", "ground"), ("ink", "card"), ("quiet", "ground"), ("quiet", "card"), ("accent", "ground"),
        ("on-accent", "accent"), ("wrong", "ground"), ("ground", "wrong"),
    ):  # fmt: skip
        lighter, darker = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5, f"{ink} on {ground}"


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


# ---- what goes wrong is a sentence


def test_files_without_sound(page: Any, sample: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    (tmp_path / "cut.wav").write_bytes(sample.read_bytes()[:20])
    empty = wav(tmp_path / "empty.wav", np.zeros(0))
    for file in (tmp_path / "notes.txt", tmp_path / "cut.wav"):
        assert read(page, file) == f"{file.name}: this browser finds no sound in it; try a WAV, MP3, Ogg or FLAC file."
    assert read(page, empty).startswith("empty.wav: ")
    assert page.evaluate("document.body.dataset.state") == "failed"
    assert read(page, sample) == "sample.wav: done."


@pytest.fixture
def spoiled(browser: Any, address: str) -> Iterator[Open]:
    """Open the page after a script that takes something away, and return what it says."""
    context = browser.new_context()

    def open_page(script: str = "", missing: str = "") -> Any:
        page = context.new_page()
        page.add_init_script(script)
        if missing:
            page.route(f"**/{missing}", lambda route: route.fulfill(status=404))
        page.goto(address)
        page.wait_for_function(ENDED, timeout=120_000)
        return page

    yield open_page
    context.close()


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("delete globalThis.WebAssembly", "This browser has no WebAssembly"),
        ("WebAssembly.validate = () => false", "This browser's WebAssembly has no SIMD"),
        ("delete globalThis.DecompressionStream", "This browser cannot unpack gzip"),
    ],
)
def test_browsers_that_lack_something(spoiled: Open, script: str, says: str) -> None:
    page = spoiled(script)
    assert re.fullmatch(rf"{says}, [^;]+; use a current one\.", page.text_content("#status"))
    assert page.is_disabled("#record")


@pytest.mark.parametrize("missing", ["model.onnx.gz", "vendor/runtime.wasm.gz"])
def test_a_server_that_lacks_a_file(spoiled: Open, missing: str) -> None:
    said = spoiled(missing=missing).text_content("#status")
    assert said == f"The model could not be loaded: {missing} cannot be loaded (404)."


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("NotAllowedError", "The microphone may not be used: allow it"),
        ("NotFoundError", "There is no microphone here; choose a file"),
        ("", "The microphone needs a page that came over https"),
    ],
)
def test_a_microphone_that_cannot_be_used(page: Any, script: str, says: str) -> None:
    if script:
        page.evaluate(
            "name => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', name); } }",
            script,
        )
    else:
        page.evaluate("Object.defineProperty(navigator, 'mediaDevices', {value: undefined, configurable: true})")
    page.evaluate(BEGIN)
    page.click("#record")
    ended(page)
    assert says in page.text_content("#status")
    assert page.is_enabled("#file")
