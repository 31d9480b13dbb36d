"""Manifests: what is written comes back, and every fault is named with its line."""

from __future__ import annotations

import gc
import gzip
import hashlib
import json
import math
import re
import shutil
import tracemalloc
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asr import manifest
from asr.errors import ManifestError, MissingFile, OutputError
from asr.manifest.picking import Filter, pick, side_of, split
from asr.types import Utterance

LINE = {"id": "a", "audio": "a.wav", "text": "YES", "duration_s": 1.5, "speaker": "fash"}


def put(folder: Path, *lines: str | dict[str, object]) -> Path:
    path = folder / "m.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def test_a_line_is_read_as_it_stands(tmp_path: Path) -> None:
    path = put(tmp_path, LINE | {"start_s": 2, "extra": "e", "n": [1]})
    assert manifest.read(path, check_audio=False) == [
        Utterance("a", tmp_path / "a.wav", "YES", 1.5, "fash", 2.0, {"extra": "e", "n": [1]})
    ]


def test_speaker_and_start_may_be_absent(tmp_path: Path) -> None:
    path = put(tmp_path, {"id": "a", "audio": "a.wav", "text": "", "duration_s": 0})
    assert manifest.read(path, check_audio=False) == [Utterance("a", tmp_path / "a.wav", "", 0.0)]


def test_byte_order_mark_crlf_and_blank_lines_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    content = "\r\n".join(["", json.dumps(LINE), "   ", json.dumps(LINE | {"id": "b"}), ""])
    path.write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert [utterance.id for utterance in manifest.read(path, check_audio=False)] == ["a", "b"]


def test_line_separators_of_unicode_do_not_end_a_line(tmp_path: Path) -> None:
    path = put(tmp_path, json.dumps(LINE | {"text": "A\u2028B\x85C"}, ensure_ascii=False))
    assert manifest.read(path, check_audio=False)[0].text == "A\u2028B\x85C"


def test_an_empty_manifest_is_an_empty_list(tmp_path: Path) -> None:
    assert manifest.read(put(tmp_path)) == []
    manifest.write(tmp_path / "none.jsonl", [])
    assert manifest.read(tmp_path / "none.jsonl") == []


FAULTS = {
    "broken": ('{"id": "b", "audio"', "broken JSON"),
    "no object": ("[1, 2]", "no object"),
    "deep": ("[" * 100_000, "broken JSON"),
    "two": (f"{json.dumps(LINE)}, {json.dumps(LINE)}", "broken JSON"),
    "long number": ("1" * 5000, "JSON"),
    "no text": ({"id": "b", "audio": "a.wav", "duration_s": 1}, "has no 'text'"),
    "number as id": (LINE | {"id": 7}, "id is 7"),
    "id with a space": (LINE | {"id": "b c"}, "id is 'b c'"),
    "empty id": (LINE | {"id": ""}, "id is ''"),
    "same id": (LINE, "the id 'a' is in line 1 too"),
    "text null": (LINE | {"id": "b", "text": None}, "text is None"),
    "audio empty": (LINE | {"id": "b", "audio": ""}, "audio is ''"),
    "speaker number": (LINE | {"id": "b", "speaker": 3}, "speaker is 3"),
    "quoted duration": (LINE | {"id": "b", "duration_s": "1.5"}, "duration_s is '1.5'"),
    "true duration": (LINE | {"id": "b", "duration_s": True}, "duration_s is True"),
    "negative duration": (LINE | {"id": "b", "duration_s": -0.1}, "duration_s is -0.1"),
    "NaN duration": (LINE | {"id": "b", "duration_s": math.nan}, "duration_s is nan"),
    "endless duration": (LINE | {"id": "b", "duration_s": math.inf}, "duration_s is inf"),
    "huge duration": (LINE | {"id": "b", "duration_s": 10**400}, "duration_s is 1000"),
    "negative start": (LINE | {"id": "b", "start_s": -1}, "start_s is -1"),
}


