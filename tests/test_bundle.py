"""The one file: what goes in comes out, and every way to be no model is one sentence."""

from __future__ import annotations

import hashlib
import json
import random
import re
from dataclasses import replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from asr import bundle
from asr.bundle import ModelInfo
from asr.errors import MissingFile, ModelError

INFO = ModelInfo(
    name="tiny",
    tokens=("<blk>", "▁", "a", "ß", "字", '"'),
    rate_hz=16000,
    frame_shift_s=0.04,
    features={"kind": "fbank", "bands": 80},
    provenance={"data": "none", "seed": 3},
    scores=({"set": "test", "wer": 0.5}, {"set": "dev", "wer": 0.25}),
    licence="CC0",
    probe={"ids": [[0, 1], [1, 0]]},
    priors=(-0.5, -1.25, -2.0, -3.0, -1e-300, -700.0),
)


def graph() -> onnx.ModelProto:
    """Return a model whose one output is its input, with metadata of somebody else's."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"]) for name in "xy")
    weight = helper.make_tensor("w", TensorProto.FLOAT, [50], [0.5] * 50)
    nodes = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "tiny", [x], [y], [weight])
    model = helper.make_model(nodes, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, {"theirs": "kept"})
    return model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    bundle.save(graph(), INFO, tmp_path / "model.onnx")
    return tmp_path / "model.onnx"


def refusal(path: Path) -> str:
    """Return why a file is refused, after checking that it is one sentence that begins with the file's name."""
    with pytest.raises(ModelError) as caught:
        bundle.read_info(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert re.search(r"; (copy|export|name|update)", message), "no way out"
    return message.removeprefix(f"{path}: ")


def with_entry(path: Path, key: str, value: str) -> Path:
    """Change one metadata entry through onnx, and make the digest right again, as another tool of ours would."""
    model = onnx.load(path)
    entry = next(prop for prop in model.metadata_props if prop.key == key)
    entry.value = value
    digest = next(prop for prop in model.metadata_props if prop.key == "asr.sha256")
    digest.value = json.dumps("0" * 64)
    digest.value = json.dumps(hashlib.sha256(model.SerializeToString()).hexdigest())
    path.write_bytes(model.SerializeToString())
    return path


def test_what_is_saved_is_read(path: Path) -> None:
    data, info = bundle.load_bytes(path)
    assert info == INFO
    assert data == path.read_bytes()
    assert bundle.read_info(str(path)) == INFO


def test_onnx_reads_the_file_and_finds_the_same(path: Path) -> None:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert model.graph == graph().graph
    props = {prop.key: prop.value for prop in model.metadata_props}
    assert props.pop("theirs") == "kept"
    assert all(key.startswith("asr.") for key in props)
    values = {key: json.loads(value) for key, value in props.items()}
    assert values["asr.tokens"] == list(INFO.tokens)
    assert values["asr.format"] == 1, "which every version reads"
    assert values["asr.frame_shift_s"] == 0.04


def test_the_digest_is_of_the_file_with_its_digits_zeroed(path: Path) -> None:
    data = path.read_bytes()
    digest = json.loads(next(p.value for p in onnx.load(path).metadata_props if p.key == "asr.sha256"))
    assert data.count(digest.encode()) == 1
    assert hashlib.sha256(data.replace(digest.encode(), b"0" * 64)).hexdigest() == digest


def test_a_file_that_onnx_wrote_again_is_still_ours(path: Path) -> None:
    """Other writers put the metadata after the graph; the digest covers whatever order there is."""
    with_entry(path, "asr.licence", '"MIT"')
    assert bundle.read_info(path) == replace(INFO, licence="MIT")


def test_update_changes_the_info_and_not_the_graph(path: Path) -> None:
    info = replace(INFO, scores=(), probe=None, licence="MIT")
    bundle.update(path, info)
    assert bundle.read_info(path) == info
    assert onnx.load(path).graph == graph().graph
    bundle.update(path, INFO)
    bundle.save(graph(), INFO, path.with_name("again.onnx"))
    assert path.read_bytes() == path.with_name("again.onnx").read_bytes()


def test_every_flipped_byte_is_found(path: Path) -> None:
    data = path.read_bytes()
    bad = path.with_name("bad.onnx")
    for position in range(len(data)):
        flipped = bytearray(data)
        flipped[position] ^= 1 << random.Random(position).randrange(8)
        bad.write_bytes(flipped)
        refusal(bad)


def test_a_flipped_weight_is_called_changed(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    assert "was changed after it was written" in refusal(path)


def test_every_cut_is_found(path: Path) -> None:
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        refusal(path)


@pytest.mark.parametrize("share", [0.6, 0.9, 0.999])
def test_a_truncated_file_is_called_cut_short(path: Path, share: float) -> None:
    path.write_bytes(path.read_bytes()[: round(path.stat().st_size * share)])
    assert "cut short" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"hello, I am a text\n",
        b"RIFF\x24\x08\x00\x00WAVEfmt ",
        b"\x00" * 100,
        b"\x08\x08",
        b"PK\x03\x04",
        b"\n",
        b"\xff" * 99,
    ],
)
def test_what_is_no_onnx(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.onnx").write_bytes(content)
    assert "is not an ONNX model" in refusal(tmp_path / "a.onnx")


def test_random_bytes_are_no_onnx(tmp_path: Path) -> None:
    rng = random.Random(0)
    for size in range(1, 300):
        (tmp_path / "a.onnx").write_bytes(rng.randbytes(size))
        assert "is not an ONNX model" in refusal(tmp_path / "a.onnx")


def test_onnx_but_not_ours(tmp_path: Path) -> None:
    onnx.save(graph(), tmp_path / "a.onnx")
    assert "is an ONNX model but not one of ours" in refusal(tmp_path / "a.onnx")


def test_empty(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"")
    assert "is empty" in refusal(tmp_path / "a.onnx")


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="no such model file"):
        bundle.read_info(tmp_path / "none.onnx")
    with pytest.raises(MissingFile, match="is a folder"):
        bundle.read_info(tmp_path)


