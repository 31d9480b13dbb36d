"""AN4 and FSDD, on small folders in exactly their layout, and on the corpora themselves where they are there."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from corpus_trees import edit, prepared
from corpus_trees.an4 import FORMS, TEST, TRAIN, Samples, entries, make_an4, voice
from corpus_trees.fsdd import make_fsdd

from asr import audio, corpora
from asr.corpora.an4 import big_endian
from asr.errors import AsrError, AudioError, CorpusError


def with_sox(path: Path, samples: Samples) -> None:
    raw = path.with_suffix(".tmp")
    raw.write_bytes(samples.astype("<i2").tobytes())
    form = ["-t", "raw", "-r", "16000", "-e", "signed", "-b", "16", "-c", "1", "-L"]
    subprocess.run(["sox", *form, str(raw), "-t", "sph", str(path)], check=True)
    raw.unlink()


@pytest.mark.parametrize("form", FORMS)
def test_an4_gives_the_same_in_every_form(tmp_path: Path, form: str) -> None:
    splits = prepared("an4", make_an4(tmp_path / "an4", form), tmp_path / "out")
    ids = sorted(id for _, id, _, _ in entries("train"))
    assert [utterance.id for utterance in splits["dev"]] == ids[:100]
    assert [utterance.id for utterance in splits["train"]] == ids[100:]
    assert [utterance.id for utterance in splits["test"]] == ["mtst-an0-b", "mtst-an1-b", "mtst-an2-b"]
    found = {utterance.id: utterance for split in splits.values() for utterance in split}
    for split in ("train", "test"):
        for stem, id, _, samples in entries(split):
            number = stem.split("/an")[-1].split("-")[0]
            assert found[id].text == f"WORD {number}"
            assert found[id].speaker == stem.split("/")[1]
            assert found[id].duration_s == pytest.approx(len(samples) / 16000, abs=1e-9)
            heard = audio.read(found[id].audio)
            assert heard.rate_hz == 16000
            np.testing.assert_array_equal(heard.samples, samples.astype(np.float32) / 32768)


@pytest.mark.skipif(shutil.which("sox") is None, reason="sox writes the sphere files of this test")
def test_an4_takes_sphere_files_of_sox(tmp_path: Path) -> None:
    folder = make_an4(tmp_path / "an4", "flac")
    stem, id, _, samples = next(iter(entries("train")))
    (folder / "wav" / f"{stem}.flac").unlink()
    with_sox(folder / "wav" / f"{stem}.sph", samples)
    splits = prepared("an4", folder, tmp_path / "out")
    (utterance,) = [each for split in splits.values() for each in split if each.id == id]
    assert utterance.audio.suffix == ".sph"
    np.testing.assert_array_equal(audio.read(utterance.audio).samples, samples.astype(np.float32) / 32768)


def test_an4_converts_raw_audio_alone_and_below_out(tmp_path: Path) -> None:
    corpora.prepare("an4", make_an4(tmp_path / "raw/an4", "bigendian"), tmp_path / "out")
    assert len(list((tmp_path / "out" / "audio").glob("*.wav"))) == TRAIN + TEST
    assert '"audio/' in (tmp_path / "out/test.jsonl").read_text()
    corpora.prepare("an4", make_an4(tmp_path / "wav/an4"), tmp_path / "out2")
    assert sorted(path.name for path in (tmp_path / "out2").iterdir()) == ["dev.jsonl", "test.jsonl", "train.jsonl"]


def test_an4_may_be_named_by_the_folder_around_it(tmp_path: Path) -> None:
    make_an4(tmp_path / "download" / "an4")
    (tmp_path / "download" / "an4_sphere.tar.gz").touch()
    assert len(prepared("an4", tmp_path / "download", tmp_path / "out")["dev"]) == 100


def test_an4_leaves_files_alone_that_the_lists_do_not_name(tmp_path: Path) -> None:
    folder = make_an4(tmp_path / "an4")
    (folder / "wav/an4_clstk/fash/._an1-fash-b.wav").touch()
    (folder / "wav/an4_clstk/fash/an999-fash-b.wav").touch()
    (folder / "etc/an4.dic").touch()
    splits = prepared("an4", folder, tmp_path / "out")
    assert sum(map(len, splits.values())) == TRAIN + TEST


def test_an4_lists_may_have_crlf_and_blank_lines(tmp_path: Path) -> None:
    folder = make_an4(tmp_path / "an4")
    for path in (folder / "etc").iterdir():
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    assert prepared("an4", folder, tmp_path / "out")["test"][0].text == "WORD 0"


def cut(path: Path, lines: int) -> None:
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:lines]))


AN4_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no list": (lambda an4: (an4 / "etc/an4_test.fileids").unlink(), "an4_test.fileids: is not there"),
    "no transcription": (
        lambda an4: (an4 / "etc/an4_train.transcription").unlink(),
        "an4_train.transcription: is not there",
    ),
    "no text": (
        lambda an4: edit(an4 / "etc/an4_train.transcription", "<s> WORD 5 </s> (an5-fash-b)\n", ""),
        "no text for 1 of its utterances: an5-fash-b; a line 'TEXT (NAME)' in an4_train.transcription is expected",
    ),
    "no audio": (
        lambda an4: (an4 / "wav/an4_clstk/fash/an5-fash-b.wav").unlink(),
        "no audio file for 1 of its utterances: wav/an4_clstk/fash/an5-fash-b.*; one of .flac, .wav, .sph, .raw is",
    ),
    "no folder of audio": (lambda an4: shutil.rmtree(an4 / "wav"), "no audio file for 104 of its utterances"),
    "text of no utterance": (
        lambda an4: edit(an4 / "etc/an4_train.fileids", "an4_clstk/fash/an5-fash-b\n", ""),
        "an4_train.transcription: an4_train.fileids does not list 1 of its utterances: an5-fash-b",
    ),
    "no name": (
        lambda an4: edit(an4 / "etc/an4_train.transcription", " (an5-fash-b)", ""),
        "'<s> WORD 5 </s>' is not a line like '<s> YES </s> (an251-fash-b)'",
    ),
    "two texts": (
        lambda an4: edit(an4 / "etc/an4_train.transcription", "(an5-fash-b)", "(an1-fash-b)"),
        "an4_train.transcription: more than one line for 1 of its utterances: an1-fash-b",
    ),
    "listed twice": (
        lambda an4: edit(an4 / "etc/an4_train.fileids", "an5-fash-b\n", "an5-fash-b\nan4_clstk/fash/an5-fash-b\n"),
        "an4_train.fileids: more than one line for 1 of its utterances: an5-fash-b",
    ),
    "other names": (
        lambda an4: [
            edit(an4 / "etc/an4_train.fileids", "an5-fash-b", "five"),
            edit(an4 / "etc/an4_train.transcription", "an5-fash-b", "five"),
            (an4 / "wav/an4_clstk/fash/an5-fash-b.wav").rename(an4 / "wav/an4_clstk/fash/five.wav"),
        ],
        "'five' is not named <prompt>-<speaker>-<letter>",
    ),
    "train in test": (
        lambda an4: [shutil.copy(an4 / f"etc/an4_train.{end}", an4 / f"etc/an4_test.{end}") for end in ENDS],
        "an4: train and test both list 104 of its utterances: fash-an1-b, fash-an101-b,",
    ),
    "no test": (
        lambda an4: [(an4 / f"etc/an4_test.{end}").write_text("") for end in ENDS],
        "lists 104 training and 0 test utterances where AN4 has 948 and 130",
    ),
    "a part": (
        lambda an4: [cut(an4 / f"etc/an4_train.{end}", 100) for end in ENDS],
        "lists 100 training and 3 test utterances where AN4 has 948 and 130",
    ),
    "not text": (lambda an4: (an4 / "etc/an4_test.transcription").write_bytes(b"\xff\xfe\n"), "is not UTF-8 text"),
}
ENDS = ("fileids", "transcription")


@pytest.mark.parametrize("fault", AN4_FAULTS)
def test_an4_says_what_is_not_as_published(tmp_path: Path, fault: str) -> None:
    folder = make_an4(tmp_path / "an4")
    spoil, said = AN4_FAULTS[fault]
    spoil(folder)
    with pytest.raises(CorpusError) as caught:
        corpora.prepare("an4", folder, tmp_path / "out")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an4_names_many_missing_files_in_one_sentence(tmp_path: Path) -> None:
    folder = make_an4(tmp_path / "an4")
    shutil.rmtree(folder / "wav/an4_clstk/fash")
    with pytest.raises(CorpusError, match=r"no audio file for 26 of its utterances: .* and 21 more;"):
        corpora.prepare("an4", folder, tmp_path / "out")


def test_two_copies_side_by_side_are_not_chosen_between(tmp_path: Path) -> None:
    for name in ("sphere", "raw"):
        (tmp_path / name / "etc").mkdir(parents=True)
        (tmp_path / name / "etc/an4_train.fileids").touch()
    with pytest.raises(CorpusError, match="is in raw, sphere; name one of them"):
        corpora.prepare("an4", tmp_path, tmp_path / "out")


@pytest.mark.parametrize("name", ["an5", "", "AN4"])
def test_an_unknown_corpus_lists_the_known(tmp_path: Path, name: str) -> None:
    with pytest.raises(CorpusError, match=r"unknown corpus .*an4"):
        corpora.prepare(name, tmp_path, tmp_path / "out")


# ---- which byte comes first


def raw_files(folder: Path, order: str, *voices: Samples) -> list[Path]:
    paths = []
    for number, samples in enumerate(voices):
        paths.append(folder / f"{number}.raw")
        paths[-1].write_bytes(samples.astype(order).tobytes())
    return paths


@pytest.mark.parametrize("order", ["<i2", ">i2"])
def test_the_byte_order_is_heard_in_real_speech(tmp_path: Path, test_data: Path, order: str) -> None:
    speech = [soundfile.read(path, dtype="int16")[0] for path in sorted(test_data.glob("an4/wav/*/*/*.flac"))[::50]]
    assert len(speech) >= 20
    for samples in speech:  # every file says it alone, too
        assert big_endian(raw_files(tmp_path, order, samples)) == (order == ">i2")
    assert big_endian(raw_files(tmp_path, order, *speech)) == (order == ">i2")


@pytest.mark.parametrize("order", ["<i2", ">i2"])
def test_silent_short_and_odd_files_do_not_change_the_byte_order(tmp_path: Path, order: str) -> None:
    silence, one, none = np.zeros(800, np.int16), np.ones(1, np.int16), np.zeros(0, np.int16)
    paths = raw_files(tmp_path, order, silence, one, none, voice(1), silence)
    paths[0].write_bytes(paths[0].read_bytes() + b"\0")
    assert big_endian(paths) == (order == ">i2")


@pytest.mark.parametrize("kind", ["silence", "white noise", "nothing"])
def test_a_byte_order_that_cannot_be_heard_is_not_guessed(tmp_path: Path, kind: str) -> None:
    noise = np.random.default_rng(1).integers(-32768, 32768, 16000).astype(np.int16)
    samples = {"silence": np.zeros(800, np.int16), "white noise": noise, "nothing": np.zeros(0, np.int16)}[kind]
    with pytest.raises(CorpusError, match=r"byte order of the \.raw files cannot be told .* take the \.sph archive"):
        big_endian(raw_files(tmp_path, "<i2", samples, samples))


def test_a_raw_file_cut_in_the_middle_of_a_sample_is_named(tmp_path: Path) -> None:
    folder = make_an4(tmp_path / "an4", "littleendian")
    path = folder / "wav/an4_clstk/fash/an5-fash-b.raw"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(AudioError, match="an5-fash-b"):
        corpora.prepare("an4", folder, tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.jsonl"))


# ---- FSDD


@pytest.mark.parametrize("extension", ["wav", "flac", "WAV"])
def test_fsdd_official_splits(tmp_path: Path, extension: str) -> None:
    splits = prepared("fsdd", make_fsdd(tmp_path / "fsdd", extension), tmp_path / "out")
    numbers = {"train": {10, 11}, "dev": {5, 6, 7, 8, 9}, "test": {0, 1, 2, 3, 4}}
    for split, expected in numbers.items():
        assert {int(utterance.id.split("_")[2]) for utterance in splits[split]} == expected
        assert len(splits[split]) == len(expected) * 9
        assert len({utterance.id for utterance in splits[split]}) == len(expected) * 9
    assert {utterance.id[0]: utterance.text for utterance in splits["test"]} == {"0": "zero", "3": "three", "9": "nine"}
    one = splits["test"][0]
    assert (one.id, one.speaker) == ("0_jackson_0", "jackson")
    assert one.duration_s == pytest.approx(len(voice(0)) / 8000, abs=1e-9)


def test_fsdd_leaves_each_speaker_out_in_turn(tmp_path: Path) -> None:
    splits = prepared("fsdd", make_fsdd(tmp_path / "fsdd"), tmp_path / "out")
    speakers = {"theo", "lucas", "jackson"}
    assert {split.split("/")[1] for split in splits if split.startswith("loso/")} == speakers
    for speaker in speakers:
        train, dev, test = (splits[f"loso/{speaker}/{split}"] for split in ("train", "dev", "test"))
        assert {utterance.speaker for utterance in test} == {speaker}
        assert (
            {utterance.speaker for utterance in train}
            == {utterance.speaker for utterance in dev}
            == speakers - {speaker}
        )
        assert {int(utterance.id.split("_")[2]) for utterance in dev} == {5, 6, 7, 8, 9}
        assert (len(train), len(dev), len(test)) == (3 * 2 * 7, 3 * 2 * 5, 3 * 12)
        ids = [utterance.id for utterance in (*train, *dev, *test)]
        assert len(set(ids)) == len(ids) == 3 * 3 * 12


def test_fsdd_of_one_speaker_leaves_nobody_out(tmp_path: Path) -> None:
    splits = prepared("fsdd", make_fsdd(tmp_path / "fsdd", speakers=("theo",)), tmp_path / "out")
    assert sorted(splits) == ["dev", "test", "train"]


def test_fsdd_leaves_alone_what_is_no_audio(tmp_path: Path) -> None:
    folder = make_fsdd(tmp_path / "fsdd")
    (folder / "recordings/metadata.py").touch()
    (folder / "recordings/._0_theo_0.wav").touch()
    assert len(prepared("fsdd", folder, tmp_path / "out")["test"]) == 45


def test_fsdd_takes_more_recordings_than_fifty(tmp_path: Path) -> None:
    folder = make_fsdd(tmp_path / "fsdd")
    soundfile.write(folder / "recordings/3_theo_50.wav", voice(50), 8000)
    assert "3_theo_50" in {utterance.id for utterance in prepared("fsdd", folder, tmp_path / "out")["train"]}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hello.wav", "hello.wav: not named <digit>_<speaker>_<n>.wav like 7_jackson_32.wav"),
        ("10_theo_1.wav", "10_theo_1.wav: not named"),
        ("3_theo_1.flac", "more than one file for 3_theo_1"),
        ("3_.._1.wav", "3_.._1.wav: not named"),
    ],
)
def test_fsdd_says_which_file_does_not_belong(tmp_path: Path, name: str, said: str) -> None:
    folder = make_fsdd(tmp_path / "fsdd")
    (folder / "recordings" / name).touch()
    with pytest.raises(CorpusError) as caught:
        corpora.prepare("fsdd", folder, tmp_path / "out")
    assert said in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_fsdd_without_recordings(tmp_path: Path) -> None:
    (tmp_path / "recordings").mkdir()
    with pytest.raises(CorpusError, match=r"has no \.wav or \.flac files like 7_jackson_32\.wav"):
        corpora.prepare("fsdd", tmp_path, tmp_path / "out")


def test_fsdd_with_a_part_of_the_recordings(tmp_path: Path) -> None:
    folder = make_fsdd(tmp_path / "fsdd")
    for path in folder.glob("recordings/*_[5-9].wav"):
        path.unlink()
    with pytest.raises(CorpusError, match=r"has no recordings for dev \(test is n = 0 to 4, dev 5 to 9"):
        corpora.prepare("fsdd", folder, tmp_path / "out")


# ---- both of them


def test_an_empty_audio_file_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    for name, folder in (("an4", make_an4(tmp_path / "an4")), ("fsdd", make_fsdd(tmp_path / "fsdd"))):
        path = sorted(folder.rglob("*.wav"))[0]
        path.write_bytes(b"")
        with pytest.raises(AudioError, match=path.name):
            corpora.prepare(name, folder, tmp_path / "out")
        assert not (tmp_path / "out").exists()


def test_preparing_where_a_file_stands_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(AsrError, match="out"):
        corpora.prepare("fsdd", make_fsdd(tmp_path / "fsdd"), tmp_path / "out")


# ---- the corpora themselves


def test_an4_itself(tmp_path: Path, test_data: Path) -> None:
    splits = prepared("an4", test_data / "an4", tmp_path / "out")
    assert {split: len(utterances) for split, utterances in splits.items()} == {"train": 848, "dev": 100, "test": 130}
    # The denominator of every published figure.
    assert sum(len(utterance.text.split()) for utterance in splits["test"]) == 773
    speakers = {split: {utterance.speaker for utterance in utterances} for split, utterances in splits.items()}
    assert {split: len(names) for split, names in speakers.items()} == {"train": 66, "dev": 8, "test": 10}
    assert not speakers["train"] & speakers["dev"]
    assert (splits["dev"][0].id, splits["dev"][0].text) == ("fash-an251-b", "YES")
    hours = {split: sum(each.duration_s for each in utterances) / 3600 for split, utterances in splits.items()}
    assert hours["train"] + hours["dev"] == pytest.approx(0.71, abs=0.005)
    assert hours["test"] == pytest.approx(0.10, abs=0.005)


def test_fsdd_itself(tmp_path: Path, test_data: Path) -> None:
    splits = prepared("fsdd", test_data / "fsdd", tmp_path / "out")
    assert {split: len(splits[split]) for split in ("train", "dev", "test")} == {"train": 2400, "dev": 300, "test": 300}
    assert len(splits) == 3 + 6 * 3
    for split, utterances in splits.items():
        if split.startswith("loso/"):
            assert len(utterances) == {"train": 2250, "dev": 250, "test": 500}[split.split("/")[2]]
