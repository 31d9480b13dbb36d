"""The Mandarin preparers: texts, splits, forms, and faults; the contract test holds them to what all promise."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile
from corpus_trees import aishell1, all_trees, edit, magicdata, prepared, primewords, sound, text, thchs30

from asr import corpora
from asr.errors import CorpusError
from asr.types import Utterance

NAMES = ("aishell1", "magicdata", "primewords", "st_cmds", "thchs30")
TREES = {name: all_trees()[name] for name in NAMES}


def of_tree(name: str, folder: Path) -> dict[str, list[Utterance]]:
    return prepared(name, TREES[name].make(folder / "source"), folder / "out")


def ids(splits: dict[str, list[Utterance]]) -> dict[str, list[str]]:
    return {split: [utterance.id for utterance in part] for split, part in splits.items()}


# ---- what there is


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "aishell1",
            [
                "T C L 公司 \N{FULLWIDTH LATIN SMALL LETTER K} 歌",
                "一辆 黑色 小轿车",
                "而 对 楼市 成交 抑制 作用 最 大 的 限 购",
            ],
        ),
        ("thchs30", ["他 仅 凭 腰部 的 力量", "绿 是 阳春 烟 景 大块 文章 的 底色", "钱 有财 的 葬礼"]),
        ("st_cmds", ["OK停止播放", "今天天气怎么样\N{FULLWIDTH COMMA}明天呢", "打开后备箱"]),
        ("primewords", [f"这 是 第 {number} 句" for number in range(5)]),
        ("magicdata", ["我想听 ABC", "播放一首\N{FULLWIDTH COMMA}周杰伦的歌", "请搜索我附近的超市"]),
    ],
)
def test_texts_are_the_corpus_own_without_marks(tmp_path: Path, name: str, texts: list[str]) -> None:
    assert sorted({utterance.text for part in of_tree(name, tmp_path).values() for utterance in part}) == texts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "st_cmds",
            {
                "train": ["20170001P00003I0120", "20170001P00004A0001", "20170001P00004A0002"],
                "dev": ["20170001P00002A0001"],
                "test": ["20170001P00001A0001", "20170001P00001I0001"],
            },
        ),
        (
            "primewords",
            {
                "train": ["0a1b2c3d-1", "9c000000-4"],
                "dev": ["0a1f0000-2"],
                "test": ["9c000000-3", "f0000000-5"],
            },
        ),
        (
            "thchs30",
            {"train": ["A11_0", "A11_10", "C22_511"], "dev": ["A11_2", "C22_596"], "test": ["D8_999", "D11_750"]},
        ),
    ],
)
def test_who_is_in_which_split(tmp_path: Path, name: str, expected: dict[str, list[str]]) -> None:
    assert ids(of_tree(name, tmp_path)) == expected


def test_lists_may_have_crlf_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    for name, list_ in (("aishell1", f"data_aishell/{aishell1.TEXTS}"), ("magicdata", "dev/TRANS.txt")):
        before = ids(of_tree(name, tmp_path / name))
        path = tmp_path / name / "source" / list_
        text(path, path.read_text("utf-8").replace("\n", "\r\n\r\n"), "utf-8-sig")
        assert ids(prepared(name, tmp_path / name / "source", tmp_path / name / "out")) == before


def test_aishell_may_be_flac_or_opus(tmp_path: Path) -> None:
    source = TREES["aishell1"].make(tmp_path / "source")
    forms = {"0122": (".flac", "FLAC", "PCM_16"), "0123": (".opus", "OGG", "OPUS"), "0124": (".FLAC", "FLAC", "PCM_16")}
    for number, (extension, form, subtype) in forms.items():
        path = source / f"data_aishell/wav/dev/S0724/BAC009S0724W{number}.wav"
        samples, rate_hz = soundfile.read(path, dtype="int16")
        soundfile.write(path.with_suffix(extension), samples, rate_hz, format=form, subtype=subtype)
        path.unlink()
    splits = prepared("aishell1", source, tmp_path / "out")
    assert [utterance.audio.suffix for utterance in splits["dev"]] == [".flac", ".opus", ".FLAC"]


def test_thchs_needs_no_links(tmp_path: Path) -> None:
    """An unpacker that makes no links leaves their targets' names as text, or one of the two."""
    source = thchs30.make(tmp_path / "source")
    for path in [path for path in source.rglob("*") if path.is_symlink()]:
        target = str(path.readlink())
        path.unlink()
        if path.parent.name != "test" or path.suffix == ".trn":
            text(path, target)
    splits = prepared("thchs30", source, tmp_path / "out")
    assert ids(splits)["test"] == ["D8_999", "D11_750"]
    assert {utterance.audio.parent.name for part in splits.values() for utterance in part} == {"data"}


