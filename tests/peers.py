"""Where the tests find other people's programs and packages, or why they skip."""

from __future__ import annotations

import contextlib
import functools
import http.server
import importlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def program(*names: str) -> str:
    """Return the path of the first program there is; skip without any."""
    for name in names:
        if path := shutil.which(name):
            return path
    return pytest.skip(f"no program {' or '.join(names)} here")


def node_modules(package: str) -> Path:
    """Return the folder with a package of npm, named by ASR_NODE_MODULES; skip without."""
    folder = Path(os.environ.get("ASR_NODE_MODULES", "node_modules")).absolute()
    if not (folder / package / "package.json").is_file():
        pytest.skip(f"{folder}: no {package} there; npm install it and set ASR_NODE_MODULES")
    return folder


def build_web(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the tool that builds the page."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "tools"))
    return importlib.import_module("build_web")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder as any static web server does, and yield its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextlib.contextmanager
def chromium(*arguments: str) -> Iterator[Any]:
    """Yield a headless Chromium that playwright drives; skip without either."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra `runtimes`")
    path = program("chromium", "chromium-browser", "google-chrome")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", *arguments])
        yield browser
        browser.close()
