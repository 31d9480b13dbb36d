"""The chain of augmentations: what every kind promises, what a chain promises, and how a config describes it."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile
from pydantic import ValidationError
from pydantic_core import PydanticUndefined

from asr import config
from asr.augment import KINDS, Chain, Draws, Effect, Link, Studio, fastest, link
from asr.errors import ConfigError
from asr.types import FloatArray, Utterance

CHECKOUT = Path(__file__).resolve().parent.parent
NEEDS = {"pitch": "python_stretch", "room": "pyroomacoustics", "tempo": "python_stretch"}
SMALL = {"babble": {"bank": 3}, "room": {"bank": 2, "rt60_s": (0.1, 0.2)}}  # quick to make ready
RATES_HZ = (8000, 16000)

Speech = Callable[..., npt.NDArray[np.float32]]
Sounds = Callable[..., list[Utterance]]


@pytest.fixture
def studio(sounds: Sounds) -> Studio:
    return Studio(16000, sounds("train"))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Link]:
    """Return a factory of a link of a kind, with the sounds that it needs and little to make ready."""

    def build(kind: str, p: float = 1.0, **settings: Any) -> Link:
        pytest.importorskip(NEEDS.get(kind, "numpy"), reason="needs the extra `augment`")
        if "path" in KINDS[kind].model_fields and "path" not in settings:
            folder = tmp_path / kind
            folder.mkdir(exist_ok=True)
            for seed in (8, 9):
                samples = 0.02 * np.random.default_rng(seed).standard_normal(4800)
                if kind == "impulses":
                    samples = np.r_[1.0, samples * np.exp(-np.arange(4800) / 500)]
                soundfile.write(folder / f"{seed}.wav", samples, 16000, subtype="FLOAT")
            settings = {"path": folder, **settings}
        return link({"kind": kind, "p": p, **SMALL.get(kind, {}), **settings})

    return build


def effect_of(link: Link, studio: Studio, seed: int = 0) -> Effect:
    return link.effect(studio, np.random.default_rng(seed))


def draws(seed: int = 0) -> Draws:
    return Draws(np.random.default_rng(seed))


def level_db(samples: FloatArray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64))))


# ---- what every kind promises

kinds = pytest.mark.parametrize("kind", KINDS)


def test_names_are_those_of_the_classes() -> None:
    for kind, cls in KINDS.items():
        assert cls.model_fields["kind"].default == kind
        assert cls.__name__.lower() == kind
        assert (cls.__doc__ or "").endswith(".")
        assert cls.model_fields["p"].default is PydanticUndefined, "how often is always said"


@kinds
def test_a_seed_repeats_and_another_differs(
    kind: str, make: Callable[..., Link], studio: Studio, speech: Speech
) -> None:
    samples, effect, again = speech(1.0), effect_of(make(kind), studio), effect_of(make(kind), studio)
    first = effect(samples, draws(1))
    np.testing.assert_array_equal(again(samples, draws(1)), first)
    np.testing.assert_array_equal(effect(samples, draws(1)), first, "what went before does not matter")
    others = (effect(samples, draws(seed)) for seed in range(2, 8))
    assert any(len(other) != len(first) or not np.array_equal(other, first) for other in others)


@kinds
@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_lengths_are_kept_or_follow_the_tempo(
    kind: str, rate_hz: int, make: Callable[..., Link], studio: Studio, speech: Speech
) -> None:
    effect = effect_of(make(kind), replace(studio, rate_hz=rate_hz))
    for length in (1, 2, 79, 1000, 12345):
        samples, drawn = speech(1.6, rate_hz)[-length:], draws(length)
        before = samples.copy()
        found = effect(samples, drawn)
        tempo = float(drawn.drawn["factor"]) if kind == "tempo" else 1.0
        assert found.shape == (math.ceil(length / tempo),)
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        np.testing.assert_array_equal(samples, before, "what is given is left alone")


@kinds
def test_silence_stays_silence(kind: str, make: Callable[..., Link], studio: Studio) -> None:
    effect = effect_of(make(kind), studio)
    for length in (1, 8000):
        found = effect(np.zeros(length, dtype=np.float32), draws())
        assert np.abs(found).max() <= 3e-4  # A-law has no zero


@kinds
@pytest.mark.parametrize("loudness", [0.01, 10.0])
def test_levels_stay_near_what_they_were(
    kind: str, loudness: float, make: Callable[..., Link], studio: Studio, speech: Speech
) -> None:
    """At the default settings: louder by what noise at 5 dB adds at the most, softer by what a line cuts off."""
    samples = np.float32(loudness) * speech(1.0)
    effect = effect_of(make(kind), studio)
    for seed in range(3):
        found = effect(samples, draws(seed))
        assert -12.0 < level_db(found) - level_db(samples) < 1.3
        assert np.abs(found).max() < 4 * np.abs(samples).max()


@kinds
def test_nothing_is_late(kind: str, make: Callable[..., Link], studio: Studio, speech: Speech) -> None:
    """The envelope of what comes out fits that of what went in best without a shift."""
    samples, drawn = speech(3.0), draws()
    found = effect_of(make(kind), studio)(samples, drawn)
    if kind == "tempo":
        found = np.interp(np.arange(len(samples)) / float(drawn.drawn["factor"]), np.arange(len(found)), found)
    assert abs(lag(envelope(found), envelope(samples))) <= 32  # 2 ms: echoes come after the direct sound


def envelope(samples: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    smooth = np.convolve(np.square(samples, dtype=np.float64), np.hanning(320), mode="same")
    return np.sqrt(np.maximum(smooth, 0.0))


def lag(found: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> int:
    """Return by how many samples `found` is late, from the peak of the cross-correlation."""
    size = 2 * len(wanted)
    spectra = (np.fft.rfft(values - values.mean(), size) for values in (found, wanted))
    late, given = spectra
    place = int(np.fft.irfft(late * given.conj(), size).argmax())
    return place if place < size // 2 else place - size


@kinds
def test_settings_survive_being_written(kind: str, make: Callable[..., Link]) -> None:
    one = make(kind, p=0.25)
    assert link(config.tupled(one.model_dump(mode="json"))) == one


@pytest.mark.parametrize("kind", ["pitch", "room", "tempo"])
def test_without_the_extra_it_is_named(
    kind: str, studio: Studio, speech: Speech, monkeypatch: pytest.MonkeyPatch
) -> None:
    from asr.errors import MissingPackage

    monkeypatch.setitem(__import__("sys").modules, NEEDS[kind], None)
    with pytest.raises(MissingPackage, match=r"augmentation with .* pip install 'bilstm-asr\[augment\]'"):
        effect_of(link({"kind": kind, "p": 1.0}), studio)(speech(), draws())


# ---- what a chain promises

PLAIN = ("noise", "clip", "gaps", "band")


def chain_of(studio: Studio, *links: Link, seed: int = 0) -> Chain:
    return Chain(links, studio, seed)


def test_a_chain_is_one_link_after_the_other(make: Callable[..., Link], studio: Studio, speech: Speech) -> None:
    links, rng = [make(kind) for kind in PLAIN], np.random.default_rng(5)
    stages = list(chain_of(studio, *links).stages(speech(), rng))
    assert [stage.kind for stage in stages] == list(PLAIN)
    samples = speech()
    for one, stage, own in zip(links, stages, np.random.default_rng(5).spawn(4), strict=True):
        own.random()
        drawn = Draws(own)
        samples = effect_of(one, studio)(samples, drawn)
        np.testing.assert_array_equal(stage.samples, samples)
        assert stage.drawn == drawn.drawn
    np.testing.assert_array_equal(chain_of(studio, *links)(speech(), np.random.default_rng(5)), samples)


def test_what_never_happens_is_as_good_as_absent(make: Callable[..., Link], studio: Studio, speech: Speech) -> None:
    never = [link({"kind": kind, "p": 0.0, **paths(kind)}) for kind in KINDS]
    rng, samples = np.random.default_rng(5), speech()
    assert chain_of(studio, *never)(samples, rng) is samples
    assert rng.random() == np.random.default_rng(5).random(), "and the generator goes on as without"
    assert fastest(never) == 1.0
    some = [make(kind) for kind in PLAIN]
    with_never = chain_of(studio, *some, *never)(samples, np.random.default_rng(5))
    np.testing.assert_array_equal(with_never, chain_of(studio, *some)(samples, np.random.default_rng(5)))


def paths(kind: str) -> dict[str, Path]:
    return {"path": Path("nowhere")} if "path" in KINDS[kind].model_fields else {}


def test_links_draw_for_themselves(make: Callable[..., Link], studio: Studio, speech: Speech) -> None:
    def drawn(p: float, seed: int = 5) -> dict[str, Any]:
        stages = chain_of(studio, make("noise", p=p), make("clip")).stages(speech(), np.random.default_rng(seed))
        return {stage.kind: stage.drawn for stage in stages}

    assert drawn(0.0)["clip"] == drawn(1.0)["clip"] != drawn(1.0, seed=6)["clip"]


def test_each_link_happens_as_often_as_it_says(make: Callable[..., Link], studio: Studio) -> None:
    samples, rng = np.ones(10, dtype=np.float32), np.random.default_rng(0)
    chain = chain_of(studio, make("clip", p=0.2), make("clip", p=0.7))
    counts = np.zeros(3)
    for _ in range(2000):
        counts[len(list(chain.stages(samples, rng)))] += 1
    np.testing.assert_allclose(counts / 2000, [0.8 * 0.3, 0.8 * 0.7 + 0.2 * 0.3, 0.2 * 0.7], rtol=0, atol=0.04)


def test_no_samples_go_through_untouched(make: Callable[..., Link], studio: Studio) -> None:
    none = np.zeros(0, dtype=np.float32)
    assert chain_of(studio, *(make(kind) for kind in PLAIN))(none, np.random.default_rng(0)) is none


def test_banks_follow_from_the_seed_of_the_chain(make: Callable[..., Link], studio: Studio, speech: Speech) -> None:
    few = make("babble", bank=1)
    found = [chain_of(studio, few, seed=seed)(speech(), np.random.default_rng(0)) for seed in (1, 1, 2, 3, 4)]
    np.testing.assert_array_equal(found[0], found[1])
    assert any(not np.array_equal(found[0], other) for other in found[2:])


def test_the_fastest_is_counted(make: Callable[..., Link]) -> None:
    def tempo(p: float, *factor: float) -> Link:
        return link({"kind": "tempo", "p": p, "factor": factor})

    assert fastest([]) == 1.0
    assert fastest([tempo(0.1, 0.9, 1.2), tempo(1.0, 1.0, 1.1), tempo(0.0, 1.0, 2.0)]) == pytest.approx(1.32)
    assert fastest([tempo(0.5, 0.8, 0.9)]) == 1.0, "where it does not happen the speed is as it was"
    settings = config.parse({"augment": {"speeds": (0.9, 1.1), "chain": (tempo(0.1, 0.9, 1.2),)}})
    assert settings.augment.fastest == pytest.approx(1.32)
    settings = config.parse({"augment": {"speeds": (0.9, 1.1), "tempos": (1.0, 1.2)}})
    assert settings.augment.fastest == pytest.approx(1.32)


# ---- draws


def test_draws_keep_what_came_out() -> None:
    drawn = draws()
    values = [drawn.between("x", (2.0, 4.0)) for _ in range(2000)]
    assert 2.0 <= min(values) < 2.1 < 3.9 < max(values) <= 4.0
    assert drawn.drawn == {"x": values[-1]}
    assert {drawn.count("n", (1, 3)) for _ in range(100)} == {1, 2, 3}
    assert {drawn.one_of("c", ("a", "b")) for _ in range(100)} == {"a", "b"}
    assert drawn.between("same", (5.0, 5.0)) == 5.0


# ---- how a config describes it


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.parse(tomllib.loads(text))
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix("config: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kind = "nois"\np = 0.5', "unknown kind 'nois'; did you mean 'noise'?"),
        ('kind = "fire"\np = 0.5', "unknown kind 'fire'; known: babble, band, clip, gaps, impulses, mp3, "),
        ("p = 0.5", 'is no table with a kind; write kind = "noise" or another of babble, band,'),
        ('kind = "noise"', "noise: has no 'p'; add it"),
        ('kind = "noise"\np = 1.5', "noise: p = 1.5: input should be less than or equal to 1"),
        ('kind = "noise"\np = 1.0\nsnr = [3, 5]', "noise: unknown 'snr'; did you mean 'snr_db'?"),
        ('kind = "noise"\np = 1.0\nsnr_db = 5', "noise: snr_db = 5: input should be a valid tuple"),
        ('kind = "noise"\np = 1.0\nsnr_db = [5]', "noise: snr_db: has no '1'; add it"),
        ('kind = "noise"\np = 1.0\nsnr_db = [9, 5]', "noise: snr_db = (9, 5): input should be [least, greatest]"),
        ('kind = "noise"\np = 1.0\nsnr_db = [nan, 5]', "noise: snr_db: 0 = nan: input should be a finite number"),
        ('kind = "noise"\np = 1.0\ncolours = ["red"]', "noise: colours: 0 = 'red': input should be 'white', 'pink'"),
        ('kind = "noise"\np = 1.0\ncolours = []', "noise: colours = (): tuple should have at least 1 item"),
        ('kind = "tempo"\np = 1.0\nfactor = [0.1, 1]', "tempo: factor: 0 = 0.1: input should be greater than or"),
        ('kind = "band"\np = 1.0\nlow_hz = [9, 4000]', "band: low_hz reaches into high_hz; part them"),
        ('kind = "recordings"\np = 1.0', "recordings: has no 'path'; add it"),
        ('kind = "room"\np = 1.0\nbank = 0', "room: bank = 0: input should be greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(text: str, message: str) -> None:
    assert refused(f"[[augment.chain]]\n{text}").startswith("augment: chain: 0: " + message)
    assert refused(f'[[augment.chain]]\nkind = "clip"\np = 1.0\n[[augment.chain]]\n{text}').startswith(
        "augment: chain: 1: "
    )


def test_a_chain_that_is_no_array_of_tables_is_refused() -> None:
    assert refused("[augment]\nchain = 3").startswith("augment: chain = 3: input should be a valid tuple")
    assert refused("[augment]\nchain = ['noise']").startswith("augment: chain: 0: is no table with a kind")


def test_links_are_frozen(make: Callable[..., Link]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make("clip").p = 0.5


def test_a_config_names_its_chain_and_sounds_lie_beside_it(tmp_path: Path) -> None:
    text = (
        '[[augment.chain]]\nkind = "recordings"\np = 0.5\npath = "musan"\n[[augment.chain]]\nkind = "clip"\np = 1.0\n'
    )
    (tmp_path / "config.toml").write_text(text)
    settings = config.load(tmp_path / "config.toml")
    recordings, clip = settings.augment.chain
    assert (recordings.kind, recordings.sounds, clip.sounds) == ("recordings", tmp_path / "musan", None)
    assert config.parse(settings.model_dump(mode="json")) == settings
    assert config.parse(settings.model_dump()) == settings
    assert config.parse({}).augment.chain == ()


# ---- the page


def test_the_page_lists_every_kind_with_its_defaults() -> None:
    page = (CHECKOUT / "docs" / "AUGMENTATION.md").read_text(encoding="utf-8")
    chains = [
        tomllib.loads(block) for block in re.findall(r"^```toml\n(.*?)^```", page, flags=re.MULTILINE | re.DOTALL)
    ]
    shown = {table["kind"]: table for table in chains[-1]["augment"]["chain"]}
    assert set(shown) == set(KINDS)
    for kind, table in shown.items():
        assert set(table) == set(KINDS[kind].model_fields)
        needed = {name: table[name] for name, field in KINDS[kind].model_fields.items() if field.is_required()}
        assert link(config.tupled(table)) == link({"kind": kind, **needed})
    for chain in chains:
        config.parse(chain)


def test_the_recipe_that_has_a_chain_loads() -> None:
    settings = config.load(CHECKOUT / "recipes" / "librispeech" / "config-augmented.toml")
    plain = config.load(CHECKOUT / "recipes" / "librispeech" / "config.toml")
    assert len(settings.augment.chain) >= 8
    assert settings.augment.fastest < 1.158
    for section in ("text", "features", "model"):
        assert getattr(settings, section) == getattr(plain, section)
