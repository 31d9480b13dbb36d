"""onnxruntime-web in a headless Chromium that playwright drives; nothing is asked of any network."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from asr.errors import MissingPackage, VerifyError, require
from asr.export.runtimes import npm
from asr.export.runtimes.answers import Answer, Answers
from asr.types import FloatArray

PACKAGE = "onnxruntime-web"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
ADDRESS = "http://localhost/"  # never asked: every request is answered here
BUNDLE = "ort.wasm.bundle.min.mjs"
LOAD = """async () => {
    const ort = await import("./ort.mjs");
    const fetched = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());
    ort.env.wasm.wasmBinary = await fetched("runtime.wasm");
    ort.env.wasm.numThreads = 1;
    globalThis.recognizer = await (await import("./recognizer.mjs")).load(ort, await fetched("model.onnx"));
}"""
ASK = """async samples => {
    const bytes = Uint8Array.from(atob(samples), letter => letter.charCodeAt(0));
    const answer = await recognizer.logProbs(new Float32Array(bytes.buffer));
    const tokens = recognizer.heard(answer);
    const starts_s = tokens.map(({ start_s }) => start_s);
    const width = recognizer.info.tokens.length;
    return { text: recognizer.text(tokens), starts_s, frames: answer.frames, width, values: [...answer.values] };
}"""


def answers(model: Path, waveforms: Sequence[FloatArray]) -> Answers:
    """Ask a browser; raises MissingPackage where it or a package is missing, VerifyError where it fails."""
    playwright = require("playwright.sync_api", extra="runtimes", purpose="comparing with a browser")
    package = npm.package(PACKAGE)
    files = {
        "ort.mjs": package / "dist" / BUNDLE,
        "runtime.wasm": package / "dist" / "ort-wasm-simd-threaded.wasm",
        "recognizer.mjs": npm.recognizer(),
        "model.onnx": model,
    }
    with playwright.sync_playwright() as driver:
        browser = _launched(driver, playwright.Error)
        page = browser.new_page()
        page.route("**/*", lambda route: _answer(route, files))
        try:
            page.goto(ADDRESS)
            page.evaluate(LOAD)
            found = [_asked(page, samples) for samples in waveforms]
        except playwright.Error as error:
            raise VerifyError(f"web: the model could not be run ({_first_line(error)}); do not use it there") from error
        return Answers(f"{PACKAGE} {npm.version(package)} in Chromium {browser.version}", found)


def _launched(driver: Any, failure: type[Exception]) -> Any:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)  # else the one that playwright has installed
    try:
        return driver.chromium.launch(executable_path=path)
    except failure as error:
        raise MissingPackage(
            f"comparing with a browser needs Chromium ({_first_line(error)}); "
            "install it with: playwright install chromium"
        ) from error


def _answer(route: Any, files: dict[str, Path]) -> None:
    name = route.request.url.removeprefix(ADDRESS)
    if name in files:
        kind = "text/javascript" if name.endswith(".mjs") else "application/octet-stream"
        route.fulfill(body=files[name].read_bytes(), content_type=kind)
    else:
        route.fulfill(body="<!doctype html>", content_type="text/html")


def _asked(page: Any, samples: FloatArray) -> Answer:
    said = page.evaluate(ASK, base64.b64encode(samples.astype("<f4").tobytes()).decode())
    log_probs = np.array(said["values"], dtype=np.float32).reshape(-1, said["width"])  # [F, V]
    return Answer(said["text"], said["starts_s"], log_probs[: said["frames"]])


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
