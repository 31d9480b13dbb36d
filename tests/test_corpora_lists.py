"""Preparers that read one list for all: LJ Speech and its like, Common Voice, MLS, Speech Commands, YesNo."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus_trees import commonvoice, edit, ljspeech, mls, prepared, sound, speech_commands, text, yesno

from asr import corpora
from asr.errors import CorpusError
from asr.types import Utterance


def refused(name: str, source: Path, out: Path) -> str:
    """Return the sentence with which a corpus is refused."""
    with pytest.raises(CorpusError) as caught:
        corpora.prepare(name, source, out)
    assert "\n" not in str(caught.value)
    assert not out.exists()
    return str(caught.value)


def ids(part: list[Utterance]) -> list[str]:
    return [utterance.id for utterance in part]


# ---- id|text


def test_kerstin_itself(test_data: Path, tmp_path: Path) -> None:
    splits = prepared("kerstin-de", test_data / "kerstin-de", tmp_path / "out")
    assert {split: len(part) for split, part in splits.items()} == {"train": 1174, "dev": 100, "test": 100}
    # cut -d'|' -f1 metadata.csv | while read i; do echo "$(printf "1:$i" | sha256sum) $i"; done | sort | tail -100
    assert (splits["test"][0].id, splits["test"][-1].id) == ("de_rhasspy-0932", "de_rhasspy-2005")
    hours = sum(one.duration_s for part in splits.values() for one in part) / 3600
    assert hours == pytest.approx(1.76, abs=0.005)
    found = {one.id: one.text for part in splits.values() for one in part}
    assert found["de_rhasspy-0008"].endswith("die Nachhut der Römer anzugreifen.")


def test_the_normalised_text_is_taken_where_there_is_one(tmp_path: Path) -> None:
    splits = prepared("ljspeech", ljspeech.make_ljspeech(tmp_path / "lj"), tmp_path / "out")
    found = {one.id: one.text for part in splits.values() for one in part}
    assert found["LJ001-0000"] == 'He had three pounds and ten shillings, or "so".'
    assert found["LJ001-0001"] == "only what was printed"
    assert found["LJ001-0002"] == "In number 2, a “quote”"
    assert "LJ050-9999" not in found


def test_a_new_utterance_moves_no_other_past_it(tmp_path: Path) -> None:
    folder = ljspeech.make_collection(tmp_path / "a")
    before = prepared("id-text", folder, tmp_path / "out")
    edit(folder / "metadata.csv", "satz_202.opus|", "new|Neu.\r\nsatz_202.opus|")
    sound(folder / "wavs" / "new.wav")
    after = prepared("id-text", folder, tmp_path / "out")
    order = [*ids(after["train"]), *ids(after["dev"]), *ids(after["test"])]
    order.remove("new")
    assert order == [*ids(before["train"]), *ids(before["dev"]), *ids(before["test"])]


LINE = "LJ001-0005|In 5, a “quote”|In number 5, a “quote”\n"
LJ_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no text": (
        lambda lj: edit(lj / "metadata.csv", LINE, "LJ001-0005||\n"),
        "metadata.csv: has no text for 1 of its utterances: LJ001-0005; write what is said after the first |",
    ),
    "one field": (
        lambda lj: edit(lj / "metadata.csv", LINE, "LJ001-0005\n"),
        "metadata.csv: 'LJ001-0005' is not a line like 'LJ001-0001|text'",
    ),
    "four fields": (lambda lj: edit(lj / "metadata.csv", LINE, "LJ001-0005|a|b|c\n"), "'LJ001-0005|a|b|c' is not a"),
    "twice": (
        lambda lj: edit(lj / "metadata.csv", "LJ001-0005|", "LJ001-0006.wav|"),
        "metadata.csv: has more than one line for 1 of its utterances: LJ001-0006; keep one",
    ),
    "no audio": (
        lambda lj: (lj / "wavs/LJ001-0005.wav").unlink(),
        "metadata.csv: no audio file for 1 of its utterances: wavs/LJ001-0005.*; one of .wav, .flac",
    ),
    "a part": (
        lambda lj: text(lj / "metadata.csv", LINE),
        "metadata.csv: has 1 utterances, and 100 are held out for dev and for test each",
    ),
    "Latin-1": (lambda lj: (lj / "metadata.csv").write_bytes(b"a|\xe4\n"), "metadata.csv: is not UTF-8 text"),
}


@pytest.mark.parametrize("fault", LJ_FAULTS)
def test_ljspeech_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    spoil, said = LJ_FAULTS[fault]
    folder = ljspeech.make_ljspeech(tmp_path / "lj") / "LJSpeech-1.1"
    spoil(folder)
    assert said in refused("ljspeech", folder, tmp_path / "out")


# ---- Common Voice


@pytest.fixture
def german(tmp_path: Path) -> Path:
    return commonvoice.make(tmp_path / "cv") / "cv-corpus-17.0-2024-03-15" / "de"


def test_validated_is_what_neither_speaks_nor_says_what_dev_and_test_do(german: Path, tmp_path: Path) -> None:
    splits = prepared("commonvoice", german, tmp_path / "out")
    assert sorted(set(ids(splits["validated"])) - set(ids(splits["train"]))) == ["common_voice_de_245"]
    assert ids(splits["dev"]) == ["common_voice_de_240", "common_voice_de_241"]


def test_a_sentence_stays_as_it_is_where_nothing_is_quoted(german: Path, tmp_path: Path) -> None:
    found = {one.id: one for one in prepared("commonvoice", german, tmp_path / "out")["train"]}
    assert found["common_voice_de_0"].text == '"Ja'
    assert found["common_voice_de_1"].text == '"Guten Tag." Sagt man das?'
    assert found["common_voice_de_2"].text == "Zeile\u2028mit Trenner"
    assert found["common_voice_de_2"].speaker == found["common_voice_de_3"].speaker == f"{1:0128x}"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"""Good-bye,"" said the boy."', '"Good-bye," said the boy.'),  # as in release 5
        ('"Then he said ""no""."', 'Then he said "no".'),
        ('"Wirklich?"', '"Wirklich?"'),
        ('"Ja" und "nein"', '"Ja" und "nein"'),
        ('""', '""'),
        ('"', '"'),
    ],
)
def test_the_quoting_of_older_releases_is_taken_away(german: Path, tmp_path: Path, written: str, said: str) -> None:
    for name in ("train.tsv", "validated.tsv"):
        edit(german / name, "Satz Nummer 9.", written)
    found = {one.id: one.text for one in prepared("commonvoice", german, tmp_path / "out")["train"]}
    assert found["common_voice_de_9"] == said


