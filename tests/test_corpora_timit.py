"""TIMIT's preparer, on small folders in its layout; nobody may pass the corpus itself on."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus_trees import noise, prepared, sound, text
from corpus_trees import timit as tree

from asr import audio, corpora
from asr.corpora import timit
from asr.errors import CorpusError
from asr.types import Utterance


def of_tree(folder: Path) -> dict[str, list[Utterance]]:
    return prepared("timit", tree.make(folder / "source"), folder / "out")


@pytest.mark.parametrize("capitals", [True, False])
@pytest.mark.parametrize("write", [tree.sphere, sound], ids=["sphere", "riff"])
def test_every_form_gives_the_same(tmp_path: Path, capitals: bool, write: Callable[[Path, int], None]) -> None:
    source = tree.make(tmp_path / "source", capitals=capitals, write=write)
    train = prepared("timit", source, tmp_path / "out")["train"]
    assert [utterance.id for utterance in train] == ["fcjf0-si1027", "fcjf0-sx37", "mdac0-sx451"]
    assert [utterance.speaker for utterance in train] == ["fcjf0", "fcjf0", "mdac0"]
    for number, utterance in zip((0, 1, 3), train, strict=True):
        assert utterance.duration_s == pytest.approx(0.1 + 0.01 * number, abs=1e-9)
        heard = audio.read(utterance.audio)
        assert heard.rate_hz == 16000
        assert heard.samples == pytest.approx(noise(number), abs=1e-4)


def test_the_speakers_are_those_of_the_standard_sets(tmp_path: Path) -> None:
    splits = of_tree(tmp_path)
    speakers = {split: {utterance.speaker for utterance in part} for split, part in splits.items()}
    assert {split: len(names) for split, names in speakers.items() if "/" not in split} == {
        "train": 2,
        "dev": 50,
        "test": 24,
        "test-complete": 75,
    }
    assert sum(name.startswith("f") for name in speakers["test"]) == 8, "a woman of each region"
    assert not speakers["dev"] & speakers["test"]
    assert speakers["test-complete"] - speakers["dev"] - speakers["test"] == {tree.OTHER}


def test_marks_are_kept_in_seconds(tmp_path: Path) -> None:
    first = of_tree(tmp_path)["train"][0]
    assert first.extra["words"] == [[0.0, 0.0125, "she"], [0.0125, 0.025, "had"], [0.025, 0.0375, "your"]]
    phones = first.extra["phones"]
    assert isinstance(phones, list)
    assert phones[1] == [0.0025, 0.005, "sh"]
    assert [label for _, _, label in phones] == list(tree.PHONES)


def test_phones_are_folded_as_lee_and_hon_do(tmp_path: Path) -> None:
    splits = of_tree(tmp_path)
    # h# sh ix hv eh dcl jh axr q aa kcl k ao epi zh pau h#
    assert splits["phones48/train"][0].text == "sil sh ix hh eh vcl jh er aa cl k ao epi zh sil sil"
    assert splits["phones39/train"][0].text == "sil sh ih hh eh sil jh er aa sil k aa sil sh sil sil"
    assert splits["phones39/dev"][0].extra == splits["dev"][0].extra


def test_the_folding_leaves_48_and_39_phones() -> None:
    phones = timit.PHONES.split()
    assert len(set(phones)) == len(phones) == 61
    assert timit.TO_48.keys() <= set(phones)
    to_48 = {timit.TO_48.get(phone, phone) for phone in phones} - {""}
    assert len(to_48) == 48
    assert timit.TO_39.keys() <= to_48
    to_39 = {timit.TO_39.get(phone, phone) for phone in to_48}
    assert len(to_39) == 39
    assert " ".join(sorted(to_39)) == (
        "aa ae ah aw ay b ch d dh dx eh er ey f g hh ih iy jh k l m n ng ow oy p r s sh sil t th uh uw v w y z"
    )


def test_without_prompts_the_words_are_the_text(tmp_path: Path) -> None:
    source = tree.make(tmp_path / "source")
    for path in source.rglob("*.TXT"):
        path.unlink()
    assert prepared("timit", source, tmp_path / "out")["train"][0].text == "she had your"


SPEAKER = "TIMIT/TRAIN/DR1/FCJF0"

FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no phones": (
        lambda root: (root / SPEAKER / "SX37.PHN").unlink(),
        "SX37.WAV: has no SX37.PHN, or neither .TXT nor .WRD, beside it; take the whole corpus",
    ),
    "no text": (
        lambda root: [(root / SPEAKER / f"SX37.{kind}").unlink() for kind in ("TXT", "WRD")],
        "SX37.WAV: has no SX37.PHN, or neither .TXT nor .WRD, beside it",
    ),
    "broken phones": (
        lambda root: text(root / SPEAKER / "SX37.PHN", "0 40\n"),
        "SX37.PHN: '0 40' is not a line like '0 3050 h#'",
    ),
    "other phones": (
        lambda root: text(root / SPEAKER / "SX37.PHN", "0 40 h#\n40 80 AH0\n"),
        "SX37.PHN: AH0: not among the 61 phones of TIMIT",
    ),
    "no test": (
        lambda root: shutil.rmtree(root / "TIMIT/TEST"),
        "TIMIT: has no TEST/DR1/FCJF0/SI1027.WAV or the like; take the whole corpus",
    ),
    "no train": (
        lambda root: shutil.rmtree(root / "TIMIT/TRAIN"),
        "TIMIT: has no TRAIN/DR1/FCJF0/SI1027.WAV or the like; take the whole corpus",
    ),
    "a part of the test speakers": (
        lambda root: [shutil.rmtree(root / "TIMIT/TEST" / place) for place in ("DR1/MDAB0", "DR8/MPAM0")],
        "TIMIT: has no utterances of the test speakers mdab0, mpam0; take the whole corpus",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_as_published_is_one_sentence(tmp_path: Path, fault: str) -> None:
    spoil, said = FAULTS[fault]
    source = tree.make(tmp_path / "source")
    spoil(source)
    with pytest.raises(CorpusError) as caught:
        corpora.prepare("timit", source, tmp_path / "out")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()