def scanned(path: Path, *, check_audio: bool = False) -> list[Utterance]:
    """Return what a scan finds: the texts and durations of the one pass, the rest of the index."""
    scan = manifest.Scan(path, check_audio=check_audio)
    texts = [text for block in scan.texts() for text in block]
    index = scan.index()
    assert [utterance.text for utterance in index] == texts
    assert [utterance.duration_s for utterance in index] == index.durations_s.tolist()
    return list(index)


def streamed(path: Path) -> list[Utterance]:
    return list(manifest.stream(path))


def listed(path: Path) -> list[Utterance]:
    return manifest.read(path, check_audio=False)


@pytest.mark.parametrize("reader", [listed, streamed, scanned])
@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_line_is_named_with_its_number(
    tmp_path: Path, name: str, reader: Callable[[Path], list[Utterance]]
) -> None:
    line, said = FAULTS[name]
    path = put(tmp_path, LINE, "", line)  # type: ignore[arg-type]
    with pytest.raises(ManifestError) as caught:
        reader(path)
    message = str(caught.value)
    assert message.startswith(f"{path}:3: ")
    assert said in message
    assert "\n" not in message


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    wrong = json.dumps(LINE | {"id": "b", "text": "?"}).encode().replace(b"?", b"\xff")
    path.write_bytes(json.dumps(LINE).encode() + b"\n" + wrong + b"\n")
    for reader in (listed, streamed, scanned):
        with pytest.raises(ManifestError, match=r"m\.jsonl:2: is not UTF-8"):
            reader(path)


def test_a_missing_audio_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    path = put(tmp_path, LINE, LINE | {"id": "b", "audio": "sub/b.wav"}, LINE | {"id": "c", "audio": "c.wav"})
    with pytest.raises(ManifestError, match=r"m\.jsonl:2: .*b\.wav: .*'b'.*1 more") as caught:
        manifest.read(path)
    assert "\n" not in str(caught.value)
    with pytest.raises(ManifestError, match=re.escape(str(caught.value))):
        scanned(path, check_audio=True)
    assert len(manifest.read(path, check_audio=False)) == len(scanned(path)) == 3