# ---- what is not as published

WAVS, TEXTS = "data_aishell/wav", f"data_aishell/{aishell1.TEXTS}"


def without_speakers(root: Path, *speakers: str) -> None:
    records = json.loads((root / primewords.LIST).read_text("utf-8"))
    text(root / primewords.LIST, json.dumps([record for record in records if record["user_id"] not in speakers]))


def keep_lines(path: Path, having: str) -> None:
    text(path, "".join(line for line in path.read_text("utf-8").splitlines(keepends=True) if having in line))


FAULTS: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "aishell1: nothing unpacked": (
        "aishell1",
        lambda root: [shutil.rmtree(root / WAVS / split) for split in ("train", "dev", "test")],
        "wav: 4 speakers are still packed: S0002.tar.gz, S0003.tar.gz, S0724.tar.gz, S0764.tar.gz; unpack each of",
    ),
    "aishell1: one speaker packed": (
        "aishell1",
        lambda root: shutil.rmtree(root / WAVS / "train/S0003"),
        "wav: 1 speakers are still packed: S0003.tar.gz; unpack",
    ),
    "aishell1: no recording": (
        "aishell1",
        lambda root: (root / WAVS / "dev/S0724/BAC009S0724W0123.wav").unlink(),
        "wav: no audio file for 1 of its utterances: BAC009S0724W0123; one of .wav, .flac, .opus is expected",
    ),
    "aishell1: too many without text": (
        "aishell1",
        lambda root: [sound(root / WAVS / f"test/S0764/BAC009S0764W09{n}.wav", n) for n in range(10, 15)],
        "wav: no text: 6 of 28 utterances (BAC009S0003W0999, BAC009S0764W0910,",
    ),
    "aishell1: no text in a line": (
        "aishell1",
        lambda root: edit(root / TEXTS, "W0122 而 对", "W0122\n而对"),
        "aishell_transcript_v0.8.txt: 'BAC009S0002W0122' is not a line like 'BAC009S0002W0122 TEXT'",
    ),
    "aishell1: two texts": (
        "aishell1",
        lambda root: edit(root / TEXTS, "S0724W0123", "S0724W0122"),
        "has more than one line for BAC009S0724W0122",
    ),
    "aishell1: in two splits": (
        "aishell1",
        lambda root: shutil.copytree(root / WAVS / "dev/S0724", root / WAVS / "test/S0724"),
        "wav: more than one split has 3 of its utterances: BAC009S0724W0122",
    ),
    "aishell1: texts of one split alone": (
        "aishell1",
        lambda root: keep_lines(root / TEXTS, "S00"),
        "wav: has no utterances for dev, test; unpack the archives of all speakers",
    ),
    "thchs30: no recording": (
        "thchs30",
        lambda root: (root / "data_thchs30/data/C22_596.wav").unlink(),
        "data: no .wav file for 1 of its utterances: C22_596; one is expected for each, unpack the archive again",
    ),
    "thchs30: no text": (
        "thchs30",
        lambda root: (root / "data_thchs30/data/C22_596.wav.trn").unlink(),
        "data: no .wav.trn file for 1 of its utterances: C22_596",
    ),
    "thchs30: empty text": (
        "thchs30",
        lambda root: (root / "data_thchs30/data/C22_596.wav.trn").write_text("\n"),
        "C22_596.wav.trn: is empty where its first line is the text",
    ),
    "thchs30: no split": (
        "thchs30",
        lambda root: shutil.rmtree(root / "data_thchs30/dev"),
        "dev: has no .wav files or links to them; unpack the archive again",
    ),
    "thchs30: in two splits": (
        "thchs30",
        lambda root: (root / "data_thchs30/test/A11_2.wav").touch(),
        "data_thchs30: more than one split has 1 of its utterances: A11_2",
    ),
    "st_cmds: no text": (
        "st_cmds",
        lambda root: (root / "ST-CMDS-20170001_1-OS/20170001P00003I0120.txt").unlink(),
        "ST-CMDS-20170001_1-OS: no .txt file for 1 of its utterances: 20170001P00003I0120",
    ),
    "st_cmds: no recording": (
        "st_cmds",
        lambda root: (root / "ST-CMDS-20170001_1-OS/20170001P00003I0120.wav").unlink(),
        "ST-CMDS-20170001_1-OS: no .wav file for 1 of its utterances: 20170001P00003I0120",
    ),
    "st_cmds: empty text": (
        "st_cmds",
        lambda root: (root / "ST-CMDS-20170001_1-OS/20170001P00003I0120.txt").write_text(""),
        "20170001P00003I0120.txt: is empty; unpack the archive again, or move both files away",
    ),
    "st_cmds: another name": (
        "st_cmds",
        lambda root: sound(root / "ST-CMDS-20170001_1-OS/test.wav", 1),
        "test: not named like 20170001P00001A0001.wav; move it away",
    ),
    "st_cmds: two speakers": (
        "st_cmds",
        lambda root: [path.unlink() for path in root.glob("*/20170001P0000[34]*")],
        "has 2 speakers, and train, dev and test need one each",
    ),
    "primewords: no recording": (
        "primewords",
        lambda root: (root / "primewords_md_2018_set1/audio_files/9/9c/9c000000-3.wav").unlink(),
        "audio_files: no .wav file for 1 of its utterances: 9c000000-3",
    ),
    "primewords: broken list": (
        "primewords",
        lambda root: (root / primewords.LIST).write_text('[{"id": "0", '),
        "set1_transcript.json: broken JSON (",
    ),
    "primewords: no list": (
        "primewords",
        lambda root: (root / primewords.LIST).write_text('{"id": "0"}'),
        "set1_transcript.json: is no list of objects",
    ),
    "primewords: no text": (
        "primewords",
        lambda root: edit(root / primewords.LIST, '"text": "又', '"words": "又'),
        '又 一 次"} has no file, user_id, text that are strings',
    ),
    "primewords: two speakers": (
        "primewords",
        lambda root: without_speakers(root, "39", "296"),
        "primewords_md_2018_set1: has 2 speakers, and train, dev and test need one each",
    ),
    "magicdata: no recording": (
        "magicdata",
        lambda root: (root / "dev/5_541/5_541_20170826171405.wav").unlink(),
        "dev: no .wav file for 1 of its utterances: 5_541_20170826171405; one is expected for each, unpack dev_set.tar",
    ),
    "magicdata: no list": (
        "magicdata",
        lambda root: (root / "test/TRANS.txt").unlink(),
        "TRANS.txt: is not there, and the magicdata corpus has it; unpack the archive again",
    ),
    "magicdata: empty list": (
        "magicdata",
        lambda root: text(root / "test/TRANS.txt", magicdata.COLUMNS),
        "TRANS.txt: has no utterances; unpack the archive again",
    ),
    "magicdata: spaces for tabs": (
        "magicdata",
        lambda root: edit(root / "test/TRANS.txt", "wav\t38_5837\t请", "wav 38_5837 请"),
        "TRANS.txt:2: has 1 fields where the first line names 3 columns; unpack the archive again",
    ),
    "magicdata: two texts": (
        "magicdata",
        lambda root: edit(root / "test/TRANS.txt", "171405.wav", "171404.wav"),
        "TRANS.txt: has more than one line for 38_5837_20170826171404",
    ),
    "magicdata: noise everywhere": (
        "magicdata",
        lambda root: edit(root / "dev/TRANS.txt", "请搜索我附近的超市", "FIL"),
        "dev: nothing but noise: 1 of 3 utterances (5_541_20170826171404); no more than 5% are left out",
    ),
    "not text": (
        "magicdata",
        lambda root: (root / "dev/TRANS.txt").write_bytes(b"\xff\xfe\n"),
        "TRANS.txt: is not UTF-8 text",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_not_as_published_is_one_sentence(tmp_path: Path, fault: str) -> None:
    name, spoil, said = FAULTS[fault]
    source = TREES[name].make(tmp_path / "source")
    spoil(source)
    with pytest.raises(CorpusError) as caught:
        corpora.prepare(name, source, tmp_path / "out")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


# ---- the sample itself


def test_the_sample_of_aishell(tmp_path: Path, test_data: Path) -> None:
    splits = prepared("aishell1", test_data / "aishell-sample", tmp_path / "out")
    assert {split: len(part) for split, part in splits.items()} == {"train": 640, "dev": 40, "test": 80}
    utterances = [utterance for part in splits.values() for utterance in part]
    assert {utterance.speaker for utterance in utterances} == {"S0150", "S0252"}
    assert sum(utterance.duration_s for utterance in utterances) / 3600 == pytest.approx(1.01, abs=5e-3)
    assert next(one.text for one in utterances if one.id == "BAC009S0150W0121") == "其中有两个是内因的指标"
    assert not any("[" in utterance.text for utterance in utterances)
