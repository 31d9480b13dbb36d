"""Manifests: what is written comes back, and every fault is named with its line."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asr import manifest
from asr.errors import ManifestError, MissingFile
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


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_line_is_named_with_its_number(tmp_path: Path, name: str) -> None:
    line, said = FAULTS[name]
    path = put(tmp_path, LINE, "", line)  # type: ignore[arg-type]
    with pytest.raises(ManifestError) as caught:
        manifest.read(path, check_audio=False)
    message = str(caught.value)
    assert message.startswith(f"{path}:3: ")
    assert said in message
    assert "\n" not in message


def test_bytes_that_are_not_utf8_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(json.dumps(LINE).encode() + b'\n{"id": "\xff"}\n')
    with pytest.raises(ManifestError, match=r"m\.jsonl:2: is not UTF-8"):
        manifest.read(path)


def test_a_missing_audio_file_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.wav").touch()
    path = put(tmp_path, LINE, LINE | {"id": "b", "audio": "sub/b.wav"}, LINE | {"id": "c", "audio": "c.wav"})
    with pytest.raises(ManifestError, match=r"m\.jsonl:2: .*b\.wav: .*'b'.*1 more") as caught:
        manifest.read(path)
    assert "\n" not in str(caught.value)
    assert len(manifest.read(path, check_audio=False)) == 3


def test_a_folder_is_no_audio_file(tmp_path: Path) -> None:
    (tmp_path / "a.wav").mkdir()
    with pytest.raises(ManifestError, match=r"m\.jsonl:1"):
        manifest.read(put(tmp_path, LINE))


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
    fields = ("id", "text", "duration_s", "speaker", "start_s", "extra")
    assert [[getattr(each, name) for name in fields] for each in back] == [
        [getattr(each, name) for name in fields] for each in written
    ]


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
