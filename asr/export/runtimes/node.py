"""onnxruntime-node, in one process of Node: samples and answers go through files."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from asr.errors import MissingPackage, VerifyError
from asr.export.runtimes import npm
from asr.export.runtimes.answers import Answer, Answers
from asr.types import FloatArray

PACKAGE = "onnxruntime-node"
# Standard input, and not a file: so Node looks for packages from the current folder on.
SCRIPT = """
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as ort from "onnxruntime-node";
const [recognizer, model, folder] = process.argv.slice(2);
const { load } = await import(recognizer);
const { info, logProbs, heard, text } = await load(ort, readFileSync(model));
for (let number = 0; existsSync(`${folder}/${number}.samples`); number++) {
  const answer = await logProbs(new Float32Array(Uint8Array.from(readFileSync(`${folder}/${number}.samples`)).buffer));
  const tokens = heard(answer);
  writeFileSync(`${folder}/${number}.log_probs`, answer.values);
  const starts_s = tokens.map(({ start_s }) => start_s);
  const said = { text: text(tokens), starts_s, frames: answer.frames, width: info.tokens.length };
  writeFileSync(`${folder}/${number}.json`, JSON.stringify(said));
}
"""


def answers(model: Path, waveforms: Sequence[FloatArray]) -> Answers:
    """Ask Node; raises MissingPackage where it or the package is missing, VerifyError where it fails."""
    program = shutil.which("node")
    if program is None:
        raise MissingPackage("comparing with node needs the program 'node'; install Node.js 20 or later")
    package = npm.package(PACKAGE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, samples in enumerate(waveforms):
            (folder / f"{number}.samples").write_bytes(samples.astype("<f4").tobytes())
        _run(program, npm.recognizer().as_uri(), str(model.resolve()), name)
        found = [_read(folder, number) for number in range(len(waveforms))]
    return Answers(f"{PACKAGE} {npm.version(package)}", found)


def _run(program: str, *arguments: str) -> None:
    command: list[Any] = [program, "--input-type=module", "-", *arguments]
    process = subprocess.run(command, input=SCRIPT, capture_output=True, text=True, encoding="utf-8", check=False)
    if process.returncode:
        reasons = [line for line in process.stderr.splitlines() if "Error" in line] or [
            f"exit code {process.returncode}"
        ]
        raise VerifyError(f"node: the model could not be run ({reasons[0].strip()}); do not use it there")


def _read(folder: Path, number: int) -> Answer:
    said = json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))
    log_probs = np.fromfile(folder / f"{number}.log_probs", dtype="<f4").reshape(-1, said["width"])  # [F, V]
    return Answer(said["text"], said["starts_s"], log_probs[: said["frames"]])
