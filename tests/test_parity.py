"""The certificate: the real runtimes agree, and whatever differs is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import peers
import pytest
from click.testing import Result
from commands import run
from onnx import numpy_helper

from asr import bundle, manifest
from asr.corpora import prepare

SOME = 6


def table(result: Result) -> list[list[str]]:
    """Return the cells of the table that was printed: name, seconds, log-probabilities, text."""
    lines = result.stdout.split("\n\n")[1].splitlines()
    start = lines[0].index("seconds")
    return [
        [
            line[:start].strip(),
            line[start : start + 7].strip(),
            line[start + 9 : start + 26].strip(),
            line[start + 28 :],
        ]
        for line in lines
    ]


@pytest.fixture(scope="module")
def model(sample: Path) -> Path:
    return bundle.default_model()


@pytest.fixture(scope="module")
def speech(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A manifest of some test utterances of AN4."""
    out = tmp_path_factory.mktemp("an4")
    utterances = manifest.read(prepare("an4", test_data / "an4", out)["test"])
    manifest.write(out / "some.jsonl", utterances[:: len(utterances) // SOME][:SOME])
    return out / "some.jsonl"


def changed(model: Path, out: Path, change: Callable[[np.ndarray], np.ndarray]) -> Path:
    """Return a copy whose last bias, that of the tokens, is another."""
    graph = onnx.load(model)
    info = bundle.read_info(model)
    *_, bias = (each for each in graph.graph.initializer if list(each.dims) == [len(info.tokens)])
    bias.CopyFrom(numpy_helper.from_array(change(numpy_helper.to_array(bias)), bias.name))
    bundle.save(graph, info, out)
    return out


def biased(token: int, by: float) -> Callable[[np.ndarray], np.ndarray]:
    def change(bias: np.ndarray) -> np.ndarray:
        bias = bias.copy()
        bias[token] += by
        return bias

    return change


# ---- the real runtimes


def check_agrees(result: Result, runtime: str, *, recordings: int, within: float | None) -> None:
    assert result.exit_code == 0, result.stderr
    header, *rows = table(result)
    assert header == ["recording", "seconds", "log-probabilities", "text"]
    assert len(rows) == recordings
    assert {text for *_, text in rows} == {"same"}
    apart = [cell for _, _, cell, _ in rows]
    if within is None:
        assert set(apart) == {"not given"}
    else:
        assert max(float(cell.removeprefix("within ")) for cell in apart) < within
    last = result.stdout.splitlines()[-1]
    assert last.startswith(runtime)
    assert f"{recordings} of {recordings} texts are the same" in last


def test_sherpa_onnx(model: Path, speech: Path) -> None:
    pytest.importorskip("sherpa_onnx", reason="needs the extra `runtimes`")
    result = run("verify", model, "--runtime", "sherpa", "--manifest", speech)
    check_agrees(result, "sherpa-onnx ", recordings=SOME + 13, within=None)


@pytest.mark.parametrize(
    ("runtime", "package"),
    [("node", "onnxruntime-node"), pytest.param("web", "onnxruntime-web", marks=pytest.mark.slow)],
)
def test_runtimes_in_javascript(
    model: Path, speech: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, package: str
) -> None:
    if runtime == "web":
        pytest.importorskip("playwright", reason="needs the extra `runtimes`")
    peers.program("chromium", "google-chrome") if runtime == "web" else peers.program("node")
    (tmp_path / "node_modules").symlink_to(peers.node_modules(package), target_is_directory=True)
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")  # packages are looked for in the folders above, as Node does
    result = run("verify", model, "--runtime", runtime, "--manifest", speech)
    check_agrees(result, f"{package} 1.", recordings=SOME + 13, within=1e-3)


def test_without_a_manifest_the_signal_is_synthetic(model: Path) -> None:
    result = run("verify", model, "--runtime", "onnxruntime")
    check_agrees(result, "onnxruntime ", recordings=5 + 13, within=1e-6)
    assert table(result)[1][:2] == ["signal 0", "1.00"]


# ---- what differs


def test_another_file_is_compared_and_refused_only_on_demand(model: Path, speech: Path, tmp_path: Path) -> None:
    other = changed(model, tmp_path / "other.onnx", biased(5, 0.05))
    result = run("verify", model, other, "--manifest", speech)
    assert result.exit_code == 0, result.stderr
    worst = max(float(cell.removeprefix("within ")) for _, _, cell, _ in table(result)[1:])
    assert worst == pytest.approx(0.05, rel=0.1)  # the bias of one token, less what the softmax takes back
    result = run("verify", model, other, "--manifest", speech, "--tolerance", 0.01)
    assert result.exit_code == 1
    assert "log-probabilities of fcaw-an406-b differ by 0.05, more than 0.01" in result.stderr
    assert run("verify", model, other, "--manifest", speech, "--tolerance", 0.1).exit_code == 0


def test_other_texts_are_shown_and_refused(model: Path, speech: Path, tmp_path: Path) -> None:
    other = changed(model, tmp_path / "other.onnx", biased(0, -12.0))
    result = run("verify", model, other, "--manifest", speech, "--tolerance", 1000)
    assert result.exit_code == 1
    assert "fcaw-an406-b reads '" in result.stderr
    assert ", not 'rubout g n e f three nine'" in result.stdout
    assert "0 of 19 texts" not in result.stdout, "recordings of no frames have no text in either"


# ---- refusals


@pytest.mark.parametrize(
    ("runtime", "package", "way_out"),
    [
        ("node", "onnxruntime-node", "npm install onnxruntime-node"),
        ("web", "onnxruntime-web", "npm install onnxruntime-web"),
    ],
)
def test_a_runtime_that_is_not_there(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str, package: str, way_out: str
) -> None:
    if runtime == "web":
        pytest.importorskip("playwright", reason="needs the extra `runtimes`")
    else:
        peers.program("node")
    monkeypatch.chdir(tmp_path)
    result = run("verify", model, "--runtime", runtime)
    assert result.exit_code == 1
    assert f"needs the npm package '{package}'" in result.stderr
    assert result.stderr.rstrip().endswith(way_out)


def test_no_node(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("verify", model, "--runtime", "node")
    assert result.exit_code == 1
    assert "needs the program 'node'; install Node.js" in result.stderr


def test_a_model_that_the_runtime_cannot_run(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime's own words come through: here of a node that has an operator of nobody's."""
    node = peers.program("node")
    (tmp_path / "node_modules").symlink_to(peers.node_modules("onnxruntime-node"), target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    from asr.errors import VerifyError
    from asr.export.runtimes import node as runtime

    assert Path(node).exists()
    graph = onnx.load(model)
    graph.graph.node[0].op_type = "Nobodys"
    bundle.save(graph, bundle.read_info(model), tmp_path / "wrong.onnx")
    with pytest.raises(VerifyError, match=r"node: the model could not be run \(.*Nobodys"):
        runtime.answers(tmp_path / "wrong.onnx", [np.zeros(16000, np.float32)])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--runtime", "nod"], "did you mean 'node'?"),
        (["--manifest", "x.jsonl"], "--manifest goes with"),
        (["--tolerance", "1"], "--tolerance goes with"),
    ],
)
def test_a_command_line_that_is_wrong(model: Path, arguments: list[str], says: str) -> None:
    result = run("verify", model, *arguments)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_file_that_is_not_ours(model: Path, tmp_path: Path) -> None:
    (tmp_path / "other.onnx").write_text(json.dumps({}))
    result = run("verify", model, tmp_path / "other.onnx")
    assert result.exit_code == 1
    assert "other.onnx: is not an ONNX model" in result.stderr