def test_old_releases_have_other_columns_and_no_extensions(german: Path, tmp_path: Path) -> None:
    expected = prepared("commonvoice", german, tmp_path / "out")
    (german / "clip_durations.tsv").unlink()
    for name in ("train", "dev", "test", "validated"):
        table = [line.split("\t") for line in (german / f"{name}.tsv").read_text("utf-8").split("\n")]
        kept = ["\t".join([row[0], row[1].replace(".mp3", ""), row[3], row[5]]) for row in table if len(row) > 5]
        text(german / f"{name}.tsv", "\n".join(kept))
    found = prepared("commonvoice", german, tmp_path / "out")
    assert [ids(part) for part in found.values()] == [ids(part) for part in expected.values()]
    assert found["train"][5].duration_s == pytest.approx(expected["train"][5].duration_s, abs=0.001)


def test_lengths_are_taken_at_the_corpus_word(german: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from asr.corpora import entries

    opened: list[Path] = []
    measure = entries.audio.duration_s
    monkeypatch.setattr(entries.audio, "duration_s", lambda path: opened.append(path) or measure(path))
    monkeypatch.setattr("asr.corpora.commonvoice.MEASURED", 10)
    assert len(prepared("commonvoice", german, tmp_path / "out")["train"]) == commonvoice.TRAIN - 2
    assert len(opened) <= 10 + 1, "the sample, and the clip that is stated to be empty"


def test_lengths_that_are_not_true_are_measured(
    german: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = prepared("commonvoice", german, tmp_path / "out")
    capsys.readouterr()
    lengths = (german / "clip_durations.tsv").read_text().split("\n")
    wrong = [lengths[0], *(f"{line.split(chr(9))[0]}\t4200" for line in lengths[1:] if line)]
    text(german / "clip_durations.tsv", "\n".join(wrong))
    found = prepared("commonvoice", german, tmp_path / "out")
    assert "clip_durations.tsv: is not true of common_voice_de_0, so that every clip is measured" in (
        capsys.readouterr().err
    )
    assert found["dev"][0].duration_s == pytest.approx(expected["dev"][0].duration_s, abs=0.001)


def test_clips_of_another_kind(german: Path, tmp_path: Path) -> None:
    shutil.rmtree(german / "clips")
    (german / "clip_durations.tsv").unlink()
    for number in range(248):
        sound(german / "clips" / f"common_voice_de_{number}.wav", 1)
    assert prepared("commonvoice", german, tmp_path / "out")["dev"][0].audio.suffix == ".wav"


CV_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no split": (lambda de: (de / "dev.tsv").unlink(), "dev.tsv: is not there, and the commonvoice corpus has it"),
    "no clips": (
        lambda de: shutil.rmtree(de / "clips"),
        "audio that cannot be read: 244 of 244 utterances (common_voice_de_0, common_voice_de_1,",
    ),
    "clips lost": (
        lambda de: [(de / f"clips/common_voice_de_{number}.mp3").unlink() for number in (20, 21)],
        "3 of 244 utterances (common_voice_de_7, common_voice_de_20",
    ),
    "an empty split": (lambda de: commonvoice.table(de / "dev.tsv", []), "dev.tsv: has no clips"),
    "no sentences": (
        lambda de: edit(de / "dev.tsv", "Satz Nummer 240.", ""),
        "dev.tsv: no sentence: 1 of 2 utterances (common_voice_de_240); no more than 1% are left out",
    ),
    "no column": (lambda de: edit(de / "test.tsv", "\tsentence\t", "\ttext\t"), "test.tsv: has no column sentence"),
}


@pytest.mark.parametrize("fault", CV_FAULTS)
def test_common_voice_says_what_is_wrong(german: Path, tmp_path: Path, fault: str) -> None:
    spoil, said = CV_FAULTS[fault]
    spoil(german)
    assert said in refused("commonvoice", german, tmp_path / "out")


# ---- Multilingual LibriSpeech


def test_the_flac_archive_gives_the_same_as_the_opus_one(tmp_path: Path) -> None:
    found = [
        prepared("mls", mls.make(tmp_path / extension, extension), tmp_path / "out") for extension in (".flac", ".opus")
    ]
    for split in mls.IDS:
        flac, opus = (found[number][split] for number in (0, 1))
        assert [(one.id, one.text, one.speaker) for one in flac] == [(one.id, one.text, one.speaker) for one in opus]
        assert {one.audio.suffix for one in flac} == {".flac"}
        assert [one.duration_s for one in flac] == pytest.approx([one.duration_s for one in opus], abs=0.03)


MLS_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no list": (lambda de: (de / "dev/transcripts.txt").unlink(), "dev/transcripts.txt: is not there, and the mls"),
    "an empty list": (lambda de: text(de / "dev/transcripts.txt", "\n"), "dev/transcripts.txt: has no lines"),
    "no audio": (
        lambda de: (de / "dev/audio/2037/4649/2037_4649_000000.opus").unlink(),
        "dev/transcripts.txt: no audio file for 1 of its utterances: 2037_4649_000000; audio/SPEAKER/BOOK/ID",
    ),
    "spaces for the tab": (
        lambda de: edit(de / "dev/transcripts.txt", "\t", " "),
        "is not a line like '4800_10003_000000<tab>text'",
    ),
    "no text": (
        lambda de: edit(de / "dev/transcripts.txt", "\tdie größe von 2037_4649_000000 ist's", "\t"),
        "'2037_4649_000000' is not a line like",
    ),
    "twice": (
        lambda de: [shutil.copytree(de / "test", de / "dev", dirs_exist_ok=True)],
        "mls_german_opus: more than one line for 2 of its utterances: 1054_1599_000000, 1054_1599_000001",
    ),
}