def test_audio_is_found_by_every_name_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Listed or not: behind links and dots, above the folder, by an absolute path, from the current folder."""
    (tmp_path / "data/sub").mkdir(parents=True)
    (tmp_path / "data/sub/a b ü.wav").touch()
    (tmp_path / "data/link").symlink_to("sub")
    (tmp_path / "data/b.wav").symlink_to("sub/a b ü.wav")
    names = ["sub/a b ü.wav", "./sub//a b ü.wav", "sub/../sub/a b ü.wav", "link/a b ü.wav", "b.wav", "../data/b.wav"]
    names.append(str(tmp_path / "data/b.wav"))
    path = put(tmp_path / "data", *(LINE | {"id": str(number), "audio": name} for number, name in enumerate(names)))
    monkeypatch.chdir(tmp_path / "data")
    for name in (path, Path("m.jsonl"), Path("../data/m.jsonl")):
        assert len(manifest.read(name)) == len(scanned(name, check_audio=True)) == len(names)
    (tmp_path / "data/b.wav").unlink()
    (tmp_path / "data/b.wav").symlink_to("gone")
    with pytest.raises(ManifestError, match=r"m\.jsonl:5: .*b\.wav: .*'4'.*2 more"):
        manifest.read(path)


def test_a_folder_is_no_audio_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    for reader in (manifest.read, partial(scanned, check_audio=True)):
        with pytest.raises(ManifestError, match=r"m\.jsonl:1"):
            reader(put(tmp_path, LINE))


def test_a_manifest_that_is_not_there_or_is_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such manifest"):
        manifest.read(tmp_path / "none.jsonl")
    with pytest.raises(MissingFile, match="is a folder"):
        manifest.read(tmp_path)


def test_audio_inside_moves_with_the_folder_and_outside_does_not(tmp_path: Path) -> None:
    inside, outside = tmp_path / "old" / "audio" / "a.wav", tmp_path / "b.wav"
    inside.parent.mkdir(parents=True)
    inside.touch()
    outside.touch()
    manifest.write(tmp_path / "old/m.jsonl", [Utterance("a", inside, "", 1.0), Utterance("b", outside, "", 1.0)])
    shutil.move(tmp_path / "old", tmp_path / "new")
    audio = [utterance.audio for utterance in manifest.read(tmp_path / "new/m.jsonl")]
    assert audio == [tmp_path / "new/audio/a.wav", outside]


def test_a_relative_path_is_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "a.wav").touch()
    monkeypatch.chdir(tmp_path)
    manifest.write("data/m.jsonl", [Utterance("a", Path("a.wav"), "", 1.0)])
    assert manifest.read("data/m.jsonl")[0].audio.samefile("a.wav")


def test_a_line_holds_what_a_manifest_must_have(tmp_path: Path) -> None:
    manifest.write(tmp_path / "m.jsonl", [Utterance("a", tmp_path / "a.wav", "ÄÖ \u2028 ß", 1.0)])
    (line,) = (tmp_path / "m.jsonl").read_bytes().split(b"\n")[:-1]
    assert json.loads(line) == {"id": "a", "audio": "a.wav", "text": "ÄÖ \u2028 ß", "duration_s": 1.0, "speaker": ""}
    assert "Ä".encode() in line


@pytest.mark.parametrize(
    "utterance",
    [
        Utterance("b c", Path("a.wav"), "", 1.0),
        Utterance("b", Path("a.wav"), "", -1.0),
        Utterance("b", Path("a.wav"), "", math.nan),
        Utterance("b", Path("a.wav"), "\ud800", 1.0),
        Utterance("b", Path("a.wav"), "", 1.0, extra={"text": "x"}),
        Utterance("b", Path("a.wav"), "", 1.0, extra={"when": object()}),
        Utterance("b", Path("a.wav"), "", 1.0, extra={"snr_db": math.nan}),
        Utterance("a", Path("a.wav"), "", 1.0),
    ],
    ids=["id", "negative", "nan", "surrogate", "extra clashes", "no JSON", "extra NaN", "twice"],
)
def test_what_could_not_be_read_is_not_written(tmp_path: Path, utterance: Utterance) -> None:
    with pytest.raises(ManifestError, match=rf"m\.jsonl: utterance '{utterance.id}'"):
        manifest.write(tmp_path / "m.jsonl", [Utterance("a", Path("a.wav"), "", 1.0), utterance])
    assert list(tmp_path.iterdir()) == []


json_values = (
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
seconds = st.floats(0, 1e6, allow_nan=False)
utterances = st.builds(
    Utterance,
    id=st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1).filter(lambda text: len(text.split()) == 1),
    audio=st.just(Path("sub/a b ü.wav")),
    text=st.text(st.characters(exclude_categories=["Cs"])),
    duration_s=seconds,
    speaker=st.text(st.characters(exclude_categories=["Cs"])),
    start_s=seconds,
    extra=st.dictionaries(st.text(min_size=1), json_values).map(
        lambda extra: {key: value for key, value in extra.items() if key not in manifest.KNOWN}
    ),
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True, deadline=None)
@given(written=st.lists(utterances, max_size=4, unique_by=lambda utterance: utterance.id))
def test_what_is_written_comes_back(tmp_path: Path, written: list[Utterance]) -> None:
    manifest.write(tmp_path / "m.jsonl", written)
    back = manifest.read(tmp_path / "m.jsonl", check_audio=False)
    assert [utterance.audio for utterance in back] == [Path("sub/a b ü.wav").resolve()] * len(written)
    assert streamed(tmp_path / "m.jsonl") == scanned(tmp_path / "m.jsonl") == back
    fields = ("id", "text", "duration_s", "speaker", "start_s", "extra")
    assert [[getattr(each, name) for name in fields] for each in back] == [
        [getattr(each, name) for name in fields] for each in written
    ]


anything = st.recursive(
    json_values | st.floats(), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner)
)
odd_lines = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", "c d", "", " e", "ü"]) | anything,
        "audio": st.sampled_from(["a.wav", "b/c.wav", ""]) | anything,
        "text": st.text(max_size=5) | anything,
        "duration_s": st.sampled_from([0, 1, 1.5, -0.0, -1, 10**400, True, "1"]) | seconds | anything,
        "start_s": seconds | anything,
        "speaker": st.text(max_size=3) | anything,
        "other": anything,
    },
)
good_lines = st.builds(lambda number, others: LINE | others | {"id": f"u{number}"}, st.integers(), odd_lines)


@settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True, deadline=None
)
@given(lines=st.lists(odd_lines | good_lines, max_size=4), ascii_only=st.booleans())
def test_a_scan_takes_and_refuses_what_read_does(tmp_path: Path, lines: list[dict[str, Any]], ascii_only: bool) -> None:
    """A block is checked as a whole, with another JSON reader; nobody may see a difference."""
    text = "".join(json.dumps(line, ensure_ascii=ascii_only) + "\n" for line in lines)
    (tmp_path / "m.jsonl").write_bytes(text.encode(errors="surrogatepass"))

    def outcome(reader: Callable[[Path], list[Utterance]]) -> list[Utterance] | str:
        try:
            return reader(tmp_path / "m.jsonl")
        except ManifestError as error:
            return str(error)

    assert outcome(scanned) == outcome(streamed) == outcome(listed)


# ---- shards


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Three shards, of which one is compressed and one lies in a folder of its own; returns the pattern."""
    for number, folder in enumerate(["", "", "sub/"]):
        (tmp_path / folder).mkdir(exist_ok=True)
        shard = put(tmp_path / folder, *(LINE | {"id": f"{number}-{row}"} for row in range(number + 1)))
        data = shard.read_bytes()
        shard.unlink()
        if number == 1:
            (tmp_path / "t-1.jsonl.gz").write_bytes(gzip.compress(data))
        else:
            (tmp_path / f"{folder}t-{number}.jsonl").write_bytes(data)
    return tmp_path / "**/t-*.jsonl*"


