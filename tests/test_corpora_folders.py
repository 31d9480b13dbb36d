"""Preparers that look into many files or folders for texts: VCTK, TED-LIUM, VoxForge, and Mini LibriSpeech."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpus_trees import edit, prepared, sound, tedlium3, text, vctk, voxforge

from asr import audio, corpora
from asr.corpora.entries import Entry, by_speaker
from asr.corpora.vctk import SEED
from asr.errors import CorpusError
from asr.types import Utterance


def refused(name: str, source: Path, out: Path) -> str:
    """Return the sentence with which a corpus is refused."""
    with pytest.raises(CorpusError) as caught:
        corpora.prepare(name, source, out)
    assert "\n" not in str(caught.value)
    assert not out.exists()
    return str(caught.value)


def by_id(splits: dict[str, list[Utterance]]) -> dict[str, Utterance]:
    return {one.id: one for part in splits.values() for one in part}


# ---- VCTK


def test_of_two_microphones_the_first_is_taken(tmp_path: Path) -> None:
    folder = vctk.make(tmp_path / "vctk")
    (folder / "wav48_silence_trimmed/p225/p225_002_mic1.flac").unlink()
    found = by_id(prepared("vctk", folder, tmp_path / "out"))
    assert found["p225_001"].audio.name == "p225_001_mic1.flac"
    assert found["p225_002"].audio.name == "p225_002_mic2.flac"
    assert found["p280_002"].audio.name == "p280_002_mic1.flac"
    assert "p362_002" not in found


def test_version_80(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = by_id(prepared("vctk", vctk.make_80(tmp_path / "vctk"), tmp_path / "out"))
    assert sorted(found) == ["p225_001", "p226_001", "p227_001", "p280_001", "p376_001"]
    assert {one.text for one in found.values()} == {"Please call Stella."}
    said = capsys.readouterr().err
    assert "p315: its texts were lost" in said
    assert "1 of 6 utterances (p376_295); left out" in said


def test_the_speakers_are_those_of_the_docstring(tmp_path: Path) -> None:
    gaps = {235, 242, 289, 290, 291, 296, 309, 315, 319, 320, 321, 322, 324, 325, 327, 328, 331, 332, 337, 338, 342}
    gaps |= {344, 346, 348, 349, 350, *range(352, 360), *range(365, 374), 375}
    names = [f"p{number}" for number in range(225, 377) if number not in gaps]
    assert len(names) == 108
    for speakers in (names, [*names, "s5"]):
        splits = by_speaker([Entry(name, tmp_path, "text", name) for name in speakers], tmp_path, seed=SEED)
        test, dev = ({entry.speaker for entry in splits[split]} for split in ("test", "dev"))
        assert test == set(["p314", "p278", "p318", "p229", "p254", "p243"])
        assert dev == set(["p238", "p329", "p374", "p237", "p339", "p259"])


VCTK_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no audio folder": (
        lambda root: (root / "wav48_silence_trimmed").rename(root / "wav16"),
        "has no folder wav48_silence_trimmed or wav48 beside txt; unpack the archive again",
    ),
    "no audio": (
        lambda root: [path.unlink() for path in root.glob("wav48*/p226/p226_001_*")],
        "txt: no audio file for 1 of its utterances: p226_001; unpack the archive again, or move these texts away",
    ),
    "no texts of a speaker": (
        lambda root: shutil.rmtree(root / "txt/p226"),
        "txt: has no folder of texts for p226; unpack the archive again",
    ),
    "an empty text": (lambda root: text(root / "txt/p226/p226_001.txt", "\n"), "p226_001.txt: is empty; unpack"),
    "two speakers": (
        lambda root: [shutil.rmtree(path) for path in root.glob("*/*") if path.name not in ("p225", "s5", "log.txt")],
        "has 2 speakers, and train, dev and test need one each; unpack more",
    ),
}


@pytest.mark.parametrize("fault", VCTK_FAULTS)
def test_vctk_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    spoil, said = VCTK_FAULTS[fault]
    folder = vctk.make(tmp_path / "vctk")
    spoil(folder)
    assert said in refused("vctk", folder, tmp_path / "out")


# ---- TED-LIUM


def test_segments_are_spans_of_a_talk(tmp_path: Path) -> None:
    found = by_id(prepared("tedlium3", tedlium3.make(tmp_path / "ted"), tmp_path / "out"))
    one = found["911Mothers_2010W-0.1-0.2"]
    assert (one.text, one.extra) == ("with and", {"unk": 2})
    assert (one.start_s, one.duration_s) == (0.1, 0.1)
    whole = soundfile.read(one.audio, dtype="float32")[0]
    np.testing.assert_array_equal(audio.read_utterance(one, 16000).samples, whole[1600:3200])
    assert found["AlGore_2009-0.05-0.30"].text == "last year i showed these"
    assert found["AimeeMullins_2009P-0.1-0.2"].text == "we're"
    assert found["911Mothers_2010W-0.0-0.1"].extra == {}


def test_an_end_behind_the_recording_is_moved_there(tmp_path: Path) -> None:
    found = by_id(prepared("tedlium3", tedlium3.make(tmp_path / "ted"), tmp_path / "out"))
    assert found["911Mothers_2010W-0.25-9.0"].duration_s == pytest.approx(tedlium3.SECONDS - 0.25, abs=1e-6)


def test_the_training_talks_may_be_where_the_links_point(tmp_path: Path) -> None:
    source = tedlium3.make(tmp_path / "ted")
    expected = prepared("tedlium3", source, tmp_path / "out")
    shutil.move(source / "TEDLIUM_release-3/legacy/train", source / "TEDLIUM_release-3/data")
    assert [one.id for one in prepared("tedlium3", source, tmp_path / "out")["train"]] == [
        one.id for one in expected["train"]
    ]


STM = "legacy/dev/stm/AlGore_2009.stm"
TED_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no lists": (lambda ted: (ted / STM).unlink(), "legacy/dev/stm: has no .stm files; unpack"),
    "no audio": (
        lambda ted: (ted / "legacy/dev/sph/AlGore_2009.sph").unlink(),
        "legacy/dev/sph: no .sph or .wav or .flac file for 1 of its utterances: AlGore_2009",
    ),
    "another talk": (lambda ted: edit(ted / STM, "AlGore_2009 1 AlGore", "AlGore 1 AlGore"), "is not a line like"),
    "no label": (
        lambda ted: edit(ted / STM, "<o,f0,male> ", ""),
        "is not a line like 'AlGore_2009 1 speaker 14.99 16.07 <o,f0,male> text'",
    ),
    "behind the end": (
        lambda ted: edit(ted / STM, " 0.05 0.30 ", " 10.05 10.30 "),
        "does not lie in the recording, which lasts 0.30 s",
    ),
    "backwards": (lambda ted: edit(ted / STM, " 0.05 0.30 ", " 0.30 0.05 "), "does not lie in the recording"),
    "not a time": (lambda ted: edit(ted / STM, " 0.05 0.30 ", " 0.05 0.3.0 "), "is not a line like"),
}


@pytest.mark.parametrize("fault", TED_FAULTS)
def test_tedlium_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    spoil, said = TED_FAULTS[fault]
    folder = tedlium3.make(tmp_path / "ted") / "TEDLIUM_release-3"
    spoil(folder)
    assert said in refused("tedlium3", folder, tmp_path / "out")


# ---- VoxForge


@pytest.fixture
def archives(tmp_path: Path) -> Path:
    return voxforge.make(tmp_path / "voxforge") / "Main" / "16kHz_16bit"


def test_every_kind_of_archive_is_read(archives: Path, tmp_path: Path) -> None:
    found = by_id(prepared("voxforge", archives, tmp_path / "out"))
    texts = {
        "1snoke-20120412-hge-a0001": "IT'S a0001",
        "1snoke-20130101-abc-a0002": "SECOND TIME",
        "Aaron-20080318-kdl-a0002": "TABS",
        "anonymous-20080102-bbb-a0003": "SOMEBODY ELSE",
        "ralfherzog-20071220-de34-a0004": "INNER FOLDER",
        "tim-20090909-x_y-a0001": "OF ANOTHER NAME",
        "ulf-20100101-wxy-a0001": "„Größe\u2019s“ zählt",
        "vera-20100101-zzz-a0001": "Wie sie's las.",
        "WALT-20100101-abc-a0001": "CAPITALS",
    }
    assert {name: found[name].text for name in texts} == texts
    assert len({one.audio for one in found.values()}) == len(found) == 39


def test_speakers_are_known_by_name_and_the_anonymous_by_archive(archives: Path, tmp_path: Path) -> None:
    found = by_id(prepared("voxforge", archives, tmp_path / "out"))
    assert found["1snoke-20120412-hge-a0001"].speaker == found["1snoke-20130101-abc-a0001"].speaker == "1snoke"
    assert found["anonymous-20080101-aaa-a0001"].speaker == "anonymous-20080101-aaa"
    assert found["ralfherzog-20071220-de34-a0001"].speaker == "ralfherzog"
    assert found["tim-20090909-x_y-a0001"].speaker == "tim"
    assert found["WALT-20100101-abc-a0001"].speaker == "walt"


def test_prompts_come_before_the_original_ones(archives: Path, tmp_path: Path) -> None:
    folder = archives / "1snoke-20120412-hge" / "etc"
    text(folder / "prompts-original", "a0001 It's the original.\na0004 Only here.\n")
    edit(folder / "PROMPTS", "1snoke-20120412-hge/mfc/a0004 IT'S a0004", "")
    found = by_id(prepared("voxforge", archives, tmp_path / "out"))
    assert found["1snoke-20120412-hge-a0001"].text == "IT'S a0001"
    assert found["1snoke-20120412-hge-a0004"].text == "Only here."


VOX_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "copies": (
        lambda main: shutil.copytree(main, main.parent / "8kHz_16bit"),
        "has more than one folder 1snoke-20120412-hge, 1snoke-20130101-abc, Aaron-20080318-kdl, WALT-20100101-abc,",
    ),
    "no texts": (
        lambda main: [path.unlink() for path in main.glob("1snoke*/etc/PROMPTS")],
        "no text: 9 of 41 utterances (1snoke-20120412-hge-a0001,",
    ),
    "no audio": (
        lambda main: [path.write_bytes(b"") for path in main.glob("1snoke*/*/a*")],
        "audio that cannot be read: 9 of 40 utterances (1snoke-20120412-hge-a0001,",
    ),
    "two speakers": (
        lambda main: [shutil.rmtree(path) for path in main.iterdir() if path.name[:2] not in ("Aa", "ve")],
        "has 2 speakers, and train, dev and test need one each; unpack more",
    ),
}


@pytest.mark.parametrize("fault", VOX_FAULTS)
def test_voxforge_says_what_is_wrong(archives: Path, tmp_path: Path, fault: str) -> None:
    spoil, said = VOX_FAULTS[fault]
    spoil(archives)
    assert said in refused("voxforge", tmp_path / "voxforge", tmp_path / "out")


# ---- Mini LibriSpeech


def make_mini(folder: Path, train_speakers: int = 12) -> Path:
    chapters = [("train-clean-5", 100 + number) for number in range(train_speakers)] + [("dev-clean-2", 84)]
    for part, speaker in chapters:
        place = folder / part / str(speaker) / "7"
        text(place / f"{speaker}-7.trans.txt", f"{speaker}-7-0000 WORDS\n")
        sound(place / f"{speaker}-7-0000.flac", 1)
    text(folder / "SPEAKERS.TXT", "; readers\n")
    return folder


def test_mini_librispeech_is_tested_on_its_dev_and_takes_dev_from_train(tmp_path: Path) -> None:
    splits = prepared("librispeech", make_mini(tmp_path / "LibriSpeech"), tmp_path / "out")
    assert list(splits) == ["train", "dev", "test"]
    speakers = {split: [one.speaker for one in part] for split, part in splits.items()}
    assert speakers["test"] == ["84"]
    assert speakers["dev"] == ["100", "110"]
    assert speakers["train"] == [str(number) for number in range(101, 112) if number != 110]


def test_with_a_test_set_beside_it_the_dev_of_mini_is_dev(tmp_path: Path) -> None:
    folder = make_mini(tmp_path / "LibriSpeech")
    text(folder / "test-clean/61/70968/61-70968.trans.txt", "61-70968-0000 WORDS\n")
    sound(folder / "test-clean/61/70968/61-70968-0000.flac")
    splits = prepared("librispeech", folder, tmp_path / "out")
    assert {split: len(part) for split, part in splits.items()} == {"train": 12, "dev": 1, "test": 1}
    assert [one.id for one in splits["test"]] == ["61-70968-0000"]


def test_mini_without_its_dev_is_refused(tmp_path: Path) -> None:
    folder = make_mini(tmp_path / "LibriSpeech")
    shutil.rmtree(folder / "dev-clean-2")
    assert "has no folder dev-*, test-*" in refused("librispeech", folder, tmp_path / "out")
