"""Every snippet of docs/EMBEDDING.md, run as a reader would, in one folder from top to bottom."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import peers
import pytest

from asr import bundle, manifest
from asr.corpora import prepare

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "exported" / "examples"
PAGE = CHECKOUT / "docs" / "EMBEDDING.md"
TEXT = "enter four five seven one"


class Snippet(NamedTuple):
    """A block of the page and what it needs: a module of Python, a package of npm, or a program."""

    language: str
    needs: tuple[str, ...]
    code: str


def snippets() -> list[Snippet]:
    page = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"^<!-- run(?: with)?([^>]*) -->\n```(\w+)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    assert len(found) == len(re.findall(r"^```\w+$", page, flags=re.MULTILINE)), "a snippet that no test runs"
    return [Snippet(language, tuple(needs.split()), code) for needs, language, code in found]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, sample: Path, test_data: Path) -> Path:
    """What the page takes for granted: the model, a recording, the examples, a corpus, and installed packages."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copy(bundle.default_model(), folder / "model.onnx")
    shutil.copy(sample, folder / "speech.wav")
    for example in EXAMPLES.iterdir():
        shutil.copy(example, folder)
    (folder / "tools").symlink_to(CHECKOUT / "tools")
    utterances = manifest.read(prepare("an4", test_data / "an4", folder / "data")["test"])
    manifest.write(folder / "data" / "test.jsonl", utterances[:2])
    return folder


def run(folder: Path, *command: str) -> str:
    process = subprocess.run(
        command, cwd=folder, env=surroundings(folder), capture_output=True, text=True, encoding="utf-8", timeout=300
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.strip()


def surroundings(folder: Path) -> dict[str, str]:
    """Return an environment whose `python`, `pip` and `npm` are those of the tests: nothing is installed by a test."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    for name, line in {
        "python": f'exec {sys.executable} "$@"',
        "asr": f'exec {sys.executable} -m asr "$@"',
        "pip": "exit 0",
        "npm": "exit 0",
    }.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    python_path = os.pathsep.join(filter(None, [package_folder(), os.environ.get("PYTHONPATH")]))
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return os.environ | {"PATH": path, "PYTHONPATH": python_path, "PYTHONUTF8": "1"}


def package_folder() -> str:
    return str(Path(bundle.__file__).parents[1])


def provide(snippet: Snippet, folder: Path) -> None:
    """Skip where something is missing; put packages of npm where the reader would have them."""
    for need in snippet.needs:
        if need.startswith("onnxruntime-"):
            peers.program("node")
            if not (folder / "node_modules").exists():
                (folder / "node_modules").symlink_to(peers.node_modules(need), target_is_directory=True)
        elif need == "cc":
            peers.program("cc")
        elif importlib.util.find_spec(need) is None:
            pytest.skip(f"needs the package {need}")


@pytest.mark.parametrize(
    "snippet",
    [each for each in snippets() if "web" not in each.needs],
    ids=lambda s: f"{s.language}-{'-'.join(s.needs) or 'plain'}",
)
def test_the_snippet_runs(snippet: Snippet, folder: Path) -> None:
    provide(snippet, folder)
    if "sherpa_onnx" in snippet.needs and not (folder / "sherpa").is_dir():
        pytest.skip("the folder for sherpa-onnx could not be exported")
    if snippet.language == "python":
        assert run(folder, sys.executable, "-c", snippet.code) == TEXT
    elif snippet.language == "js":
        (folder / "snippet.mjs").write_text(snippet.code, encoding="utf-8")
        assert run(folder, "node", "snippet.mjs") == TEXT
    else:
        assert run(folder, "bash", "-euc", snippet.code).splitlines()[-1].startswith(expected(snippet.code))


def expected(code: str) -> str:
    """Return how the last line of a snippet's output begins."""
    if "--target sherpa" in code:
        return "sherpa: sample_rate=16000 feature_dim=80"
    return "onnxruntime-node 1." if "asr verify" in code else TEXT


@pytest.mark.slow
def test_the_page_is_built_as_written(folder: Path) -> None:
    (snippet,) = (each for each in snippets() if "web" in each.needs)
    modules = peers.node_modules("onnxruntime-web")
    run(folder, "bash", "-euc", snippet.code.rstrip() + f" --node-modules '{modules}'")
    assert {"index.html", "model.onnx.gz", "recognizer.mjs"} <= {file.name for file in (folder / "build/web").iterdir()}