@pytest.mark.parametrize("reader", [listed, streamed, scanned])
def test_shards_are_one_manifest(parts: Path, tmp_path: Path, reader: Callable[[Path], list[Utterance]]) -> None:
    found = reader(parts)
    assert [utterance.id for utterance in found] == ["2-0", "2-1", "2-2", "0-0", "1-0", "1-1"]
    assert {utterance.audio for utterance in found[:3]} == {tmp_path / "sub/a.wav"}, "relative to each one's folder"
    (tmp_path / "t-9.jsonl").write_text(json.dumps(LINE | {"id": "1-1"}) + "\n")
    with pytest.raises(ManifestError, match=r"t-9\.jsonl:1: the id '1-1' is in .*t-1\.jsonl\.gz:2 too"):
        reader(parts)
    with pytest.raises(MissingFile, match=r"none-\*\.jsonl: no file matches this pattern"):
        reader(tmp_path / "none-*.jsonl")


def test_a_name_with_a_star_may_be_that_of_a_file(tmp_path: Path) -> None:
    path = put(tmp_path, LINE).rename(tmp_path / "a*b[1].jsonl")
    assert len(listed(path)) == 1


def test_the_digest_is_that_of_the_bytes(parts: Path, tmp_path: Path) -> None:
    shards = [tmp_path / name for name in ("sub/t-2.jsonl", "t-0.jsonl", "t-1.jsonl.gz")]
    assert manifest.sha256(shards[0]) == hashlib.sha256(shards[0].read_bytes()).hexdigest()
    assert manifest.sha256(parts) == hashlib.sha256(b"".join(shard.read_bytes() for shard in shards)).hexdigest()


@pytest.mark.parametrize("reader", [listed, streamed, scanned])
def test_compressed_lines_that_are_damaged_are_said(tmp_path: Path, reader: Callable[[Path], list[Utterance]]) -> None:
    data = gzip.compress(json.dumps(LINE).encode() * 100)
    for damaged in (data[:-5], data[:30] + b"\0\0" + data[32:]):
        (tmp_path / "m.jsonl.gz").write_bytes(damaged)
        with pytest.raises(ManifestError, match=r"m\.jsonl\.gz: the gzip data are damaged or cut off"):
            reader(tmp_path / "m.jsonl.gz")


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (1, [1]), (4, [4]), (5, [4, 1]), (9, [4, 4, 1])])
@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_shards_are_written_with_so_many_lines(tmp_path: Path, count: int, sizes: list[int], suffix: str) -> None:
    written = [Utterance(f"u{number}", tmp_path / "a.wav", "", 1.0) for number in range(count)]
    paths = manifest.write_shards(tmp_path / f"train.x{suffix}", written, size=4)
    assert [path.name for path in paths] == [f"train.x-{number:05}{suffix}" for number in range(len(sizes))]
    assert [len(listed(path)) for path in paths] == sizes
    assert listed(tmp_path / f"train.x-*{suffix}") == written
    again = [path.read_bytes() for path in paths]
    assert [
        path.read_bytes() for path in manifest.write_shards(tmp_path / f"train.x{suffix}", written, size=4)
    ] == again


