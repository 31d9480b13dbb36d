"""onnxruntime-web in a headless Chromium that playwright drives, and a server on this machine that it loads from."""

from __future__ import annotations

import base64
import contextlib
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from asr.errors import MissingPackage, VerifyError, require
from asr.export.runtimes import npm
from asr.export.runtimes.answers import Answer, Answers
from asr.types import FloatArray

PACKAGE = "onnxruntime-web"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
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
    with serving(files) as address, playwright.sync_playwright() as driver:
        browser = _launched(driver, playwright.Error)
        page = browser.new_page()
        try:
            page.goto(address)
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


@contextlib.contextmanager
def serving(files: Mapping[str, Path]) -> Iterator[str]:
    """Serve files by their names, and an empty page for every other name, on this machine alone; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if name.endswith(".mjs") else "text/html")
            self.end_headers()
            self.wfile.write(files[name].read_bytes() if name in files else b"<!doctype html>")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what goes wrong, the page says."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def _asked(page: Any, samples: FloatArray) -> Answer:
    said = page.evaluate(ASK, base64.b64encode(samples.astype("<f4").tobytes()).decode())
    log_probs = np.array(said["values"], dtype=np.float32).reshape(-1, said["width"])  # [F, V]
    return Answer(said["text"], said["starts_s"], log_probs[: said["frames"]])


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