def test_a_newer_format(path: Path) -> None:
    assert f"has format 3, newer than the {bundle.FORMAT}" in refusal(with_entry(path, "asr.format", "3"))


@pytest.mark.parametrize("value", ["0", "-1", '"1"', "", "x", "²"])
def test_an_impossible_format(path: Path, value: str) -> None:
    assert "is damaged" in refusal(with_entry(path, "asr.format", value))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tokens", '["a"]'),
        ("tokens", "[1, 2]"),
        ("tokens", '{"a": 1}'),
        ("rate_hz", "0"),
        ("rate_hz", '"16000"'),
        ("frame_shift_s", '"x"'),
        ("frame_shift_s", "-1"),
        ("blank", "-1"),
        ("decoder", "{}"),
        ("scores", "[1]"),
        ("probe", "[]"),
        ("priors", "[-1, -1, -1, -1, -1, NaN]"),
        ("priors", "[-1, -1, -1, -1, -1, -Infinity]"),
        ("priors", "[-1, -1, -1, -1, -1, " + 400 * "9" + "]"),
        ("priors", '[-1, -1, -1, -1, -1, "a"]'),
        ("priors", "[-1, -1, -1, -1, -1, null]"),
        ("priors", "null"),
        ("priors", "-1"),
        ("priors", '{"a": -1}'),
    ],
)
def test_impossible_values_are_named(path: Path, field: str, value: str) -> None:
    assert f"asr.{field} is" in refusal(with_entry(path, f"asr.{field}", value))


@pytest.mark.parametrize(
    ("value", "count"), [("[-1]", 1), ("[-1, -1, -1, -1, -1]", 5), ("[-1, -1, -1, -1, -1, -1, 0]", 7)]
)
def test_priors_are_one_for_each_token(path: Path, value: str, count: int) -> None:
    assert f"asr.priors are {count} for 6 tokens" in refusal(with_entry(path, "asr.priors", value))


def test_a_file_may_have_no_priors(path: Path) -> None:
    assert bundle.read_info(with_entry(path, "asr.priors", "[]")) == replace(INFO, priors=())
    older = onnx.load(path)
    del older.metadata_props[next(n for n, prop in enumerate(older.metadata_props) if prop.key == "asr.priors")]
    onnx.save(older, path)
    assert bundle.read_info(with_entry(path, "asr.name", '"tiny"')) == replace(INFO, priors=())


def test_a_broken_value_is_named(path: Path) -> None:
    assert "asr.tokens" in refusal(with_entry(path, "asr.tokens", "[1,"))


def test_a_failed_write_leaves_nothing(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(TypeError):
        bundle.update(path, replace(INFO, provenance={"set": {1}}))
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_default_model_is_a_file_or_said_to_be_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bundle, "__file__", str(tmp_path / "asr" / "bundle.py"))
    with pytest.raises(MissingFile, match="not part of this installation"):
        bundle.default_model()
    for folder in ("exported", "asr/exported"):  # the checkout, then the wheel, which comes first
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / bundle.DEFAULT_MODEL).touch()
        assert bundle.default_model() == tmp_path / folder / bundle.DEFAULT_MODEL
