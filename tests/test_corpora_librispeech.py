"""LibriSpeech's preparer, on small folders in exactly its layout, and on the sample where it is there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from asr import audio, corpora, manifest
from asr.errors import AudioError, CorpusError
from asr.types import Utterance

RATE_HZ = 16000
SAMPLE = {"train-sample": ("103/1240", "19/198"), "dev-sample": ("174/50561",), "test-sample": ("84/121123",)}
REAL = {
    "train-clean-100": ("103/1240",),
    "train-clean-360": ("14/208",),
    "train-other-500": ("20/205",),
    "dev-clean": ("84/121123",),
    "dev-other": ("116/288045",),
    "test-clean": ("61/70968",),
    "test-other": ("367/130732",),
}
TEXTS = ("I", "A ROSE IS A ROSE'S", "ÉMILE O'HARA")  # one letter, an apostrophe at either side, an accent
FORMS = {
    ".flac": ("FLAC", "PCM_16"),
    ".FLAC": ("FLAC", "PCM_16"),
    ".wav": ("WAV", "PCM_16"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
}


def voice(number: int) -> npt.NDArray[np.float64]:
    """Return noise of a length of its own: [4000 + 160 number]."""
    return np.random.default_rng(number).normal(0, 0.05, 4000 + 160 * number)


def write(path: Path, number: int) -> None:
    form, subtype = FORMS[path.suffix]
    soundfile.write(path, voice(number), RATE_HZ, format=form, subtype=subtype)


def make(folder: Path, parts: dict[str, tuple[str, ...]], extension: str = ".flac") -> Path:
    """Write a folder `LibriSpeech` of these chapters with three utterances each; return it."""
    for part, chapters in parts.items():
        for chapter in chapters:
            prefix = chapter.replace("/", "-")
            place = folder / part / chapter
            place.mkdir(parents=True)
            names = [f"{prefix}-{number:04d}" for number in range(len(TEXTS))]
            lines = [f"{name} {text}\n" for name, text in zip(names, TEXTS, strict=True)]
            (place / f"{prefix}.trans.txt").write_text("".join(lines), encoding="utf-8")
            for number, name in enumerate(names):
                write(place / f"{name}{extension}", number)
    for name in ("LICENSE", "CHAPTERS", "SPEAKERS"):
        (folder / f"{name}.TXT").write_text("; about readers and books\n")
    return folder


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return make(tmp_path / "LibriSpeech", SAMPLE)


def prepared(source: Path, out: Path) -> dict[str, list[Utterance]]:
    """Prepare, and read every manifest back, which checks that its audio is there."""
    return {split: manifest.read(path) for split, path in corpora.prepare("librispeech", source, out).items()}


def ids(*chapters: str) -> list[str]:
    return [f"{chapter.replace('/', '-')}-{number:04d}" for chapter in chapters for number in range(len(TEXTS))]


# ---- what there is


@pytest.mark.parametrize("extension", FORMS)
def test_every_form_gives_the_same(tmp_path: Path, extension: str) -> None:
    splits = prepared(make(tmp_path / "LibriSpeech", SAMPLE, extension), tmp_path / "out")
    assert list(splits) == ["train", "dev", "test"]
    assert [utterance.id for utterance in splits["train"]] == ids("19/198", "103/1240"), "speakers are in order"
    assert [utterance.id for utterance in splits["dev"]] == ids("174/50561")
    assert [utterance.id for utterance in splits["test"]] == ids("84/121123")
    assert [utterance.text for utterance in splits["test"]] == list(TEXTS)
    assert {utterance.speaker for utterance in splits["train"]} == {"19", "103"}
    within_s = 0.05 if extension in (".opus", ".mp3") else 1e-9  # encoders of blocks fill the last one up
    for number, utterance in enumerate(splits["dev"]):
        assert utterance.audio.suffix == extension
        assert utterance.duration_s == pytest.approx(len(voice(number)) / RATE_HZ, abs=within_s)
        assert audio.read(utterance.audio).duration_s == pytest.approx(utterance.duration_s, abs=1e-3)


def test_nothing_is_converted(sample: Path, tmp_path: Path) -> None:
    corpora.prepare("librispeech", sample, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["dev.jsonl", "test.jsonl", "train.jsonl"]


def test_the_folder_around_it_will_do(tmp_path: Path) -> None:
    make(tmp_path / "download" / "LibriSpeech", SAMPLE)
    (tmp_path / "download" / "train-clean-100.trans.txt").write_text("19-198-0000 TEXT FOR LANGUAGE MODELS\n")
    assert len(prepared(tmp_path / "download", tmp_path / "out")["train"]) == 6


# ---- which folder is which split


def test_the_published_folders_become_splits(tmp_path: Path) -> None:
    splits = prepared(make(tmp_path / "LibriSpeech", REAL), tmp_path / "out")
    assert set(splits) == {"train", "dev", "test"} | REAL.keys() - {"dev-clean", "test-clean"}
    found = {name: [utterance.id for utterance in utterances] for name, utterances in splits.items()}
    assert found["train"] == ids("103/1240", "14/208", "20/205")
    assert found["dev"] == ids(*REAL["dev-clean"])
    assert found["test"] == ids(*REAL["test-clean"])
    for name in splits.keys() & REAL.keys():
        assert found[name] == ids(*REAL[name])


def some_of(*names: str) -> dict[str, tuple[str, ...]]:
    return {name: (REAL | SAMPLE | {"dev-sample": ("652/129742",)})[name] for name in names}


@pytest.mark.parametrize(
    ("names", "dev", "others"),
    [
        (("train-clean-100", "dev-clean", "test-clean"), "dev-clean", []),
        (("train-other-500", "dev-other", "test-clean"), "dev-other", []),
        (("train-clean-360", "dev-sample", "dev-other", "test-clean"), "dev-sample", ["dev-other"]),
        (("train-clean-360", "dev-sample", "dev-clean", "test-clean"), "dev-clean", ["dev-sample"]),
    ],
)
def test_dev_is_clean_else_the_sample_else_other(
    tmp_path: Path, names: tuple[str, ...], dev: str, others: list[str]
) -> None:
    parts = some_of(*names)
    splits = prepared(make(tmp_path / "LibriSpeech", parts), tmp_path / "out")
    assert [utterance.id for utterance in splits["dev"]] == ids(*parts[dev])
    assert sorted(splits) == sorted(["train", "dev", "test", *others])


# ---- what does not belong to it


def test_other_files_and_folders_are_left_alone(sample: Path, tmp_path: Path) -> None:
    chapter = sample / "dev-sample/174/50561"
    (chapter / "._174-50561-0000.flac").touch()
    (chapter / ".DS_Store").touch()
    (chapter / "174-50561-0000.normalized.txt").write_text("I\n")
    (sample / "dev-sample/readme.txt").touch()
    for folder in ("intro/174/1", "mp3/174/50561", ".cache", "dev-sample/.Trash/1", "dev-sample/174/.git"):
        (sample / folder).mkdir(parents=True)
    (sample / "mp3/174/50561/chapter.mp3").touch()
    splits = prepared(sample, tmp_path / "out")
    assert sorted(splits) == ["dev", "test", "train"]
    assert [utterance.id for utterance in splits["dev"]] == ids("174/50561")


def test_of_two_files_of_one_name_the_published_form_is_taken(sample: Path, tmp_path: Path) -> None:
    for extension in (".mp3", ".opus", ".wav"):
        write(sample / f"dev-sample/174/50561/174-50561-0000{extension}", 9)
    assert prepared(sample, tmp_path / "out")["dev"][0].audio.suffix == ".flac"
    (sample / "dev-sample/174/50561/174-50561-0000.flac").unlink()
    (sample / "dev-sample/174/50561/174-50561-0000.wav").unlink()
    assert prepared(sample, tmp_path / "out")["dev"][0].audio.suffix == ".opus"


def test_line_ends_blank_lines_and_a_byte_order_mark_are_accepted(sample: Path, tmp_path: Path) -> None:
    path = sample / "dev-sample/174/50561/174-50561.trans.txt"
    path.write_text("\r\n" + path.read_text("utf-8").replace("\n", " \r\n\r\n"), "utf-8-sig", newline="")
    assert [utterance.text for utterance in prepared(sample, tmp_path / "out")["dev"]] == list(TEXTS)


# ---- what is not as published

CHAPTER = "dev-sample/174/50561"
TRANSCRIPT = f"{CHAPTER}/174-50561.trans.txt"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def empty(chapter: Path) -> None:
    for path in chapter.iterdir():
        path.write_text("") if path.suffix == ".txt" else path.unlink()


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no transcript": (
        lambda root: (root / TRANSCRIPT).unlink(),
        "174-50561.trans.txt: is not there, and the librispeech corpus has it; unpack",
    ),
    "transcript in capitals": (
        lambda root: (root / TRANSCRIPT).rename(root / CHAPTER / "174-50561.TRANS.TXT"),
        "174-50561.trans.txt: is not there",
    ),
    "transcript of another chapter": (
        lambda root: edit(root / TRANSCRIPT, "174-50561-0001", "174-50562-0001"),
        "174-50561.trans.txt: \"174-50562-0001 A ROSE IS A ROSE'S\" is not a line like '174-50561-0000 TEXT'",
    ),
    "id in no number": (
        lambda root: edit(root / TRANSCRIPT, "174-50561-0001", "174-50561-one"),
        "is not a line like '174-50561-0000 TEXT'",
    ),
    "no text": (
        lambda root: edit(root / TRANSCRIPT, "0000 I\n", "0000\n"),
        "'174-50561-0000' is not a line like",
    ),
    "tabs": (
        lambda root: edit(root / TRANSCRIPT, "0000 I", "0000\tI"),
        "is not a line like",
    ),
    "twice": (
        lambda root: edit(root / TRANSCRIPT, "174-50561-0001", "174-50561-0000"),
        "174-50561.trans.txt: has more than one line for 174-50561-0000; unpack",
    ),
    "not text": (lambda root: (root / TRANSCRIPT).write_bytes(b"\xff\xfe\n"), "is not UTF-8 text"),
    "no audio": (
        lambda root: (root / CHAPTER / "174-50561-0001.flac").unlink(),
        "dev-sample: has no audio file for 1 of its utterances: 174-50561-0001; one of .flac, .wav, .opus, .mp3",
    ),
    "audio in no list": (
        lambda root: write(root / CHAPTER / "174-50561-0009.flac", 9),
        "dev-sample: has no text for 1 of its utterances: 174-50561-0009; a line in the .trans.txt",
    ),
    "a copy": (
        lambda root: write(root / CHAPTER / "174-50561-0000 (1).flac", 0),
        "dev-sample: has no text for 1 of its utterances: 174-50561-0000 (1); ",
    ),
    "in two splits": (
        lambda root: shutil.copytree(root / CHAPTER, root / "train-sample/174/50561"),
        "LibriSpeech: more than one folder has 3 of its utterances: 174-50561-0000, 174-50561-0001, 174-50561-0002",
    ),
    "empty split": (
        lambda root: shutil.rmtree(root / "dev-sample/174"),
        "dev-sample: has no utterances; unpack its archive again, or remove the folder",
    ),
    "empty transcript": (
        lambda root: empty(root / CHAPTER),
        "dev-sample: has no utterances",
    ),
    "no dev, no test": (
        lambda root: [shutil.rmtree(root / f"{kind}-sample") for kind in ("dev", "test")],
        "LibriSpeech: has no folder dev-*, test-*; unpack one beside the others, such as train-clean-100, dev-clean",
    ),
    "split in capitals": (
        lambda root: (root / "dev-sample").rename(root / "Dev-Sample"),
        "LibriSpeech: Dev-Sample: not named like train-clean-100, dev-clean or test-other, in small letters",
    ),
    "split with another hyphen": (
        lambda root: (root / "dev-sample").rename(root / "dev_sample"),
        "LibriSpeech: dev_sample: not named like",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_as_published_is_one_sentence(sample: Path, tmp_path: Path, fault: str) -> None:
    spoil, said = FAULTS[fault]
    spoil(sample)
    with pytest.raises(CorpusError) as caught:
        corpora.prepare("librispeech", sample, tmp_path / "out")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_many_missing_files_are_one_sentence(sample: Path, tmp_path: Path) -> None:
    for path in sample.glob("train-sample/*/*/*.flac"):
        path.unlink()
    with pytest.raises(CorpusError, match=r"no audio file for 6 of its utterances: 19-198-0000, .* and 1 more;"):
        corpora.prepare("librispeech", sample, tmp_path / "out")


def test_an_empty_audio_file_is_named_and_nothing_is_written(sample: Path, tmp_path: Path) -> None:
    (sample / CHAPTER / "174-50561-0002.flac").write_bytes(b"")
    with pytest.raises(AudioError, match="174-50561-0002"):
        corpora.prepare("librispeech", sample, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# ---- the sample itself


def test_the_sample_itself(tmp_path: Path, test_data: Path) -> None:
    splits = prepared(test_data / "librispeech-sample", tmp_path / "out")
    assert {split: len(part) for split, part in splits.items()} == {"train": 1573, "dev": 172, "test": 183}
    speakers = {split: {utterance.speaker for utterance in part} for split, part in splits.items()}
    assert len(speakers["train"]) == 265
    assert speakers["dev"] == {"174", "652", "1673"}
    assert speakers["test"] == {"84", "422", "777"}
    assert not speakers["train"] & (speakers["dev"] | speakers["test"])
    hours = {split: sum(utterance.duration_s for utterance in part) / 3600 for split, part in splits.items()}
    assert hours == pytest.approx({"train": 3.92, "dev": 0.41, "test": 0.41}, abs=5e-3)
    assert (splits["train"][0].id, splits["train"][0].text) == ("19-198-0000", "NORTHANGER ABBEY")
