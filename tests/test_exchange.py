"""Exchange with other tools: a set with all odd cases comes back from each format, as far as that can hold it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from asr import audio, manifest
from asr.errors import ManifestError, MissingFile, OutputError
from asr.exchange import EXCHANGES, convert
from asr.exchange.packing import file_name
from asr.types import Utterance

RATE_HZ = 16000
AS_FOLDER = {"kaldi", "audiofolder"}
WITH_AUDIO = {"audiofolder", "webdataset"}  # carry their audio along
LINES = {"csv": "set.csv", "tsv": "set.tsv", "jsonl": "set.jsonl", "lhotse": "cuts.jsonl", "nemo": "nemo.json"}


def recorded(path: Path, seconds: float, channels: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(len(path.name)).normal(0, 0.1, (round(seconds * RATE_HZ), channels))
    soundfile.write(path, noise, RATE_HZ)
    return path


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A manifest with what is rare: parts of a file, white space and letters of all kinds, nothing said, other keys."""
    long, spaced = recorded(tmp_path / "in/long.wav", 6.0), recorded(tmp_path / "in/a b/ü 你好.flac", 1.25)
    others = {"snr_db": 3.5, "tags": ["a", None, {"b": 1}], "lang": "de", "reviewed": True}
    manifest.write(
        tmp_path / "in/odd.jsonl",
        [
            Utterance("z-last", long, 'Straße, “quoted” "it\'s" 你好 🎙 \\n|&', 2.0, "s 1", 0.0),
            Utterance("part/2.1%", long, "", 2.25, "ünï", 2.1, others),
            Utterance("a:3", long, "1,2;3", 0.3, "s-3", 5.1),
            Utterance("Ä.b.c", spaced, "whole file", 1.25, "", 0.0, {"snr_db": 1}),
            Utterance("stereo", recorded(tmp_path / "in/two.wav", 1.0, channels=2), "two", 1.0),
        ],
    )
    return tmp_path / "in/odd.jsonl"


def target(folder: Path, name: str) -> tuple[Path, Path]:
    """Return where to write a set in a format, and what to read it by."""
    if name in AS_FOLDER:
        return folder / name, folder / name
    if name == "webdataset":
        return folder / "set.tar", folder / "set-*.tar"
    return folder / LINES[name], folder / LINES[name]


def heard(utterance: Utterance) -> np.ndarray:
    return audio.read_utterance(utterance, audio.probe(utterance.audio).rate_hz).samples


# ---- the contract of every format


def test_the_table_is_all_that_is_tested_here() -> None:
    assert set(EXCHANGES) == {*LINES, *AS_FOLDER, *WITH_AUDIO}


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_set_comes_back_as_far_as_the_format_holds_it(name: str, odd: Path, tmp_path: Path) -> None:
    out, source = target(tmp_path / "out", name)
    there = convert(odd, out, out_format=name)
    assert there.utterances == 5
    assert all(path.is_file() for path in there.files)
    back = convert(source, tmp_path / "back/back.jsonl", source_format=name)
    assert (back.utterances, back.lost) == (5, {})
    found = {utterance.id: utterance for utterance in manifest.read(tmp_path / "back/back.jsonl")}
    for before in manifest.read(odd):
        after, lost = found[before.id], set(EXCHANGES[name].lost(before))
        assert lost <= set(there.lost)
        assert after.text == before.text
        assert after.speaker == before.speaker.replace(" ", "_" if "white space in speaker" in lost else " ")
        assert after.extra == {key: value for key, value in before.extra.items() if f"the key {key!r}" not in lost}
        assert after.duration_s == pytest.approx(before.duration_s, abs=1e-9)
        assert after.start_s == (0.0 if "where in its file it began" in lost else before.start_s)
        assert (after.audio == before.audio) == (name not in WITH_AUDIO)
        np.testing.assert_array_equal(heard(after), heard(before))


@pytest.mark.parametrize("name", EXCHANGES)
def test_what_is_not_kept_is_counted(name: str, odd: Path, tmp_path: Path) -> None:
    lost = convert(odd, target(tmp_path / "out", name)[0], out_format=name).lost
    expected: dict[str, dict[str, int]] = {
        "kaldi": {"the key 'snr_db'": 2, "the key 'tags'": 1, "the key 'lang'": 1, "the key 'reviewed'": 1}
        | {"white space in speaker": 1},
        **{carrying: {"where in its file it began": 2} for carrying in WITH_AUDIO},
    }
    assert lost == expected.get(name, {})


