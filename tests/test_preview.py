"""`asr augment preview`: the page holds what training hears, bit for bit, and everything it shows."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import commands
import matplotlib.image
import numpy as np
import pytest
import soundfile

from asr import config, manifest
from asr.mel import FeatureSpec
from asr.train.batches import AudioCache
from asr.train.page import Entry, render
from asr.train.pictures import picture, spectrogram
from asr.train.preview import hear, readable
from asr.train.spoken import build_spoken
from asr.types import Utterance

pytestmark = pytest.mark.usefixtures("one_thread")

run = partial(commands.run, "augment", "preview")
CONFIG = """
[augment]
speeds = [0.9, 1.1]
warp = 0.1
colour_db = 6.0
joined = {joined}

[[augment.chain]]
kind = "noise"
p = 1.0
colours = ["pink"]

[[augment.chain]]
kind = "clip"
p = 0.0
"""
Sounds = Callable[..., list[Utterance]]


class Page(HTMLParser):
    """Collects what a page embeds, and the names of all its tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.sources += [values["src"] or ""] if "src" in values else []
        self.links += [values["href"] or ""] if "href" in values else []


def content(source: str) -> bytes:
    kind, _, data = source.partition(";base64,")
    assert kind in ("data:audio/wav", "data:image/png")
    return base64.b64decode(data, validate=True)


@pytest.fixture
def files(tmp_path: Path, sounds: Sounds) -> tuple[Path, Path]:
    """A config and a manifest of three utterances."""
    utterances = [
        Utterance(f"<{utterance.id}>", utterance.audio, "a & b", utterance.duration_s) for utterance in sounds(count=3)
    ]
    manifest.write(tmp_path / "train.jsonl", utterances)
    (tmp_path / "config.toml").write_text(CONFIG.format(joined=0.0))
    return tmp_path / "config.toml", tmp_path / "train.jsonl"


