"""Measure the page: bytes over the wire, and the time from a file to its text in headless Chromium.

    python tools/bench_web.py [FILE] [--model MODEL] [--node-modules DIR] [--rounds 5]

The file is repeated or cut to five seconds. Each round opens the page anew. Two times are counted: from the moment that
the page is opened until it is ready, and from the moment that the file is given to it until the text stands there. The
server is on the same machine.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import shutil
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

import build_web
import numpy as np
import soundfile
from playwright.sync_api import Browser, sync_playwright

CLIP_S = 5.0
WAIT_MS = 120_000


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print figures alone."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="?", type=Path, default=build_web.EXPORTED / "sample.wav")
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--node-modules", type=Path, default=None, help="a folder with onnxruntime-web")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sizes = build_web.build(folder / "web", options.model, options.node_modules)
        clip = cut(options.audio, folder / "clip.wav")
        handler = functools.partial(Quiet, directory=folder / "web")
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=shutil.which("chromium"))
            address = f"http://127.0.0.1:{server.server_port}/"
            times = [measured(browser, address, clip) for _ in range(options.rounds)]
            print(f"Chromium {browser.version}, {options.rounds} rounds, a clip of {CLIP_S:.0f} s; medians")
    print(f"over the wire: {sum(sizes.values()) / 1e6:.1f} MB")
    for label, column in zip(("opened until ready", "file until text"), zip(*times, strict=True), strict=True):
        print(f"{label}: {median(column):.2f} s ({min(column):.2f} to {max(column):.2f})")


def cut(source: Path, target: Path) -> Path:
    samples, rate_hz = soundfile.read(source, dtype="float32")
    soundfile.write(target, np.resize(samples, round(CLIP_S * rate_hz)), rate_hz)
    return target


def measured(browser: Browser, address: str, clip: Path) -> tuple[float, float]:
    """Return the seconds until the page is ready, and from the file until the text."""
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    ready_s = until(page, "ready", lambda: page.goto(address))
    text_s = until(page, "done", lambda: page.set_input_files("#file", clip))
    assert page.text_content("#text"), "no text"
    page.close()
    return ready_s, text_s


def until(page: Any, state: str, action: Any) -> float:
    start = time.perf_counter()
    action()
    page.wait_for_function(f"document.body.dataset.state === '{state}'")
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