@pytest.mark.parametrize("name", EXCHANGES)
def test_nothing_is_left_behind_where_the_source_has_a_fault(name: str, odd: Path, tmp_path: Path) -> None:
    with open(odd, "ab") as file:
        file.write(b'{"id": "a b"}\n')
    with pytest.raises(ManifestError, match=r"odd\.jsonl:6: has no 'audio', 'text', 'duration_s'"):
        convert(odd, target(tmp_path / "out", name)[0], out_format=name)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").rglob("*")) in ([], [tmp_path / "out/kaldi"])


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_set_of_nothing_is_none(name: str, tmp_path: Path) -> None:
    (tmp_path / "none.jsonl").touch()
    out, source = target(tmp_path / "out", name)
    convert(tmp_path / "none.jsonl", out, out_format=name)
    assert convert(source, tmp_path / "back.jsonl", source_format=name).utterances == 0


@pytest.mark.parametrize("name", EXCHANGES)
def test_what_is_not_there_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="nowhere"):
        convert(tmp_path / "nowhere", tmp_path / "out.jsonl", source_format=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", LINES)
def test_bytes_that_are_no_text_are_named_with_their_line(name: str, odd: Path, tmp_path: Path) -> None:
    out = target(tmp_path / "out", name)[0]
    convert(odd, out, out_format=name)
    data = out.read_bytes().split(b"\n")
    data[2] = data[2].replace(b"e", b"\xff")
    out.write_bytes(b"\n".join(data))
    with pytest.raises(ManifestError, match=rf"{out.name}:3: is not UTF-8"):
        convert(out, tmp_path / "back.jsonl", source_format=name)


@pytest.mark.parametrize("name", [*LINES, "webdataset"])
def test_compressed_and_damaged_is_said(name: str, odd: Path, tmp_path: Path) -> None:
    out, source = target(tmp_path / "out", name)
    (written,) = convert(odd, out, out_format=name).files
    written.write_bytes(b"\x1f\x8b\x08" + written.read_bytes()[:100])
    with pytest.raises(ManifestError, match=rf"{written.name}: .*(damaged|cut)") as caught:
        convert(source, tmp_path / "back.jsonl", source_format=name)
    assert "\n" not in str(caught.value)


def test_audio_in_an_archive_stays_where_tools_find_it(odd: Path, tmp_path: Path) -> None:
    """What cannot look into archives says so; audiofolder is the way out of them."""
    convert(odd, tmp_path / "set.tar", out_format="webdataset")
    convert(tmp_path / "set-*.tar", tmp_path / "tars.jsonl", source_format="webdataset")
    for name in ("kaldi", "lhotse", "nemo"):
        with pytest.raises(
            ManifestError, match=r"lies in a tar archive, where \w+ does not look; convert to audiofolder"
        ):
            convert(tmp_path / "tars.jsonl", target(tmp_path / "out", name)[0], out_format=name)
    convert(tmp_path / "tars.jsonl", tmp_path / "unpacked", out_format="audiofolder")
    convert(tmp_path / "unpacked", tmp_path / "k.jsonl", source_format="audiofolder")
    convert(tmp_path / "k.jsonl", tmp_path / "kaldi", out_format="kaldi")


def test_unknown_formats_and_options_are_named(odd: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="unknown format 'kladi'; did you mean 'kaldi'"):
        convert(odd, tmp_path / "out", source_format="kladi")
    with pytest.raises(ManifestError, match=r"kaldi: read has no option 'columns' \(it has root\)"):
        convert(odd, tmp_path / "out", source_format="kaldi", reading={"columns": {"text": "t"}})
    with pytest.raises(ManifestError, match=r"nemo: write has no option 'size' \(it has none\)"):
        convert(odd, tmp_path / "out", out_format="nemo", writing={"size": 3})
    with pytest.raises(ManifestError, match="columns: 'sentence' is no key of a manifest"):
        convert(odd, tmp_path / "out", source_format="csv", reading={"columns": {"sentence": "text"}})


def test_an_id_that_comes_twice_is_named(tmp_path: Path) -> None:
    recorded(tmp_path / "a.wav", 0.5)
    (tmp_path / "set.csv").write_text("id,audio,text\nsame,a.wav,x\nsame,a.wav,y\n")
    with pytest.raises(ManifestError, match=r"set\.csv: utterance 'same' comes twice"):
        convert(tmp_path / "set.csv", tmp_path / "out.tsv", source_format="csv", out_format="tsv")
    assert not (tmp_path / "out.tsv").exists()


# ---- Kaldi


@pytest.fixture
def kaldi(tmp_path: Path) -> Path:
    """A data folder as recipes write them."""
    recorded(tmp_path / "long.wav", 3.0)
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / "wav.scp").write_text(f"rec {tmp_path}/long.wav\n")
    (folder / "segments").write_text("s1-a rec 0.5 1.75\ns1-b rec 2 -1\n")
    (folder / "text").write_text("s1-a HELLO  WORLD \ns1-b\n")
    (folder / "utt2spk").write_text("s1-a s1\ns1-b s1-b\n")
    return folder