@pytest.mark.parametrize("fault", MLS_FAULTS)
def test_mls_says_what_is_wrong(tmp_path: Path, fault: str) -> None:
    spoil, said = MLS_FAULTS[fault]
    folder = mls.make(tmp_path / "mls") / "mls_german_opus"
    spoil(folder)
    assert said in refused("mls", folder, tmp_path / "out")


# ---- Speech Commands


def test_speech_commands_leave_noise_alone(tmp_path: Path) -> None:
    splits = prepared("speech_commands", speech_commands.make(tmp_path / "sc"), tmp_path / "out")
    assert {one.text for part in splits.values() for one in part} == set(speech_commands.WORDS)
    assert {one.speaker for one in splits["dev"]} == {"c1d39ce8"}


SC_FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no list": (lambda sc: (sc / "testing_list.txt").unlink(), "testing_list.txt: is not there"),
    "in both": (
        lambda sc: text(sc / "testing_list.txt", "bed/c1d39ce8_nohash_0.wav\nhappy/fff0e1d2_nohash_0.wav\n"),
        "validation_list.txt and testing_list.txt both list 1 of its utterances: bed-c1d39ce8_nohash_0; each is",
    ),
    "no audio": (
        lambda sc: (sc / "bed/c1d39ce8_nohash_0.wav").unlink(),
        "validation_list.txt: no audio file for 1 of its utterances: bed-c1d39ce8_nohash_0; unpack",
    ),
    "other names": (
        lambda sc: sound(sc / "bed/hello.wav"),
        "bed: hello.wav: not named like 0a7c2a8d_nohash_0.wav; move it away",
    ),
    "no training": (
        lambda sc: [path.unlink() for name in ("0a7c2a8d", "1b4c9b89") for path in sc.glob(f"*/{name}_*.wav")],
        "has no recordings for train; unpack",
    ),
}