def test_shards_appear_together_or_not_at_all(tmp_path: Path) -> None:
    good = [Utterance(f"u{number}", tmp_path / "a.wav", "", 1.0) for number in range(5)]
    for wrong, said in ((good[0], "'u0' comes twice"), (replace(good[0], id="a b"), "id is 'a b'")):
        with pytest.raises(ManifestError, match=said):
            manifest.write_shards(tmp_path / "train.jsonl", [*good, wrong], size=2)
        assert list(tmp_path.iterdir()) == []
    manifest.write_shards(tmp_path / "train.jsonl", good, size=1)
    with pytest.raises(OutputError, match=r"train-00003\.jsonl: would count as a shard of train\.jsonl; remove it"):
        manifest.write_shards(tmp_path / "train.jsonl", good, size=2)
    assert len(list(tmp_path.iterdir())) == 5, "as they were"


# ---- manifests of any size


def test_a_manifest_passes_through_in_little_memory(tmp_path: Path) -> None:
    count = 20_000
    lines = (LINE | {"id": f"u{number}", "text": "x" * 200} for number in range(count))
    path = put(tmp_path, *lines)

    def peak(action: Callable[[], object]) -> float:
        tracemalloc.start()
        action()
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size / path.stat().st_size

    assert peak(lambda: manifest.write(tmp_path / "copy.jsonl.gz", manifest.stream(path))) < 0.2
    assert peak(lambda: deque(manifest.Scan(path, check_audio=False).texts(), maxlen=0)) < 0.8, "a block, a few numbers"
    assert peak(lambda: listed(path)) > 1.5, "what a list would take"


def test_a_manifest_that_changes_while_it_is_in_use_is_noticed(tmp_path: Path) -> None:
    path = put(tmp_path, LINE, LINE | {"id": "b"})
    scan = manifest.Scan(path, check_audio=False)
    assert list(scan.texts()) == [["YES", "YES"]]
    index = scan.index()
    assert (index[-1].id, [each.id for each in index[:5]]) == ("b", ["a", "b"])
    with pytest.raises(IndexError):
        index[2]
    assert list(manifest.indexed(path, check_audio=False)) == listed(path)
    path.write_bytes(b" " + path.read_bytes())
    with pytest.raises(ManifestError, match=r"m\.jsonl: has changed since it was opened; start again"):
        index[0]


def test_what_was_unpacked_goes_with_the_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    manifest.write(tmp_path / "m.jsonl.gz", [Utterance("a", tmp_path / "a.wav", "", 1.0)])
    scan = manifest.Scan(tmp_path / "m.jsonl.gz", check_audio=False)
    deque(scan.texts(), maxlen=0)
    index = scan.index()
    del scan
    assert index[0].id == "a"
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    del index
    gc.collect()
    assert list((tmp_path / "tmp").iterdir()) == []


# ---- picking


