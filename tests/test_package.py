"""What is built and installed: the sdist, the wheel made from it, the command and the module, from another folder."""

from __future__ import annotations

import email.message
import email.parser
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from asr.bundle import DEFAULT_MODEL, read_info

CHECKOUT = Path(__file__).resolve().parent.parent
MODELS_MB = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHECKOUT / "asr").is_dir(), reason="only in a checkout, where the source is"),
]


def build(source: Path, target: str, out: Path) -> Path:
    """Build `wheel` or `sdist` and return the file. No isolation: the build back end is part of the extra `dev`."""
    before = set(out.iterdir()) if out.is_dir() else set()
    run([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)], cwd=source)
    (built,) = set(out.iterdir()) - before
    return built


def run(command: list[str], cwd: Path, **environment: str) -> str:
    process = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=300, check=False
    )
    assert process.returncode == 0, f"{command}: {process.stdout}\n{process.stderr}"
    return process.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(CHECKOUT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the unpacked sdist as `pip install bilstm-asr.tar.gz` would."""
    source = tmp_path_factory.mktemp("source")
    with tarfile.open(sdist) as archive:
        archive.extractall(source, filter="data")
    (folder,) = source.iterdir()
    return build(folder, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content alone; the dependencies are those of the running interpreter."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    run([*pip, "--target", str(target), str(wheel)], cwd=target)
    return target


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return email.parser.Parser().parsestr(archive.read(name).decode())


def project() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: Path) -> None:
    source = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "asr").rglob("*.py")}
    found = names(wheel)
    assert source | {"asr/py.typed"} <= found
    others = {name for name in found - source if ".dist-info/" not in name}
    drawn = ("explain/charts.js", "explain/page.css", "explain/page.js")
    pages = {f"asr/{name}" for name in ("doctor/page.css", "reports/page.css", "reports/page.js", *drawn)}
    assert {name for name in others if not name.startswith("asr/exported/")} == {"asr/py.typed", *pages}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in found)


def test_the_wheel_carries_the_default_model_with_its_card(wheel: Path) -> None:
    exported = {name for name in names(wheel) if name.startswith("asr/exported/")}
    models = {name for name in exported if name.endswith(".onnx")}
    assert models == {f"asr/exported/{DEFAULT_MODEL}"}
    card = f"asr/exported/{Path(DEFAULT_MODEL).stem}.md"
    assert card in exported, "a model ships with its card and the notices of its data"
    with zipfile.ZipFile(wheel) as archive:
        assert sum(archive.getinfo(name).file_size for name in models) <= MODELS_MB * 1e6


def test_every_model_has_a_card_with_the_licence_of_its_data(sample: Path) -> None:
    for model in sample.parent.glob("*.onnx"):
        assert "| licence |" in model.with_suffix(".md").read_text(encoding="utf-8")
        assert read_info(model).licence


def test_every_card_states_the_error_rates_that_its_model_carries(sample: Path) -> None:
    for model in sample.parent.glob("*.onnx"):
        card, scores = model.with_suffix(".md").read_text(encoding="utf-8"), read_info(model).scores
        assert {score["set"] for score in scores} >= {"dev", "test"}
        for score in scores:
            for rate in ("wer", "cer") if score["set"] == "test" else ("wer",):
                assert f" {100 * score[rate]:.2f} % |" in card, (model.name, score["set"], rate)


def test_the_sdist_holds_what_is_tracked_and_tests(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "asr/py.typed", "tests/conftest.py"}
    assert needed <= found
    assert {path.relative_to(CHECKOUT).as_posix() for path in CHECKOUT.glob("recipes/*/*.*")} <= found


def test_the_light_install_asks_for_no_training_package(wheel: Path) -> None:
    core = [line for line in metadata(wheel).get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"[^\w-]", line)[0] for line in core} == {
        "click", "numpy", "onnxruntime", "pydantic", "rapidfuzz", "soundfile", "soxr"
    }  # fmt: skip
    extras = {"augment", "beam", "dev", "microphone", "onnx", "ray", "report", "runtimes", "text", "train", "video"}
    assert set(metadata(wheel).get_all("Provides-Extra", [])) == extras


def test_torch_and_torchaudio_are_pinned_together() -> None:
    pins = dict(line.split("==") for line in project()["optional-dependencies"]["train"] if line.startswith("torch"))
    assert pins["torch"] == pins["torchaudio"]


def test_versions_agree(wheel: Path, installed: Path) -> None:
    version = metadata(wheel)["Version"]
    assert f"## {version}" in (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    script = "import asr; print(asr.__version__, asr.__file__)"
    found, file = run([sys.executable, "-c", script], cwd=installed.parent, PYTHONPATH=str(installed)).split()
    assert found == version
    assert Path(file).is_relative_to(installed), "the wheel's package is the one that is tested"


def test_the_installed_command_transcribes_from_another_folder(installed: Path, sample: Path, tmp_path: Path) -> None:
    command = [str(installed / "bin" / "asr"), "transcribe", str(sample)]
    text = run(command, cwd=tmp_path, PYTHONPATH=str(installed)).strip()
    assert text
    script = f"import asr; print(asr.load().transcribe({str(sample)!r}).text)"
    assert run([sys.executable, "-c", script], cwd=tmp_path, PYTHONPATH=str(installed)).strip() == text


def test_the_wheel_carries_the_examples_and_nothing_vendored(wheel: Path) -> None:
    examples = {path.name for path in (CHECKOUT / "exported" / "examples").iterdir()}
    assert {f"asr/exported/examples/{name}" for name in examples} <= names(wheel)
    assert [name for name in names(wheel) if name.endswith((".wasm", ".gz"))] == []
    assert wheel.stat().st_size <= MODELS_MB * 1e6


@pytest.mark.usefixtures("sample")
def test_the_readmes_python_runs() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", readme, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    assert run([sys.executable, "-c", blocks[0]], cwd=CHECKOUT).strip()