@pytest.mark.parametrize("fault", SC_FAULTS)
def test_speech_commands_say_what_is_wrong(tmp_path: Path, fault: str) -> None:
    spoil, said = SC_FAULTS[fault]
    folder = speech_commands.make(tmp_path / "sc")
    spoil(folder)
    assert said in refused("speech_commands", folder, tmp_path / "out")


# ---- YesNo


def test_yesno_has_its_texts_in_the_names(tmp_path: Path) -> None:
    splits = prepared("yesno", yesno.make(tmp_path / "yesno"), tmp_path / "out")
    found = {one.id: one.text for part in splits.values() for one in part}
    assert found["1_1_1_0_1_1_0_0"] == "YES YES YES NO YES YES NO NO"
    assert ids(splits["dev"])[0] == "0_0_0_1_0_0_0_0", "the fifth by name"
    assert ids(splits["test"])[0] == "0_0_0_1_0_1_0_0", "the sixth by name"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hello.wav", "hello.wav: not named like 0_1_0_0_1_1_0_1.wav; move it away"),
        ("0_1_0.wav", "0_1_0.wav: not named like"),
        ("0_0_0_0_0_0_0_0_1.wav", "not named like"),
    ],
)
def test_yesno_says_which_file_does_not_belong(tmp_path: Path, name: str, said: str) -> None:
    folder = yesno.make(tmp_path / "yesno") / "waves_yesno"
    sound(folder / name, 1, 8000)
    assert said in refused("yesno", folder, tmp_path / "out")


def test_five_recordings_are_too_few(tmp_path: Path) -> None:
    folder = yesno.make(tmp_path / "yesno") / "waves_yesno"
    for path in sorted(folder.glob("*.wav"))[5:]:
        path.unlink()
    assert "has 5 recordings where YesNo has 60" in refused("yesno", folder, tmp_path / "out")