def people(folder: Path) -> list[Utterance]:
    return [
        Utterance(f"u{number}", folder / "a.wav", "yes no"[: number % 7], number / 10, f"s{number // 4}")
        for number in range(400)
    ]


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, lambda each: True),
        ({"min_s": 3.0}, lambda each: each.duration_s >= 3.0),
        ({"max_s": 3.0}, lambda each: each.duration_s <= 3.0),
        ({"match": "^yes$"}, lambda each: each.text == "yes"),
        ({"ids": {"u3", "u7"}, "max_s": 0.5}, lambda each: each.id == "u3"),
        ({"speakers": {"s0"}}, lambda each: each.id in ("u0", "u1", "u2", "u3")),
    ],
)
def test_a_filter_takes_what_has_all(
    tmp_path: Path, asked: dict[str, Any], wanted: Callable[[Utterance], bool]
) -> None:
    manifest.write(tmp_path / "m.jsonl", people(tmp_path))
    expected = [each for each in people(tmp_path) if wanted(each)]
    assert pick(tmp_path / "m.jsonl", tmp_path / "out.jsonl", Filter(**asked)) == (len(expected), 400)
    assert listed(tmp_path / "out.jsonl") == expected
    with pytest.raises(ManifestError, match=r"match: '\(' is no regular expression"):
        Filter(match="(")


def test_a_split_parts_speakers_for_good(tmp_path: Path) -> None:
    manifest.write(tmp_path / "m.jsonl", people(tmp_path))
    counts = split(tmp_path / "m.jsonl", tmp_path / "out", {"dev": 0.2, "test": 0.1})
    assert [path.name for path in counts] == ["train.jsonl", "dev.jsonl", "test.jsonl"]
    sides = {path.stem: listed(path) for path in counts}
    assert sorted(each.id for side in sides.values() for each in side) == sorted(each.id for each in people(tmp_path))
    speakers = {name: {each.speaker for each in side} for name, side in sides.items()}
    assert sum(map(len, speakers.values())) == 100, "each on one side"
    assert 10 <= len(speakers["dev"]) <= 30
    assert 4 <= len(speakers["test"]) <= 18
    for each in sides["dev"]:
        assert side_of(each, {"dev": 0.3}) == side_of(replace(each, id="other"), {"dev": 0.2}) == "dev"
    # echo -n s7 | sha256sum: 13d28fed..., so at 0.0774
    seventh = Utterance("u", tmp_path, "", 1.0, "s7")
    assert [side_of(seventh, {"a": share, "b": 0.01}) for share in (0.077, 0.078)] == ["b", "a"]
    assert side_of(replace(seventh, id="s7", speaker=""), {"a": 0.077, "b": 0.01}) == "b", "nobody known: the id"


@pytest.mark.parametrize("shares", [{"dev": 0.0}, {"dev": 0.6, "test": 0.5}, {"train": 0.5}, {"../x": 0.1}])
def test_shares_that_are_none(tmp_path: Path, shares: dict[str, float]) -> None:
    with pytest.raises(ManifestError, match="shares: "):
        split(put(tmp_path, LINE), tmp_path / "out", shares)
    assert not (tmp_path / "out").exists()


def test_each_line_tells_broken_lines_from_good_ones_and_goes_on(tmp_path: Path) -> None:
    faults = [content for name, (content, _) in FAULTS.items() if name != "same id"]
    path = put(tmp_path, LINE, *faults, LINE)  # type: ignore[arg-type]
    path.write_bytes(path.read_bytes() + b"\xff\n\n" + json.dumps(LINE).encode())
    found = dict(manifest.each_line(path))
    good = [number for number, content in found.items() if isinstance(content, Utterance)]
    second = len(faults) + 2
    assert good == [1, second, second + 3]
    assert sorted(found) == [*range(1, second + 2), second + 3]  # without the blank one
    assert all(str(content).startswith(f"{path}:{number}: ") for number, content in found.items() if number not in good)
    with pytest.raises(MissingFile):
        list(manifest.each_line(tmp_path / "no.jsonl"))


def test_each_line_numbers_shards_through(parts: Path, tmp_path: Path) -> None:
    (tmp_path / "t-0.jsonl").write_text(f"\n{json.dumps(LINE)}\n[]\n", encoding="utf-8")
    found = dict(manifest.each_line(parts))
    assert list(found) == [1, 2, 3, 5, 6, 7, 8], "the fourth is blank"
    assert str(found[6]).startswith(f"{tmp_path / 't-0.jsonl'}:3: is JSON but no object")
    (tmp_path / "t-1.jsonl.gz").write_bytes((tmp_path / "t-1.jsonl.gz").read_bytes()[:-5])
    with pytest.raises(ManifestError, match="damaged or cut off"):
        list(manifest.each_line(parts))