def test_a_data_folder_of_kaldi_is_read(kaldi: Path, tmp_path: Path) -> None:
    assert list(EXCHANGES["kaldi"].read(kaldi)) == [
        Utterance("s1-a", tmp_path / "long.wav", "HELLO  WORLD", 1.25, "s1", 0.5),
        Utterance("s1-b", tmp_path / "long.wav", "", 1.0, "", 2.0),
    ]
    (kaldi / "segments").unlink()
    (kaldi / "text").write_text("rec hello\n")
    assert list(EXCHANGES["kaldi"].read(kaldi)) == [Utterance("rec", tmp_path / "long.wav", "hello", 3.0)]


def test_relative_paths_of_kaldi_start_at_the_current_folder(
    kaldi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (kaldi / "wav.scp").write_text("rec long.wav\n")
    monkeypatch.chdir(tmp_path)
    assert [utterance.audio.resolve() for utterance in EXCHANGES["kaldi"].read(kaldi)] == [tmp_path / "long.wav"] * 2
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert next(EXCHANGES["kaldi"].read(kaldi, root=tmp_path)).audio == tmp_path / "long.wav"


FAULTS_OF_KALDI = {
    "a command": ("wav.scp", "rec sph2pipe -f wav a.sph |\n", r"wav\.scp:1: is a command .*not run; write its output"),
    "an archive": ("wav.scp", "rec raw.ark:117\n", r"wav\.scp:1: raw\.ark:117 is a place in an archive"),
    "a recording that is not there": ("segments", "s1-a rec 0 1\ns1-b other 0 1\n", r"segments:2: .*'other' is not in"),
    "a channel": ("segments", "s1-a rec 0 1 A\n", r"segments:1: has 5 fields .*channel as a file of its own"),
    "too few fields": ("segments", "s1-a rec 0\n", r"segments:1: has 3 fields"),
    "no number": ("segments", "s1-a rec zero 1\n", r"segments:1: start is 'zero'"),
    "backwards": ("segments", "s1-a rec 2 1\ns1-b rec 0 1\n", r"segments:1: ends at 1 s, not after its start at 2"),
    "twice": ("text", "s1-a x\ns1-a y\n", r"text:2: s1-a is in .*text:1 too"),
    "no audio": ("text", "s1-a x\ns1-b\ns1-c\n", r"text:3: s1-c has no audio"),
    "no text": ("text", "s1-a x\n", r"segments:2: s1-b has no text"),
    "wrong length": ("utt2dur", "s1-a -1\n", r"utt2dur:1: the duration is '-1'"),
}


@pytest.mark.parametrize("fault", FAULTS_OF_KALDI)
def test_faults_of_a_data_folder_are_named_with_their_line(fault: str, kaldi: Path) -> None:
    name, content, said = FAULTS_OF_KALDI[fault]
    (kaldi / name).write_text(content)
    with pytest.raises(ManifestError, match=said) as caught:
        list(EXCHANGES["kaldi"].read(kaldi))
    assert "\n" not in str(caught.value)


def test_a_written_data_folder_is_sorted_as_kaldi_sorts(odd: Path, tmp_path: Path) -> None:
    convert(odd, tmp_path / "kaldi", out_format="kaldi")
    for table in (tmp_path / "kaldi").iterdir():
        lines = table.read_bytes().splitlines()
        assert lines == sorted(lines, key=lambda line: line.split(b" ")[0]), table.name
    spk2utt = dict(line.split(" ", 1) for line in (tmp_path / "kaldi/spk2utt").read_text("utf-8").splitlines())
    utt2spk = dict(line.split(" ", 1) for line in (tmp_path / "kaldi/utt2spk").read_text("utf-8").splitlines())
    assert {name: speaker for speaker, names in spk2utt.items() for name in names.split()} == utt2spk
    assert len((tmp_path / "kaldi/wav.scp").read_text("utf-8").splitlines()) == 3, "a line a file, not an utterance"


@pytest.mark.parametrize("name", ["ends |", "a.ark:3"])
def test_a_file_name_that_kaldi_would_misread_is_refused(name: str, tmp_path: Path) -> None:
    utterance = Utterance("a", tmp_path / name, "", 1.0)
    with pytest.raises(ManifestError, match=r"utterance 'a': Kaldi would misread the file name .*rename the file"):
        EXCHANGES["kaldi"].write(tmp_path / "out", [utterance])
    assert not (tmp_path / "out").exists()


def test_kaldi_loses_white_space_and_says_so(tmp_path: Path) -> None:
    utterance = Utterance("a", recorded(tmp_path / "a.wav", 1.0), " a  b\n", 1.0)
    assert list(EXCHANGES["kaldi"].lost(utterance)) == ["white space in text"]
    EXCHANGES["kaldi"].write(tmp_path / "out", [utterance])
    assert [back.text for back in EXCHANGES["kaldi"].read(tmp_path / "out")] == ["a b"]


def test_lhotse_reads_what_we_write_for_kaldi(odd: Path, tmp_path: Path) -> None:
    peer = pytest.importorskip("lhotse.kaldi", reason="lhotse is not installed")
    convert(odd, tmp_path / "kaldi", out_format="kaldi")
    _, supervisions, _ = peer.load_kaldi_data_dir(tmp_path / "kaldi", sampling_rate=RATE_HZ)
    for utterance in manifest.read(odd):
        found = supervisions[utterance.id]
        assert (found.text or "", found.start) == (utterance.text, utterance.start_s)
        assert found.duration == pytest.approx(utterance.duration_s, abs=1e-6)


# ---- lhotse


def test_lhotse_hears_what_we_hear(odd: Path, tmp_path: Path) -> None:
    lhotse = pytest.importorskip("lhotse", reason="lhotse is not installed")
    convert(odd, tmp_path / "cuts.jsonl.gz", out_format="lhotse")
    cuts = {cut.id: cut for cut in lhotse.CutSet.from_file(tmp_path / "cuts.jsonl.gz")}
    for utterance in manifest.read(odd):
        cut = cuts[utterance.id]
        lhotse.qa.validate(cut)
        (supervision,) = cut.supervisions
        assert (supervision.text, supervision.speaker or "") == (utterance.text, utterance.speaker)
        assert (cut.custom or {}) == utterance.extra
        np.testing.assert_allclose(cut.load_audio().mean(axis=0), heard(utterance), rtol=0, atol=1e-6)


def test_a_cut_set_of_lhotse_is_read(tmp_path: Path) -> None:
    lhotse = pytest.importorskip("lhotse", reason="lhotse is not installed")
    recording = lhotse.Recording.from_file(recorded(tmp_path / "talk.wav", 6.0))
    said = [
        lhotse.SupervisionSegment("u1", "talk", 0.1, 1.5, text="hello", speaker="s", language="en", custom={"snr": 3}),
        lhotse.SupervisionSegment("u2", "talk", 2.0, 1.25, text="world"),
    ]
    simple = lhotse.CutSet.from_manifests(
        lhotse.RecordingSet.from_recordings([recording]), lhotse.SupervisionSet.from_segments(said)
    )
    trimmed = simple.trim_to_supervisions(keep_overlapping=False).to_eager()
    for name, cuts in (("simple", simple), ("trimmed", trimmed)):
        cuts.to_file(tmp_path / f"{name}.jsonl.gz")
        assert list(EXCHANGES["lhotse"].read(tmp_path / f"{name}.jsonl.gz")) == [
            Utterance("u1", tmp_path / "talk.wav", "hello", 1.5, "s", 0.1, {"language": "en", "snr": 3}),
            Utterance("u2", tmp_path / "talk.wav", "world", 1.25, "", 2.0),
        ], name
    refused: dict[str, tuple[Any, str]] = {
        "recordings": (lhotse.RecordingSet.from_recordings([recording]), r"type: field required.*lhotse cut simple"),
        "supervisions": (lhotse.SupervisionSet.from_segments(said), r"type: field required.*lhotse cut simple"),
        "mixed": (simple.mix(simple), r"type: input should be 'monocut' or 'multicut'"),
        "faster": (simple.perturb_speed(1.1), r"'talk_sp1\.1' is not one file \(changed as it is read\)"),
        "silent": (simple.map(lambda cut: cut.drop_supervisions()), r"supervisions: list should have at least 1 item"),
    }
    for name, (cuts, reason) in refused.items():
        cuts.to_file(tmp_path / f"{name}.jsonl")
        with pytest.raises(ManifestError, match=rf"{name}\.jsonl:1: .*{reason}"):
            list(EXCHANGES["lhotse"].read(tmp_path / f"{name}.jsonl"))
    stereo = lhotse.Recording.from_file(recorded(tmp_path / "two.wav", 1.0, channels=2))
    spoken = lhotse.SupervisionSegment("l", "two", 0, 1.0, channel=1, text="left")
    lhotse.CutSet.from_cuts([lhotse.MonoCut("l", 0, 1.0, 1, [spoken], recording=stereo)]).to_file(tmp_path / "l.jsonl")
    with pytest.raises(ManifestError, match=r"l\.jsonl:1: takes channel 1 of 2, .*write the channel as a file"):
        list(EXCHANGES["lhotse"].read(tmp_path / "l.jsonl"))


CUT: dict[str, Any] = {
    "id": "c",
    "type": "MonoCut",
    "start": 1.5,
    "duration": 2.0,
    "channel": 0,
    "recording": {"id": "r", "sources": [{"type": "file", "channels": [0], "source": "r.wav"}], "duration": 9.0},
    "supervisions": [{"id": "s", "recording_id": "r", "start": 0.0, "duration": 2.0, "channel": 0, "text": "hi"}],
}


def test_a_cut_is_read_without_lhotse(tmp_path: Path) -> None:
    path = tmp_path / "cuts.jsonl"
    path.write_text(json.dumps(CUT))
    assert list(EXCHANGES["lhotse"].read(path)) == [Utterance("s", Path("r.wav"), "hi", 2.0, "", 1.5)]
    assert next(EXCHANGES["lhotse"].read(path, root=tmp_path)).audio == tmp_path / "r.wav"
    for change, said in (
        ({"type": "MixedCut"}, "type"),
        ({"supervisions": []}, "supervisions: list should have at least 1"),
        ({"supervisions": [{"id": "s", "start": 0, "duration": 1}]}, r"supervisions\.0\.text: field required"),
        ({"recording": None}, "recording"),
        ({"start": "soon"}, "start"),
        ({"recording": CUT["recording"] | {"sources": [{"type": "url", "channels": [0], "source": "x"}]}}, "url"),
    ):
        path.write_text("\n" + json.dumps(CUT | change))
        with pytest.raises(ManifestError, match=rf"cuts\.jsonl:2: .*{said}") as caught:
            list(EXCHANGES["lhotse"].read(path))
        assert "\n" not in str(caught.value)


# ---- NeMo


def test_a_manifest_of_nemo_is_read(tmp_path: Path) -> None:
    recorded(tmp_path / "clips/a b.wav", 1.5)
    lines = [
        {"audio_filepath": "clips/a b.wav", "duration": 1.5, "text": "one", "lang": "en"},
        {"audio_filepath": "clips/a b.wav", "duration": 0.5, "offset": 0.25, "text": "part", "speaker": 7},
        {"audio_filepath": "clips/a b.wav", "offset": 1, "text": "", "id": "named"},
    ]
    (tmp_path / "nemo.json").write_text("\n".join(map(json.dumps, lines)))
    clip = tmp_path / "clips/a b.wav"
    assert list(EXCHANGES["nemo"].read(tmp_path / "nemo.json")) == [
        Utterance("a_b", clip, "one", 1.5, extra={"lang": "en"}),
        Utterance("a_b-0000250-0000750", clip, "part", 0.5, "7", 0.25),
        Utterance("named", clip, "", 0.5, "", 1.0),
    ]
    other = next(EXCHANGES["nemo"].read(tmp_path / "nemo.json", columns={"text": "lang"}, root=Path("/data")))
    assert (other.text, other.audio, other.extra) == ("en", Path("/data/clips/a b.wav"), {"text": "one"})


def test_what_we_write_for_nemo_has_its_keys(odd: Path, tmp_path: Path) -> None:
    convert(odd, tmp_path / "in/nemo.json", out_format="nemo")
    lines = [json.loads(line) for line in (tmp_path / "in/nemo.json").read_text("utf-8").splitlines()]
    assert [(line["audio_filepath"], line["duration"], line.get("offset")) for line in lines[:2]] == [
        ("long.wav", 2.0, None),
        ("long.wav", 2.25, 2.1),
    ]
    manifest.write(tmp_path / "clash.jsonl", [Utterance("a", tmp_path / "a.wav", "", 1.0, extra={"offset": 3})])
    with pytest.raises(ManifestError, match="utterance 'a': its extra key 'offset' is one of the format's; rename it"):
        convert(tmp_path / "clash.jsonl", tmp_path / "clash.json", out_format="nemo")


FAULTS_OF_ROWS = {
    "no audio": ({"text": "x"}, r"has no 'audio_filepath', only 'text'; say which it is with --columns audio=NAME"),
    "no text": ({"audio_filepath": "a.wav", "duration": 1}, r"has no 'text', only .*--columns text=NAME"),
    "a duration in words": ({"audio_filepath": "a.wav", "text": "", "duration": "one"}, "duration_s is 'one'"),
    "a negative duration": ({"audio_filepath": "a.wav", "text": "", "duration": -1}, "duration_s is -1"),
    "an endless offset": ({"audio_filepath": "a.wav", "text": "", "duration": 1, "offset": float("inf")}, "start_s is"),
    "a number as audio": ({"audio_filepath": 1.5, "text": "", "duration": 1}, r"audio is 1\.5 where a string"),
    "a list as text": ({"audio_filepath": "a.wav", "text": ["x"], "duration": 1}, "text is .* where a string"),
    "true as id": ({"audio_filepath": "a.wav", "text": "x", "duration": 1, "id": True}, "id is True where a string"),
}


@pytest.mark.parametrize("fault", FAULTS_OF_ROWS)
def test_faults_of_a_row_are_named_with_their_line(fault: str, tmp_path: Path) -> None:
    row, said = FAULTS_OF_ROWS[fault]
    (tmp_path / "nemo.json").write_text("\n" + json.dumps(row))
    with pytest.raises(ManifestError, match=rf"nemo\.json:2: .*{said}") as caught:
        list(EXCHANGES["nemo"].read(tmp_path / "nemo.json"))
    assert "\n" not in str(caught.value)


# ---- tables


def test_a_table_of_common_voice_is_read(tmp_path: Path) -> None:
    recorded(tmp_path / "clips/common_voice_de_1.wav", 1.0)
    (tmp_path / "train.tsv").write_text(
        'client_id\tpath\tsentence\tage\nc1\tcommon_voice_de_1.wav\t"Nein", sagte er.\ttwenties\n', encoding="utf-8"
    )
    columns = {"audio": "path", "text": "sentence", "speaker": "client_id"}
    assert list(EXCHANGES["tsv"].read(tmp_path / "train.tsv", columns=columns, root=tmp_path / "clips")) == [
        Utterance(
            "common_voice_de_1",
            tmp_path / "clips/common_voice_de_1.wav",
            '"Nein", sagte er.',
            1.0,
            "c1",
            extra={"age": "twenties"},
        )
    ]


def test_quotes_and_line_breaks_are_those_of_csv(tmp_path: Path) -> None:
    recorded(tmp_path / "a,b.wav", 1.0)
    (tmp_path / "set.csv").write_bytes(
        b"\xef\xbb\xbfid,audio,transcript,duration_s\r\n"
        b'1,"a,b.wav","he said ""no""\nand left",\r\n\r\n2,"a,b.wav",,0.5\r\n'
    )
    found = list(EXCHANGES["csv"].read(tmp_path / "set.csv"))
    assert [(each.id, each.text, each.duration_s, each.extra) for each in found] == [
        ("1", 'he said "no"\nand left', 1.0, {}),
        ("2", "", 0.5, {}),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,audio,text\n1,a.wav\n", r"set\.csv:2: has 2 cells below 3 columns"),
        ('id,audio,text\n1,a.wav,"x\n2,b.wav,y\n', r"set\.csv:3: is no row of a table \(unexpected end of data\)"),
        ('id,audio,text\n1,a.wav,"x"y\n', r"set\.csv:2: is no row of a table"),
        ("id,text,text\n", r"set\.csv:1: has two columns 'text'"),
        ("id,file,text\n1,a.wav,x\n", r"set\.csv:2: has no 'audio', only 'id', 'file', 'text'; .*--columns audio=NAME"),
        ("audio,text,duration_s\na.wav,x,1s\n", r"set\.csv:2: duration_s is '1s'"),
        ("audio,text,duration_s,extra\na.wav,x,1,{bad\n", r"set\.csv:2: broken JSON"),
    ],
)
def test_faults_of_a_table_are_named_with_their_line(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "set.csv").write_text(content)
    with pytest.raises(ManifestError, match=said) as caught:
        list(EXCHANGES["csv"].read(tmp_path / "set.csv"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\rb"])
def test_a_tsv_refuses_what_would_break_its_rows_and_a_csv_holds_it(text: str, tmp_path: Path) -> None:
    utterance = Utterance("a", recorded(tmp_path / "a.wav", 1.0), text, 1.0)
    with pytest.raises(ManifestError, match="utterance 'a': has a tab or a line break, which a TSV cannot hold"):
        EXCHANGES["tsv"].write(tmp_path / "set.tsv", [utterance])
    assert not (tmp_path / "set.tsv").exists()
    EXCHANGES["csv"].write(tmp_path / "set.csv", [utterance])
    assert list(EXCHANGES["csv"].read(tmp_path / "set.csv")) == [utterance]


# ---- Hugging Face


def test_an_audio_folder_is_read_from_csv_and_from_json_lines(tmp_path: Path) -> None:
    recorded(tmp_path / "train/data/a.wav", 1.0)
    (tmp_path / "train/metadata.csv").write_text("file_name,transcription,lang\ndata/a.wav,hello,en\n")
    expected = Utterance("a", tmp_path / "train/data/a.wav", "hello", 1.0, extra={"lang": "en"})
    assert list(EXCHANGES["audiofolder"].read(tmp_path / "train")) == [expected]
    with pytest.raises(MissingFile, match=r"has no metadata\.jsonl or metadata\.csv; name .*train"):
        list(EXCHANGES["audiofolder"].read(tmp_path))
    (tmp_path / "train/metadata.jsonl").write_text('{"file_name": "data/a.wav", "text": "hello", "lang": "en"}\n')
    with pytest.raises(ManifestError, match=r"train: has both metadata\.jsonl and metadata\.csv; remove one"):
        list(EXCHANGES["audiofolder"].read(tmp_path / "train"))
    (tmp_path / "train/metadata.csv").unlink()
    assert list(EXCHANGES["audiofolder"].read(tmp_path / "train")) == [expected]


def test_an_audio_folder_is_a_new_one(odd: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/kept").touch()
    with pytest.raises(OutputError, match=r"out: is there already; name a new folder"):
        convert(odd, tmp_path / "out", out_format="audiofolder")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["kept"]


@pytest.mark.parametrize("name", ["a/b", "..", "a.b", "100%", "c:\\d", "ü 你", "\x00"])
def test_file_names_of_ids_are_names_of_files(name: str) -> None:
    assert not set(file_name(name)) & set("./\\:\x00")
    assert len({file_name(other) for other in (name, name + "%2E", name.replace(".", "%2E") + "x")}) == 3


# ---- WebDataset


def archive(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return path


@pytest.fixture
def flac(tmp_path: Path) -> bytes:
    return recorded(tmp_path / "source.flac", 1.0).read_bytes()


def test_archives_of_others_are_read(tmp_path: Path, flac: bytes) -> None:
    archive(
        tmp_path / "s-0.tar",
        **{"a/k 1.flac": flac, "a/k 1.txt": b"hello\n", "b.flac": flac, "b.json": b'{"text": "x", "n": 1}'},
    )
    archive(tmp_path / "s-1.tar", **{"c.cls": b"3", "c.txt": b"", "c.FLAC": flac})
    assert list(EXCHANGES["webdataset"].read(tmp_path / "s-*.tar")) == [
        Utterance("a/k_1", tmp_path / "s-0.tar/a/k 1.flac", "hello", 1.0),
        Utterance("b", tmp_path / "s-0.tar/b.flac", "x", 1.0, extra={"n": 1}),
        Utterance("c", tmp_path / "s-1.tar/c.FLAC", "", 1.0),
    ]
    assert next(EXCHANGES["webdataset"].read(tmp_path / "s-1.tar")).id == "c"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"a.txt": b"x"}, r"sample 'a': has 0 audio files among \.txt; a sample needs one of"),
        ({"a.flac": b"", "a.wav": b"", "a.txt": b"x"}, r"sample 'a': has 2 audio files"),
        ({"a.flac": b"", "a.cls": b"x"}, r"sample 'a': has no 'text' or .*--columns text=NAME"),
        ({"a.flac": b"", "a.json": b"{"}, r"sample 'a'\.json: broken JSON"),
        ({"a.flac": b"", "a.txt": b"\xff"}, r"sample 'a'\.txt: is not UTF-8"),
    ],
)
def test_faults_of_a_sample_are_named(members: dict[str, bytes], said: str, tmp_path: Path) -> None:
    archive(tmp_path / "s.tar", **members)
    with pytest.raises(ManifestError, match=rf"s\.tar: {said}") as caught:
        list(EXCHANGES["webdataset"].read(tmp_path / "s.tar"))
    assert "\n" not in str(caught.value)


