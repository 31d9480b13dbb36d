"""What preparers share: folders and lists as they are found, lengths, what is left out, shuffling."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from corpus_trees import noise, sound, text

from asr import audio
from asr.corpora import entries
from asr.corpora.entries import Entry, by_speaker, durations, leave_out, shuffled, timed, timed_where_readable
from asr.corpora.layout import AudioFiles, corpus_folder, folders, lines, recordings, rows
from asr.errors import AudioError, CorpusError, MissingFile, MissingPackage

# ---- folders


@pytest.mark.parametrize("place", [".", "LJSpeech-1.1", "cv-corpus-17.0/de"])
def test_a_corpus_is_found_under_two_folders(tmp_path: Path, place: str) -> None:
    text(tmp_path / place / "list.txt", "")
    text(tmp_path / ".cache" / "list.txt", "")
    text(tmp_path / "notes.txt", "")
    assert corpus_folder(tmp_path, "some", "list.txt") == tmp_path / place
    assert corpus_folder(tmp_path, "some", "*st.txt") == tmp_path / place


def test_the_outer_folder_counts_where_both_look_like_the_corpus(tmp_path: Path) -> None:
    text(tmp_path / "list.txt", "")
    text(tmp_path / "copy" / "list.txt", "")
    assert corpus_folder(tmp_path, "some", "list.txt") == tmp_path


def test_of_two_corpora_none_is_chosen(tmp_path: Path) -> None:
    for language in ("de", "en"):
        text(tmp_path / "release" / language / "list.txt", "")
    with pytest.raises(CorpusError, match=r"list.txt is in release/de, release/en; name one of them as the source"):
        corpus_folder(tmp_path, "some", "list.txt")


def test_three_folders_down_is_too_far(tmp_path: Path) -> None:
    text(tmp_path / "a/b/c/list.txt", "")
    with pytest.raises(CorpusError, match=r"has no list\.txt, nor has a folder in it"):
        corpus_folder(tmp_path, "some", "list.txt")


def test_folders_are_in_order_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b", "a", "A", ".git"):
        (tmp_path / name).mkdir()
    (tmp_path / "c").touch()
    (tmp_path / "d").symlink_to(tmp_path / "a")
    assert [path.name for path in folders(tmp_path)] == ["A", "a", "b", "d"]


def test_recordings_are_those_of_known_extensions_the_first_preferred(tmp_path: Path) -> None:
    for name in ("b.wav", "b.FLAC", "a.b.Wav", "c.txt", ".d.wav", "noext", "wav"):
        (tmp_path / name).touch()
    (tmp_path / "e.wav").mkdir()
    found = recordings(tmp_path, (".flac", ".wav"))
    assert list(found.items()) == [("a.b", tmp_path / "a.b.Wav"), ("b", tmp_path / "b.FLAC")]
    assert recordings(tmp_path, (".wav", ".flac"))["b"] == tmp_path / "b.wav"
    assert recordings(tmp_path / "none", (".wav",)) == {}


def test_audio_files_are_found_by_their_path(tmp_path: Path) -> None:
    for name in ("top.wav", "a/b/c.wav"):
        text(tmp_path / name, "")
    files = AudioFiles(tmp_path, (".wav",))
    assert files.find("top") == tmp_path / "top.wav"
    assert files.find("a/b/c") == tmp_path / "a/b/c.wav"
    assert files.find("a/b") is files.find("a/x/c") is files.find("c") is None


# ---- lists


def test_lines_are_read_in_the_first_encoding_that_fits(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    text(path, " Größe \r\n\r\n „x“\u2028y\n", "utf-8-sig")
    assert lines(path, "some") == ["Größe", "„x“\u2028y"]
    text(path, "Größe", "cp1252")
    assert lines(path, "some", encodings=("utf-8-sig", "cp1252")) == ["Größe"]
    with pytest.raises(CorpusError, match=r"list.txt: is not UTF-8 text \(unexpected end of data\)|invalid"):
        lines(path, "some")
    path.write_bytes(b"\x81")
    assert lines(path, "some", encodings=("utf-8-sig", "cp1252", "latin-1")) == ["\x81"]


def test_rows_give_the_columns_by_their_names(tmp_path: Path) -> None:
    path = tmp_path / "table.tsv"
    text(path, 'id\tvotes\ttext\r\n1\t\t"Ja\r\n\r\n2\t3\teins\u2028zwei\x85\n3\t0\t \n', "utf-8-sig")
    assert list(rows(path, "some", ("text", "id"))) == [['"Ja', "1"], ["eins\u2028zwei\x85", "2"], [" ", "3"]]
    assert next(rows(path, "some")) == ["1", "", '"Ja']


ROWS: dict[str, tuple[bytes, str]] = {
    "no such column": (b"id\tsentence\n1\tx\n", "table.tsv: has no column text; the first line is to name the columns"),
    "nothing": (b"", "table.tsv: has no column id, text"),
    "too few": (b"id\ttext\n1\tx\n\n2\n", "table.tsv:4: has 1 fields where the first line names 2 columns"),
    "too many": (b"id\ttext\n1\tx\ty\n", "table.tsv:2: has 3 fields where the first line names 2 columns"),
    "not UTF-8": (b"id\ttext\n1\t\xff\n", "table.tsv: is not UTF-8 text (invalid start byte)"),
    "UTF-16": ("id\ttext\n".encode("utf-16"), "table.tsv: is not UTF-8 text"),
}


@pytest.mark.parametrize("fault", ROWS)
def test_rows_say_what_is_wrong(tmp_path: Path, fault: str) -> None:
    content, said = ROWS[fault]
    (tmp_path / "table.tsv").write_bytes(content)
    with pytest.raises(CorpusError) as caught:
        list(rows(tmp_path / "table.tsv", "some", ("id", "text")))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"table.tsv: is not there, and the some corpus has it"):
        next(rows(tmp_path / "table.tsv", "some"))


# ---- lengths


def test_lengths_are_in_order_whichever_thread_is_first(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.wav" for number in range(150)]  # more than two threads' share
    for number, path in enumerate(paths):
        sound(path, number % 7)
    paths[77].write_bytes(b"")
    paths[99].unlink()
    found = durations(paths)
    assert isinstance(found[77], AudioError)
    assert isinstance(found[99], MissingFile)
    expected = [len(noise(number % 7)) / 16000 for number in range(150)]
    kept = [number for number in range(150) if number not in (77, 99)]
    assert [found[number] for number in kept] == pytest.approx([expected[number] for number in kept], abs=1e-9)
    assert durations([]) == []


def listed(*paths: Path) -> list[Entry]:
    return [Entry(path.stem, path, "text", "speaker", {"key": 1}) for path in paths]


def test_an_utterance_is_as_long_as_its_file(tmp_path: Path) -> None:
    sound(tmp_path / "one.flac", 3)
    (utterance,) = timed(listed(tmp_path / "one.flac"))
    assert (utterance.id, utterance.text, utterance.speaker, utterance.start_s) == ("one", "text", "speaker", 0.0)
    assert utterance.extra == {"key": 1}
    assert utterance.duration_s == pytest.approx(0.13, abs=1e-9)


def test_the_first_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    text(tmp_path / "b.wav", "no audio")
    with pytest.raises(AudioError, match=r"b\.wav"):
        timed(listed(tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "c.wav"))
    with pytest.raises(MissingFile, match=r"c\.wav"):
        timed(listed(tmp_path / "c.wav", tmp_path / "b.wav"))


def test_a_file_that_ends_after_its_header_is_no_utterance(tmp_path: Path) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", [], 16000)
    assert audio.duration_s(tmp_path / "a.wav") == 0
    with pytest.raises(AudioError, match=r"a\.wav: no samples \(the file ends after its header\)"):
        timed(listed(tmp_path / "a.wav"))


def test_what_cannot_be_read_is_left_out_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "b.wav").touch()
    found = timed_where_readable(listed(tmp_path / "a.wav", tmp_path / "b.wav"), tmp_path, share=0.5)
    assert [one.id for one in found] == ["a"]
    assert capsys.readouterr().err == f"{tmp_path}: audio that cannot be read: 1 of 2 utterances (b); left out\n"
    with pytest.raises(CorpusError, match=r"2 of 3 utterances \(b, c\); no more than 50% are left out, so unpack"):
        timed_where_readable(listed(*(tmp_path / f"{name}.wav" for name in "abc")), tmp_path, share=0.5)


def test_files_of_stated_lengths_are_not_opened(tmp_path: Path) -> None:
    entries = listed(tmp_path / "none.mp3", tmp_path / "a.wav")
    sound(tmp_path / "a.wav")
    found = timed_where_readable(entries, tmp_path, share=0, stated={"none": 2.5, "other": 1.0})
    assert [one.duration_s for one in found] == pytest.approx([2.5, 0.1])


def test_a_package_that_is_wanting_is_no_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wanting(path: Path) -> float:
        raise MissingPackage("M4A needs the package 'av'")

    monkeypatch.setattr(entries.audio, "duration_s", wanting)
    with pytest.raises(MissingPackage):
        timed_where_readable(listed(tmp_path / "a.m4a"), tmp_path, share=1.0)


def test_nothing_is_said_where_nothing_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    leave_out([], tmp_path, "no text", of=0, share=0)
    assert capsys.readouterr().err == ""


# ---- shuffling


def test_shuffling_is_by_sha256() -> None:
    """The order of `for x in a b c p225; do printf "1:$x" | sha256sum; done | sort`."""
    assert shuffled(["p225", "c", "b", "a"], 1) == ["a", "b", "c", "p225"]
    assert shuffled(["a", "b", "c"], 2) == sorted("abc", key=lambda x: hashlib.sha256(b"2:" + x.encode()).hexdigest())


def speaking(*counts: int) -> list[Entry]:
    """Return as many utterances of speaker 0, 1, ... as the counts say."""
    owners = [str(speaker) for speaker, count in enumerate(counts) for _ in range(count)]
    return [Entry(str(number), Path("x.wav"), "text", owner) for number, owner in enumerate(owners)]


@pytest.mark.parametrize(("speakers", "held_out"), [(3, 1), (20, 1), (21, 2), (60, 3)])
def test_a_twentieth_of_the_speakers_is_held_out_twice(speakers: int, held_out: int, tmp_path: Path) -> None:
    parts = by_speaker(speaking(*[2] * speakers), tmp_path, seed=1)
    owners = {split: {entry.speaker for entry in part} for split, part in parts.items()}
    assert {split: len(names) for split, names in owners.items()} == {
        "train": speakers - 2 * held_out, "dev": held_out, "test": held_out
    }  # fmt: skip
    assert len(set.union(*owners.values())) == speakers
    order = shuffled(map(str, range(speakers)), 1)
    assert owners["test"] == set(order[:held_out])
    assert owners["dev"] == set(order[held_out : 2 * held_out])
    for part in parts.values():
        assert [int(entry.id) for entry in part] == sorted(int(entry.id) for entry in part)


def test_two_speakers_are_too_few(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="has 2 speakers, and train, dev and test need one each"):
        by_speaker(speaking(5, 5), tmp_path, seed=1)


def test_at_once_calls_each_once() -> None:
    def double(number: int) -> int:
        return 2 * number

    assert entries.at_once(double, range(1000)) == list(range(0, 2000, 2))
    failing: Callable[[int], float] = lambda number: 1 / number  # noqa: E731
    with pytest.raises(ZeroDivisionError):
        entries.at_once(failing, range(100))
