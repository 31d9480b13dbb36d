"""The data doctor on a corpus that is made here: well, and with every fault there is a check for planted in it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import commands
import numpy as np
import numpy.typing as npt
import pytest
import soundfile
import soxr

from asr import doctor, manifest
from asr.doctor.checks import CHECKS
from asr.doctor.report import FORMAT, Report
from asr.doctor.target import NEEDS
from asr.errors import DataError, ManifestError, MissingFile

run = partial(commands.run, "doctor")
RATE_HZ = 16000
LETTER_S = 0.07
STORY = (
    "the boat was near an old stone wall and we could hear water move under it very little light came from above "
    "some people have never seen such a quiet place just after rain but most of them would like to go back again "
    "every large house by that road has its own green garden with six or more apple trees"
)
WORDS = STORY.split()
OF_A_MODEL = {"misfit", "unheard_words"}

Samples = npt.NDArray[np.float32]
Line = dict[str, Any]


# ---- audio that is like speech where a doctor looks: syllables, pauses, the whole band, the noise of a room


def speech(rng: np.random.Generator, text: str, *, ends_s: float = 0.25, gap_s: float = 0.04) -> Samples:
    """Return one sound a letter, voiced or hissing, gaps between words, and noise 45 dB below."""
    parts = [np.zeros(round(ends_s * RATE_HZ))]
    for word in text.split():
        parts += [letter(rng, ord(character)) for character in word]
        parts.append(np.zeros(round(gap_s * RATE_HZ)))
    samples = np.concatenate([*parts, np.zeros(round(ends_s * RATE_HZ))])
    return (samples + rng.normal(0, 5e-4, len(samples))).astype(np.float32)


def letter(rng: np.random.Generator, code: int) -> npt.NDArray[np.float64]:
    size = round(LETTER_S * rng.uniform(0.85, 1.15) * RATE_HZ)
    envelope = np.hanning(size + 2)[1:-1] ** 0.5
    if code % 3 == 0:
        return 0.05 * envelope * rng.normal(size=size)
    pitch_hz = rng.uniform(110, 180)
    hertz = pitch_hz * np.arange(1, int(0.45 * RATE_HZ / pitch_hz))[:, None]  # [harmonics, 1]
    formants_hz = (300 + 40 * (code % 11), 1000 + 130 * (code % 13), 2700.0)
    weights = sum(1 / (1 + ((hertz - formant_hz) / 150) ** 2) for formant_hz in formants_hz)
    waves = np.sin(2 * np.pi * hertz * np.arange(size) / RATE_HZ + rng.uniform(0, 2 * np.pi, hertz.shape))
    return np.asarray(0.08 * envelope * ((weights * waves).sum(0) + 0.02 * rng.normal(size=size)))


class Corpus:
    """Two manifests, train.jsonl and test.jsonl, of speakers and sentences that have nothing in common."""

    def __init__(self, folder: Path, train: int = 104, test: int = 12, *, seed: int = 7) -> None:
        self.folder = folder
        self.rng = np.random.default_rng(seed)
        self.lines: dict[str, list[Line | str]] = {"train": [], "test": []}
        for name, count in (("train", train), ("test", test)):
            for number in range(count):
                self.add(f"{name}-{number:03}", self.sentence(), name, speaker=f"{name}-speaker{number % 4}")
        self.write()

    def sentence(self) -> str:
        return " ".join(self.rng.choice(WORDS, int(self.rng.integers(5, 11))))

    def add(self, id: str, text: str, name: str = "train", samples: Samples | None = None, **more: Any) -> Line:
        """Add an utterance whose recording is made for its text, unless there is one."""
        rate_hz = more.pop("rate_hz", RATE_HZ)
        samples = speech(self.rng, text) if samples is None else samples
        soundfile.write(self.folder / f"{id}.wav", samples, rate_hz, subtype=more.pop("subtype", "PCM_16"))
        line = {"id": id, "audio": f"{id}.wav", "text": text, "duration_s": len(samples) / rate_hz} | more
        self.lines[name].append(line)
        return line

    def write(self) -> None:
        for name, lines in self.lines.items():
            content = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
            self.path(name).write_text(content, encoding="utf-8")

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.jsonl"

    @property
    def manifests(self) -> dict[str, str | Path]:
        return {name: self.path(name) for name in self.lines}


def examined(corpus: Corpus) -> Report:
    config = corpus.folder / "config.toml"
    config.write_text('[text]\nrules = "en/1"\n', encoding="utf-8")
    return doctor.examine(corpus.manifests, doctor.for_config(config), threads=1)


@pytest.fixture(scope="module")
def well(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return Corpus(tmp_path_factory.mktemp("well"))


@pytest.fixture(scope="module")
def sound_report(well: Corpus) -> Report:
    return examined(well)


# ---- the faults, each planted in one utterance that is called after it


def broken_line(corpus: Corpus, id: str) -> None:
    corpus.lines["train"].append('{"id": "broken_line", "audio": ')


def no_id(corpus: Corpus, id: str) -> None:
    corpus.lines["train"].append('{"audio": "a.wav", "text": "a", "duration_s": 1.0}')


def duplicate_id(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence())
    again = corpus.add("spare", corpus.sentence())
    again["id"] = id


def missing_audio(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence())["audio"] = "nowhere.wav"


def cut_short(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence())
    path = corpus.folder / f"{id}.wav"
    path.write_bytes(path.read_bytes()[:20000])


def empty_file(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence())
    (corpus.folder / f"{id}.wav").write_bytes(b"")


def outside_file(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence())["duration_s"] += 1.0


def nan(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    samples = speech(corpus.rng, text)
    samples[8000] = np.nan
    corpus.add(id, text, samples=samples, subtype="FLOAT")


def unscaled(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    corpus.add(id, text, samples=speech(corpus.rng, text) * 32768, subtype="FLOAT")


def digital_silence(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence(), samples=np.zeros(3 * RATE_HZ, np.float32))


def too_few_frames(corpus: Corpus, id: str) -> None:
    # 40 letters and spaces in 41 frames, of which speed 1.1 leaves 38
    text = "see the apple trees in the green garden!"[:40].rstrip("!")
    corpus.add(id, text, samples=speech(corpus.rng, text)[: round(1.62 * RATE_HZ)])


def outside_tokens(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence() + " zoo", name="test")  # no text of the training set has a z


def audio_in_two_sets(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    samples = speech(corpus.rng, text)
    corpus.add(id, text, samples=samples)
    corpus.add(id + "-copy", text + " again", name="test", samples=samples)


def unusual_rate(corpus: Corpus, id: str) -> None:
    corpus.add(id, "a boat", samples=speech(corpus.rng, corpus.sentence() + " " + corpus.sentence()))


def no_text(corpus: Corpus, id: str) -> None:
    corpus.add(id, " ... ", samples=speech(corpus.rng, corpus.sentence()))


def longer_file(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence())["duration_s"] -= 0.6


def duplicate_audio(corpus: Corpus, id: str) -> None:
    first = corpus.add("first-of-two", corpus.sentence())
    samples, _ = soundfile.read(corpus.folder / first["audio"], dtype="float32")
    soundfile.write(corpus.folder / f"{id}.flac", samples, RATE_HZ)
    corpus.lines["train"].append(first | {"id": id, "audio": f"{id}.flac"})


def speaker_in_two_sets(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence(), speaker="test-speaker0")


def near_silent(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    corpus.add(id, text, samples=speech(corpus.rng, text) * 0.005, subtype="PCM_24")


def steady_sound(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence(), samples=corpus.rng.normal(0, 0.05, 3 * RATE_HZ).astype(np.float32))


def clipped(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    samples = speech(corpus.rng, text)
    corpus.add(id, text, samples=np.clip(samples, -0.3 * samples.max(), 0.3 * samples.max()))


def low_rate(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    corpus.add(id, text, samples=soxr.resample(speech(corpus.rng, text), RATE_HZ, 8000), rate_hz=8000)


def band_limit(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    narrow = soxr.resample(speech(corpus.rng, text), RATE_HZ, 8000)
    corpus.add(id, text, samples=soxr.resample(narrow, 8000, RATE_HZ))


def inverted_channel(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    samples = speech(corpus.rng, text)
    corpus.add(id, text, samples=np.stack([samples, -0.9 * samples], axis=1))


def text_in_two_sets(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    corpus.add(id, text)
    corpus.add(id + "-again", text, name="test")


def repeated_text(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    for number in range(10):
        corpus.add(id + (f"-{number}" if number else ""), text)


def rare_token(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence() + " æther ﬁx 4711 x")


def text_changed(corpus: Corpus, id: str) -> None:
    corpus.add(id, corpus.sentence() + " %", samples=speech(corpus.rng, corpus.sentence()))


def unusual_length(corpus: Corpus, id: str) -> None:
    corpus.add(id, " ".join(corpus.sentence() for _ in range(8)))


def silent_ends(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    corpus.add(id, text, samples=speech(corpus.rng, text, ends_s=2.5))


def silent_inside(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    samples = speech(corpus.rng, text)
    pause = corpus.rng.normal(0, 5e-4, round(3.5 * RATE_HZ)).astype(np.float32)
    corpus.add(id, text, samples=np.concatenate([samples[:RATE_HZ], pause, samples[RATE_HZ:]]))


def dc_offset(corpus: Corpus, id: str) -> None:
    text = corpus.sentence()
    corpus.add(id, text, samples=speech(corpus.rng, text) + 0.1)


Plant = Callable[[Corpus, str], None]
# Each fault with the check that must find it in the utterance of its name, and those that find the same fault too.
FAULTS: dict[Plant, tuple[str, ...]] = {
    broken_line: ("broken_line",),
    no_id: ("broken_line",),
    duplicate_id: ("duplicate_id",),
    missing_audio: ("missing_audio",),
    cut_short: ("unreadable_audio",),
    empty_file: ("unreadable_audio",),
    outside_file: ("outside_file",),
    nan: ("not_finite",),
    unscaled: ("not_finite",),
    digital_silence: ("no_sound",),
    too_few_frames: ("too_few_frames", "unusual_rate"),
    outside_tokens: ("outside_tokens",),
    audio_in_two_sets: ("audio_in_two_sets",),
    unusual_rate: ("unusual_rate",),
    no_text: ("empty_text", "text_changed"),
    longer_file: ("longer_file",),
    duplicate_audio: ("duplicate_audio",),
    speaker_in_two_sets: ("speaker_in_two_sets",),
    near_silent: ("near_silent",),
    steady_sound: ("steady_sound",),
    clipped: ("clipped",),
    low_rate: ("low_rate", "mixed_rates"),
    band_limit: ("band_limit",),
    inverted_channel: ("cancelling_channels", "several_channels"),
    text_in_two_sets: ("text_in_two_sets",),
    repeated_text: ("repeated_text",),
    rare_token: ("rare_tokens", "text_changed", "digits"),
    text_changed: ("text_changed",),
    unusual_length: ("unusual_length",),
    silent_ends: ("silent_ends",),
    silent_inside: ("silent_inside",),
    dc_offset: ("dc_offset",),
}
IDS = [plant.__name__ for plant in FAULTS]
# Utterances that the planting of a fault needs beside it, and those that had a part in it before.
_OTHERS = {
    "duplicate_audio": ("first-of-two",),
    "speaker_in_two_sets": tuple(f"test-{number:03}" for number in (0, 4, 8)),
    "text_in_two_sets": ("text_in_two_sets-again",),
    "repeated_text": tuple(f"repeated_text-{number}" for number in range(1, 10)),
}


@pytest.fixture(scope="module")
def ill(well: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("ill")
    shutil.copytree(well.folder, folder, dirs_exist_ok=True)
    corpus = Corpus(folder, train=0, test=0, seed=8)
    corpus.lines = {name: list(lines) for name, lines in well.lines.items()}
    for plant in FAULTS:
        plant(corpus, plant.__name__)
    corpus.write()
    return corpus


@pytest.fixture(scope="module")
def report(ill: Corpus) -> Report:
    return examined(ill)


def found(report: Report, check: str) -> set[str]:
    return {finding.id or f"line {finding.line}" for finding in report.found[check]}


# ---- what it finds


def test_a_clean_corpus_is_well(sound_report: Report) -> None:
    assert {name: list(findings) for name, findings in sound_report.found.items() if findings} == {}
    assert set(sound_report.found) == set(CHECKS) - OF_A_MODEL
    assert "nothing was found" in doctor.text_page(sound_report)


def test_every_check_has_a_fault_planted() -> None:
    assert len(FAULTS) >= 20
    assert {check for checks in FAULTS.values() for check in checks} == set(CHECKS) - OF_A_MODEL


@pytest.mark.parametrize("plant", FAULTS, ids=IDS)
def test_a_planted_fault_is_found(report: Report, plant: Plant) -> None:
    for check in FAULTS[plant]:
        if check != "broken_line":
            assert plant.__name__ in found(report, check)


def test_broken_lines_are_found_by_their_numbers(report: Report, ill: Corpus) -> None:
    numbers = [number for number, line in enumerate(ill.lines["train"], start=1) if isinstance(line, str)]
    json_is_broken, has_no_id = report.found["broken_line"]
    assert [json_is_broken.line, has_no_id.line] == numbers
    assert "broken JSON" in json_is_broken.says
    assert "has no 'id'" in has_no_id.says


def test_nothing_else_is_found(report: Report) -> None:
    expected = {(check, plant.__name__) for plant, checks in FAULTS.items() for check in checks}
    expected |= {(check, other) for check, others in _OTHERS.items() for other in others}
    others = {
        (name, finding.id)
        for name, findings in report.found.items()
        for finding in findings
        if finding.id and (name, finding.id) not in expected
    }
    assert others == set()


def says(report: Report, check: str, id: str) -> str:
    (sentence,) = [finding.says for finding in report.found[check] if finding.id == id]
    return sentence


def test_findings_say_how_much(report: Report) -> None:
    too_few = says(report, "too_few_frames", "too_few_frames")
    assert too_few == "37 frames (1.62 s at speed 1.1) for 39 labels and 4 repeated"
    assert says(report, "outside_tokens", "outside_tokens").startswith("'z' (U+007A) in ")
    assert says(report, "low_rate", "low_rate") == "8000 Hz, the model takes 16000 Hz"
    assert says(report, "band_limit", "band_limit") in {f"nothing above {khz} kHz of 8 kHz" for khz in (3.9, 4.0, 4.1)}
    assert says(report, "dc_offset", "dc_offset") == "+0.100 of full scale"
    assert says(report, "empty_text", "no_text") == "nothing is left of ' ... '"
    assert says(report, "duplicate_audio", "duplicate_audio") == "is train:first-of-two"
    copy = says(report, "audio_in_two_sets", "audio_in_two_sets")
    assert copy.startswith("is test:audio_in_two_sets-copy, there with the text '")
    assert says(report, "speaker_in_two_sets", "speaker_in_two_sets") == "speaker test-speaker0 also in test"
    assert re.match(r"3\.[567] s from 1\.\d s on", says(report, "silent_inside", "silent_inside"))
    assert re.match(r"2\.[567] s before speech and 2\.[567] s after it", says(report, "silent_ends", "silent_ends"))


def test_counts_are_over_all_findings(report: Report) -> None:
    assert report.counted("outside_tokens") == [("'z' (U+007A)", 1)]
    assert report.counted("mixed_rates") == [("8000 Hz", 1)]
    assert dict(report.counted("speaker_in_two_sets")) == {"speaker test-speaker0": 4}
    assert report.counted("digits") == [("4711", 1)]


def test_the_worst_comes_first(report: Report) -> None:
    lengths = [float(re.findall(r"lasts ([\d.]+)", finding.says)[0]) for finding in report.found["unusual_length"]]
    assert lengths == sorted(lengths, reverse=True)


def test_without_a_config_a_character_is_a_label(ill: Corpus) -> None:
    report = doctor.examine({"test": ill.path("test")})
    assert set(report.not_made) == {"--model or --config", "--model", "several manifests"}
    assert report.not_made["--model"] == ["misfit", "unheard_words"]
    assert report.lines("error") == 0
    assert report.survey.target.what == "40 ms a frame, one label a character"


def test_as_many_threads_as_one_likes(ill: Corpus, report: Report) -> None:
    target = report.survey.target
    assert doctor.examine(ill.manifests, target, threads=4).as_dict() == report.as_dict()


# ---- the cleaned manifest


def test_what_is_cleaned_can_be_read_and_holds_the_rest(report: Report, ill: Corpus, tmp_path: Path) -> None:
    out = doctor.left_out(report)
    paths = {name: tmp_path / f"{name}.jsonl" for name in ill.lines}
    kept = doctor.write_clean(report, paths, out)
    doctor.write_left_out(report, tmp_path / "left_out.jsonl", out)
    left = [json.loads(line) for line in (tmp_path / "left_out.jsonl").read_text(encoding="utf-8").splitlines()]
    errors = {check for line in left for check in line["reasons"]}
    assert errors == {name for name, check in CHECKS.items() if check.severity == "error"} - OF_A_MODEL
    for name, lines in ill.lines.items():
        read = manifest.read(paths[name])
        assert kept[name] == len(read) == len(lines) - sum(line["manifest"] == name for line in left)
    read_ids = {utterance.id for utterance in manifest.read(paths["train"])}
    assert {"clipped", "duplicate_id", "repeated_text"} <= read_ids
    assert "audio_in_two_sets" not in read_ids
    assert "audio_in_two_sets-copy" in {utterance.id for utterance in manifest.read(paths["test"])}


def test_the_cleaned_manifest_is_well_enough_to_train_on(report: Report, ill: Corpus, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from asr import config
    from asr.train.data import load_data

    paths = {name: tmp_path / f"{name}.jsonl" for name in ill.lines}
    doctor.write_clean(report, paths, doctor.left_out(report))
    data = load_data(config.Config(), paths["train"], paths["test"])
    assert len(data.train) == len(manifest.read(paths["train"]))
    assert all(len(data.cache.samples(example.utterance)) for example in (*data.train, *data.dev))
    assert doctor.examine(paths, report.survey.target).lines("error") == 0


def test_warnings_can_be_left_out_too(report: Report) -> None:
    places = {(case.utterance.id): (case.manifest, case.line) for case in report.survey.cases}
    out = doctor.left_out(report, ["clipped", "digits"])
    assert set(out) - set(doctor.left_out(report)) == {places["clipped"], places["rare_token"]}
    assert out[places["clipped"]].keys() == {"clipped"}


def test_a_manifest_of_which_nothing_is_left_is_not_written(tmp_path: Path) -> None:
    line = {"id": "a", "audio": "a.wav", "text": "a", "duration_s": 1.0}
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")
    report = doctor.examine({"a": tmp_path / "a.jsonl"})
    with pytest.raises(DataError, match="no utterance is without errors"):
        doctor.write_clean(report, {"a": tmp_path / "clean.jsonl"}, doctor.left_out(report))
    assert not (tmp_path / "clean.jsonl").exists()


# ---- bad input


def test_manifests_without_utterances(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("\n\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"empty\.jsonl: has no utterances"):
        doctor.examine({"empty": tmp_path / "empty.jsonl"})
    with pytest.raises(MissingFile, match=r"no\.jsonl: no such manifest"):
        doctor.examine({"no": tmp_path / "no.jsonl"})
    soundfile.write(tmp_path / "sound.wav", np.zeros(100), RATE_HZ)
    with pytest.raises(ManifestError, match=r"sound\.wav:1: "):
        doctor.examine({"sound": tmp_path / "sound.wav"})


def test_lines_of_any_kind_are_found_and_not_raised(well: Corpus, tmp_path: Path) -> None:
    good = json.dumps(well.lines["train"][0] | {"audio": str(well.folder / "train-000.wav")}).encode()
    path = tmp_path / "odd.jsonl"
    lines = [b"\xef\xbb\xbf" + good, b"\xff\xfe", b"[]", b"", b'{"id": 3}', b"{" * 5000, b"null\r"]
    path.write_bytes(b"\n".join(lines))
    report = doctor.examine({"odd": path})
    assert [finding.line for finding in report.found["broken_line"]] == [2, 3, 5, 6, 7]
    assert "is not UTF-8" in report.found["broken_line"][0].says


def test_characters_that_no_token_may_hold_are_found_and_not_raised(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path, train=2, test=1)
    for id, character in (("space", "\u2581"), ("half", "\ud83d")):
        corpus.add(id, f"the {character} boat", samples=speech(corpus.rng, "the old boat"))
    corpus.write()
    (tmp_path / "config.toml").write_text('[text]\nrules = "none"\n', encoding="utf-8")
    report = doctor.examine(corpus.manifests, doctor.for_config(tmp_path / "config.toml"))
    assert {"space", "half"} <= found(report, "outside_tokens")
    assert "'\\ud83d' (U+D83D)" in doctor.text_page(report)
    assert doctor.html_page(report).encode()
    assert json.dumps(report.as_dict())
    assert found(doctor.examine(corpus.manifests), "outside_file") == set()


# ---- the pages


def test_the_page_of_text(report: Report) -> None:
    page = doctor.text_page(report)
    assert max(map(len, page.splitlines())) <= 110
    head, *_ = page.splitlines()
    assert head.startswith("2 manifests, ")
    assert re.search(r"\d+ lines with errors, \d+ lines with warnings, \d+ lines with notes$", head)
    for name in report.found:
        assert re.search(rf"^  {name}: ", page, flags=re.MULTILINE)
    assert "      train:clipped  " in page
    assert re.search(r"^      train:line 105 +broken JSON", page, flags=re.MULTILINE)
    assert "and 2 more" not in page.partition("repeated_text")[2].partition("rare_tokens")[0]


class _Parser(HTMLParser):
    """Checks that elements are closed in the order in which they were opened, and keeps what the page refers to."""

    VOID = frozenset({"meta", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def parsed(page: str) -> _Parser:
    parser = _Parser()
    parser.feed(page)
    assert parser.open == []
    return parser


def test_the_page_for_a_browser_is_whole_and_needs_nothing_else(report: Report) -> None:
    page = doctor.html_page(report)
    parser = parsed(page)
    assert not any({"src", "srcset", "onclick"} & attributes.keys() for _, attributes in parser.seen)
    assert {tag for tag, _ in parser.seen}.isdisjoint({"script", "link", "img", "iframe"})
    assert not re.search(r"url\(|@import|https?:", page)
    ids = {attributes["id"] for _, attributes in parser.seen if "id" in attributes}
    assert {attributes["href"] for tag, attributes in parser.seen if tag == "a"} <= {f"#{id}" for id in ids}
    assert sum(tag == "svg" for tag, _ in parser.seen) == len(report.distributions) == 7
    assert all(attributes.get("aria-label") for tag, attributes in parser.seen if tag == "svg")
    assert "prefers-color-scheme: dark" in page


def test_names_and_texts_cannot_break_the_page(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path, train=1, test=0)
    nasty = "<script>alert('&')</script>"
    corpus.add("b", corpus.sentence() + " 7" + nasty, samples=np.zeros(800, np.float32), speaker=nasty)
    corpus.lines["train"][-1]["id"] = '"><script>'
    corpus.write()
    report = doctor.examine({nasty: corpus.path("train")})
    assert "<script>" not in doctor.html_page(report)
    parsed(doctor.html_page(report))
    assert nasty in doctor.text_page(report)


def test_a_page_of_recordings_that_cannot_be_read(tmp_path: Path) -> None:
    line = {"id": "a", "audio": "a.wav", "text": "a", "duration_s": 1.0}
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")
    report = doctor.examine({"a": tmp_path / "a.jsonl"})
    assert report.distributions == {}
    assert "missing_audio: an audio file that is not there" in doctor.text_page(report)
    parsed(doctor.html_page(report))


# ---- the command


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """A few utterances, one of them empty."""
    corpus = Corpus(tmp_path_factory.mktemp("few"), train=2, test=1)
    empty_file(corpus, "empty")
    corpus.write()
    return corpus


def test_the_command_prints_and_writes_everything(few: Corpus, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("a.json", "a.html", "left_out.jsonl")}
    result = run(
        few.path("train"), few.path("test"), "--json", files["a.json"], "--html", files["a.html"],
        "--clean", tmp_path / "clean", "--left-out", files["left_out.jsonl"], "--threads", 1,
    )  # fmt: skip
    assert result.exit_code == 0
    report = doctor.examine(few.manifests)
    assert result.stdout == doctor.text_page(report) + "\n"
    assert json.loads(files["a.json"].read_text(encoding="utf-8")) == json.loads(json.dumps(report.as_dict()))
    assert files["a.html"].read_text(encoding="utf-8") == doctor.html_page(report)
    clean = [
        utterance.id for name in ("train", "test") for utterance in manifest.read(tmp_path / f"clean/{name}.jsonl")
    ]
    assert clean == ["train-000", "train-001", "test-000"]
    assert result.stderr.splitlines()[0].endswith("train.jsonl: 2 utterances kept")
    (left,) = files["left_out.jsonl"].read_text(encoding="utf-8").splitlines()
    assert json.loads(left).keys() == {"manifest", "line", "id", "reasons"}
    assert (json.loads(left)["manifest"], json.loads(left)["line"], json.loads(left)["id"]) == ("train", 3, "empty")


def test_one_manifest_is_cleaned_into_a_file(few: Corpus, tmp_path: Path) -> None:
    result = run(few.path("train"), "--clean", tmp_path / "clean.jsonl", "--drop", "unusual_rate")
    assert result.exit_code == 0
    assert len(manifest.read(tmp_path / "clean.jsonl")) == 2


def test_strict_is_about_errors(few: Corpus) -> None:
    result = run(few.path("train"), "--strict")
    assert result.exit_code == 1
    assert "ERRORS: 1 line" in result.stdout
    assert result.stderr.endswith("train.jsonl: 1 line with errors (unreadable_audio 1); mend it, or see --clean\n")
    assert run(few.path("test"), "--strict").exit_code == 0


def test_names_of_manifests(few: Corpus, tmp_path: Path) -> None:
    other = shutil.copytree(few.folder, tmp_path / "other") / "train.jsonl"
    assert run(few.path("train"), other).exit_code == 2
    assert "two manifests are called 'train'" in run(few.path("train"), other).stderr
    result = run(few.path("train"), f"copy={other}")
    assert result.exit_code == 0
    assert "    train 2 of 3 (67 %)\n" in result.stdout.partition("audio_in_two_sets")[2]
    odd = shutil.copy(few.path("test"), few.folder / "a=b.jsonl")
    assert run(odd).stdout.splitlines()[4].startswith("  a=b ")


def test_shards_are_one_manifest(few: Corpus, tmp_path: Path) -> None:
    folder = shutil.copytree(few.folder, tmp_path / "shards")
    lines = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (folder / "part-0.jsonl").write_text("".join(lines[:2]), encoding="utf-8")
    (folder / "part-1.jsonl").write_text("".join(lines[2:]) + "[]\n" + lines[0], encoding="utf-8")
    pattern = folder / "part-*.jsonl"
    result = run(pattern, "--left-out", tmp_path / "left_out.jsonl", "--clean", tmp_path / "clean.jsonl")
    assert result.stdout.splitlines()[4].startswith("  part ")
    left = [json.loads(line) for line in (tmp_path / "left_out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(each["line"], *each["reasons"]) for each in left] == [
        (3, "unreadable_audio"),
        (4, "broken_line"),
        (5, "duplicate_id"),
    ]
    assert left[1]["reasons"]["broken_line"][0].startswith(f"{folder / 'part-1.jsonl'}:2: is JSON but no object")
    assert left[2]["reasons"]["duplicate_id"] == ["line 1 has this id too"]
    assert len(manifest.read(tmp_path / "clean.jsonl")) == 2
    assert "would overwrite" in run(pattern, "--clean", folder / "part-1.jsonl").stderr


def test_with_the_config_tokens_are_those_of_the_first_manifest(few: Corpus, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[text]\nrules = 'en'\n[augment]\nspeeds = [1.0, 1.5]\n", encoding="utf-8")
    result = run(few.path("test"), few.path("train"), "--config", config)
    assert re.search(r"examined for the config config\.toml \(en/\d, \d+ char tokens .*speed 1\.5\)", result.stdout)
    assert "outside_tokens: characters or words outside the token set" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        ([], 2, "Missing argument"),
        (["no.jsonl"], 1, "no.jsonl: no such manifest"),
        (["no=no.jsonl"], 1, "no.jsonl: no such manifest"),
        (["FEW", "--model", "a.onnx", "--config", "a.toml"], 2, "give one of --model and --config"),
        (["FEW", "--config", "no.toml"], 1, "no.toml: no such config"),
        (["FEW", "--drop", "cliped"], 2, "did you mean 'clipped'?"),
        (["FEW", "--clean", "FEW"], 2, "--clean would overwrite"),
        (["FEW", "--html", "."], 1, "is no regular file"),
        (["FEW", "--threads", "0"], 1, "threads: 0 is too few"),
    ],
)
def test_command_lines_that_cannot_be_done(few: Corpus, arguments: Sequence[str], code: int, reason: str) -> None:
    result = run(*(few.path("test") if argument == "FEW" else argument for argument in arguments))
    assert result.exit_code == code
    assert reason in result.stderr
    assert "Traceback" not in result.stderr


def test_with_a_model_texts_are_listened_to(sample: Path, tmp_path: Path) -> None:
    pytest.importorskip("numba", reason="needs the extra `beam`")
    import asr

    said = asr.load(decoder="greedy", threads=1).transcribe(sample).text
    recording = shutil.copy(sample, tmp_path)
    audio = soundfile.info(recording)
    wrong = "what a wonderful world of music"
    lines = [
        {"id": f"{kind}{number}", "audio": Path(recording).name, "text": text, "duration_s": audio.duration}
        for kind, text in (("right", said), ("wrong", wrong), ("accent", said + " é日"))
        for number in range(3)
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    report = doctor.examine({"a": tmp_path / "a.jsonl"}, doctor.for_model(asr.bundle.default_model()))
    assert found(report, "misfit") == {"wrong0", "wrong1", "wrong2"}
    assert found(report, "unheard_words") == {"wrong0", "wrong1", "wrong2"}
    assert {unit for unit, _ in report.counted("unheard_words")} <= set(wrong.split())
    assert found(report, "outside_tokens") == {"accent0", "accent1", "accent2"}
    assert report.counted("outside_tokens") == [("'日' (U+65E5)", 3)]
    assert report.not_made.keys() == {"no --model, since its tokens are learnt already", "several manifests"}
    assert report.distributions["score"].quantiles["most"] > -1


# ---- the documentation


def test_the_json_is_what_the_page_says(report: Report) -> None:
    value = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert value["format"] == FORMAT
    assert set(value["checks"]) == set(CHECKS)
    assert value["checks"]["misfit"] == {
        "severity": "warning", "title": CHECKS["misfit"].title, "advice": CHECKS["misfit"].advice,
        "made": False, "needs": "--model",
    }  # fmt: skip
    assert value["lines"]["error"] == report.lines("error") == len(doctor.left_out(report))


PAGE = Path(__file__).resolve().parent.parent / "docs" / "DOCTOR.md"


def test_the_page_of_the_documentation_has_every_check() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (error|warning|note) \|", text, flags=re.MULTILINE)
    assert rows == [(name, check.severity) for name, check in CHECKS.items()]


def test_the_page_of_the_documentation_has_every_key_of_the_json(report: Report) -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## JSON")[2].partition("## Python")[0]
    value = report.as_dict()
    assert re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE) == list(value)
    checks, manifests, distributions = (value[key] for key in ("checks", "manifests", "distributions"))
    assert isinstance(checks, dict)
    assert isinstance(manifests, dict)
    assert isinstance(distributions, dict)
    members = [*checks.values(), *checks["clipped"]["findings"], *manifests.values(), *distributions.values()]
    keys = {key for member in members for key in member}
    assert {key for key in keys if f"`{key}`" not in text} == set()


def test_checks_are_named_by_severity_and_their_words_are_plain() -> None:
    order = list(doctor.SEVERITIES)
    assert [check.severity for check in CHECKS.values()] == sorted(
        (check.severity for check in CHECKS.values()), key=order.index
    )
    for name, check in CHECKS.items():
        assert check.title[0].islower(), name
        assert not check.title.endswith("."), name
        assert check.advice.endswith("."), name
        assert check.needs in {"", *NEEDS}, name
