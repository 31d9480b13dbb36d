"""Build the page of exported/web into a folder that any static web server serves, and that needs nothing else.

    python tools/build_web.py --out build/web [--model MODEL] [--node-modules DIR]
    python -m http.server --directory build/web

It copies the page and the sample, and packs the model and the WASM of onnxruntime-web with gzip, since few servers do.
onnxruntime-web is installed by npm in the version that exported/web/package.json names, unless `--node-modules` has it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from asr import bundle

EXPORTED = Path(__file__).resolve().parent.parent / "exported"
PAGE = EXPORTED / "web"
CHARTS = Path(bundle.__file__).parent / "explain" / "charts.js"  # which the page of `asr explain` has as well
RUNTIME = {"ort.wasm.bundle.min.mjs": "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm": "runtime.wasm.gz"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="the folder to write; it is made if need be")
    parser.add_argument("--model", type=Path, default=None, help="the model that ships, unless given")
    parser.add_argument("--node-modules", type=Path, default=None, help="a folder with onnxruntime-web")
    options = parser.parse_args()
    sizes = build(options.out, options.model, options.node_modules)
    for name, size in sizes.items():
        print(f"{size / 1e6:7.3f} MB  {name}")
    print(f"{sum(sizes.values()) / 1e6:7.3f} MB  over the wire")


def build(out: Path, model: Path | None = None, node_modules: Path | None = None) -> dict[str, int]:
    """Write the page and return the size in bytes of each of its files."""
    model = model or bundle.default_model()
    bundle.read_info(model)  # a file that is not ours is refused here, not in somebody's browser
    (out / "vendor").mkdir(parents=True, exist_ok=True)
    for file in PAGE.iterdir():
        if file.suffix in {".html", ".css", ".js", ".svg"}:
            shutil.copy(file, out)
    shutil.copy(CHARTS, out)
    shutil.copy(EXPORTED / "examples" / "recognizer.mjs", out)
    shutil.copy(EXPORTED / "sample.wav", out)
    pack(model, out / "model.onnx.gz")
    with tempfile.TemporaryDirectory() as folder:
        vendor(node_modules or installed(Path(folder)), out / "vendor")
    return {str(file.relative_to(out)): file.stat().st_size for file in sorted(out.rglob("*")) if file.is_file()}


def vendor(node_modules: Path, out: Path) -> None:
    """Copy what the page needs of onnxruntime-web, with its licence."""
    package = node_modules / "onnxruntime-web"
    for source, target in RUNTIME.items():
        if target.endswith(".gz"):
            pack(package / "dist" / source, out / target)
        else:
            shutil.copy(package / "dist" / source, out / target)
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    (out / "NOTICE").write_text(NOTICE.format(**about), encoding="utf-8")


def pack(source: Path, target: Path) -> None:
    """Compress a file; the same bytes give the same bytes."""
    target.write_bytes(gzip.compress(source.read_bytes(), compresslevel=9, mtime=0))


def installed(folder: Path) -> Path:
    shutil.copy(PAGE / "package.json", folder)
    subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True
    )
    return folder / "node_modules"


NOTICE = """onnxruntime-web {version}, https://github.com/microsoft/onnxruntime
MIT License. Copyright (c) Microsoft Corporation.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and
this permission notice shall be included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED
"AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT
HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE,
ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


if __name__ == "__main__":
    main()