def test_archives_have_the_size_asked_for_and_the_same_bytes_each_time(odd: Path, tmp_path: Path) -> None:
    files = [convert(odd, tmp_path / n / "s.tar", out_format="webdataset", writing={"size": 2}).files for n in "ab"]
    assert [path.name for path in files[0]] == ["s-000000.tar", "s-000001.tar", "s-000002.tar"]
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]]
    with pytest.raises(OutputError, match=r"s-000001\.tar: would count as a shard of s\.tar"):
        convert(odd, tmp_path / "a" / "s.tar", out_format="webdataset")
    assert [path.read_bytes() for path in files[0]] == [path.read_bytes() for path in files[1]], "untouched"


def test_webdataset_reads_what_we_write(odd: Path, tmp_path: Path) -> None:
    peer = pytest.importorskip("webdataset", reason="webdataset is not installed")
    files = convert(odd, tmp_path / "s.tar", out_format="webdataset", writing={"size": 2}).files
    samples = list(peer.WebDataset([str(path) for path in files], shardshuffle=False))
    utterances = manifest.read(odd)
    assert [json.loads(sample["json"])["id"] for sample in samples] == [each.id for each in utterances]
    for sample, utterance in zip(samples, utterances, strict=True):
        assert sample["txt"].decode() == utterance.text
        (suffix,) = {"flac", "wav"} & sample.keys()
        (tmp_path / f"one.{suffix}").write_bytes(sample[suffix])
        np.testing.assert_array_equal(audio.read(tmp_path / f"one.{suffix}").samples, heard(utterance))


def test_we_read_what_webdataset_writes(tmp_path: Path, flac: bytes) -> None:
    peer = pytest.importorskip("webdataset", reason="webdataset is not installed")
    with peer.ShardWriter(str(tmp_path / "w-%06d.tar"), maxcount=2, verbose=0) as writer:
        for number in range(3):
            writer.write({"__key__": f"k{number}", "flac": flac, "txt": f"text {number}", "json": {"speaker": "s"}})
    found = list(EXCHANGES["webdataset"].read(tmp_path / "w-*.tar"))
    assert [(each.id, each.text, each.speaker, each.duration_s) for each in found] == [
        (f"k{number}", f"text {number}", "s", 1.0) for number in range(3)
    ]
    assert len(heard(found[2])) == RATE_HZ