def test_the_page_plays_what_the_folder_holds(files: tuple[Path, Path], tmp_path: Path) -> None:
    result = run(*files, "--out", tmp_path / "out", "--count", 2)
    assert (result.exit_code, result.stdout) == (0, f"{tmp_path / 'out' / 'index.html'}\n"), result.stderr
    names = [f"{number}{end}" for number in ("01", "02") for end in ("-after.wav", "-before.wav", ".png")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [*names, "index.html"]
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.links == [], "it needs no other file"
    embedded = [content(source) for source in page.sources]
    order = [f"{number}{end}" for number in ("01", "02") for end in ("-before.wav", "-after.wav", ".png")]
    assert embedded == [(tmp_path / "out" / name).read_bytes() for name in order]
    assert "&lt;1&gt;" in text or "&lt;0&gt;" in text
    assert "a &amp; b" in text
    assert len(re.findall(r"<li>noise: colour pink, snr_db [\d.]+</li>", text)) == 2
    assert "clip:" not in text


def test_a_seed_repeats_and_more_than_there_is_is_all(files: tuple[Path, Path], tmp_path: Path) -> None:
    for name, options in (("a", ()), ("b", ("--count", 1)), ("c", ("--count", 1, "--seed", 1))):
        assert run(*files, "--out", tmp_path / name, *options).exit_code == 0
    after = {name: (tmp_path / name / "01-after.wav").read_bytes() for name in "abc"}
    assert after["a"] == after["b"] != after["c"]
    assert len(list((tmp_path / "a").glob("*.png"))) == 3


def test_what_is_shown_is_what_training_hears(files: tuple[Path, Path]) -> None:
    """The samples are those of a batch of training with the same random numbers."""
    settings, utterances = config.load(files[0]), manifest.read(files[1])
    spoken = build_spoken(settings, utterances, AudioCache(16000, 1.0))
    heard = hear(utterances[:2], settings, spoken, (5, 1))
    rng = np.random.default_rng((5, 1))
    rng.integers(2**62)
    np.testing.assert_array_equal(heard.after, np.concatenate([spoken(one, rng) for one in utterances[:2]]))
    np.testing.assert_array_equal(heard.before, np.concatenate([spoken.cache.samples(one) for one in utterances[:2]]))
    assert [[step.partition(":")[0] for step in steps] for steps in heard.steps] == [
        ["speed", "noise", "gain"],
        ["speed", "noise", "gain", "warp", "colour"],
    ]
    spec = settings.features.spec()
    assert heard.plain.shape == (spec.frames(len(heard.before)), 80)
    assert heard.masked.shape == (spec.frames(len(heard.after)), 80)
    np.testing.assert_allclose(heard.plain.mean(0), 0.0, rtol=0, atol=1e-4)
    assert 0.02 < (heard.masked == 0.0).mean() < 0.9, "masks have the value of the mean"


def test_a_tempo_is_drawn_beside_the_speed(files: tuple[Path, Path]) -> None:
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    files[0].write_text(CONFIG.format(joined=0.0).replace("warp", "tempos = [0.8, 1.25]\nwarp"))
    settings, utterances = config.load(files[0]), manifest.read(files[1])
    spoken = build_spoken(settings, utterances, AudioCache(16000, 1.0))
    rng = np.random.default_rng(0)
    drawn = set()
    for _ in range(40):
        first, *_ = spoken.stages(utterances[0], rng)
        drawn.add((first.drawn["factor"], first.drawn["tempo"]))
        assert len(first.samples) == pytest.approx(
            utterances[0].duration_s * 16000 / first.drawn["factor"] / first.drawn["tempo"], abs=2
        )
    assert drawn == {(speed, tempo) for speed in (0.9, 1.1) for tempo in (0.8, 1.25)}


def test_the_page_names_a_tempo_that_is_always_the_same(files: tuple[Path, Path], tmp_path: Path) -> None:
    pytest.importorskip("python_stretch", reason="needs the extra `augment`")
    assert run(*files, "--out", tmp_path / "none").exit_code == 0
    files[0].write_text(CONFIG.format(joined=0.0).replace("warp", "tempos = [1.25]\nwarp"))
    assert run(*files, "--out", tmp_path / "fixed").exit_code == 0
    pages = [(tmp_path / out / "index.html").read_text(encoding="utf-8") for out in ("none", "fixed")]
    assert [page.count("tempo 1.25") for page in pages] == [0, 3], "once a row"


def test_rows_are_joined_as_in_training(files: tuple[Path, Path], tmp_path: Path) -> None:
    files[0].write_text(CONFIG.format(joined=1.0))
    assert run(*files, "--out", tmp_path / "out").exit_code == 0
    text = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    titles = re.findall(r"<h2>(.*)</h2>", text)
    assert sorted(title.count(" + ") for title in titles) == [0, 1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("config", "config.toml: augment: chain: 0: unknown kind 'nois'; did you mean 'noise'?"),
        ("manifest", "train.jsonl: has no utterances; prepare the corpus again"),
        ("path", "no such folder of sounds or manifest; check the path"),
    ],
)
def test_mistakes_end_as_one_sentence(files: tuple[Path, Path], tmp_path: Path, wrong: str, message: str) -> None:
    if wrong == "config":
        files[0].write_text('[[augment.chain]]\nkind = "nois"\np = 1.0')
    elif wrong == "manifest":
        files[1].write_text("")
    else:
        files[0].write_text('[[augment.chain]]\nkind = "recordings"\np = 1.0\npath = "gone"')
    result = run(*files, "--out", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


# ---- pictures


def test_a_picture_shows_any_length() -> None:
    for length in (1, 400, 16000):
        samples, features = np.zeros(length, dtype=np.float32), np.zeros((length // 160, 80), dtype=np.float32)
        image = matplotlib.image.imread(io.BytesIO(picture(samples, samples, features, features, FeatureSpec())))
        assert image.shape[0] > 300
        assert image.shape[1] > 600


def test_a_spectrogram_shows_a_tone_where_it_is(tone: Callable[..., np.ndarray]) -> None:
    found = spectrogram(tone(1.0), 16000)
    assert found.shape == (1 + (16000 - 512) // 128, 257)
    assert (np.abs(found.argmax(axis=1) * 16000 / 512 - 440) < 16).all()


def test_numbers_are_short() -> None:
    shown = {0.30812: "0.308", 5672.31: "5672", -3.0: "-3", "pink": "pink", 44100.0: "44100"}
    assert [readable(value) for value in shown] == list(shown.values())


def test_a_page_of_nothing_is_a_page() -> None:
    assert render([]).startswith("<!doctype html>")
    wav = io.BytesIO()
    soundfile.write(wav, np.zeros(8), 8000, format="WAV")
    page = render([Entry("t", "<script>", (("a",), ("b",)), wav.getvalue(), wav.getvalue(), b"")])
    assert "<script" not in page
    assert page.count("<ul>") == 2
