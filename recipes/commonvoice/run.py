"""Common Voice, any language: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/commonvoice/run.py --source DIR --out DIR [--seeds 1 2 3]

DIR is the folder of one language in one release, cv-corpus-<release>-<date>/<language>, of
https://datacollective.mozillafoundation.org. The settings take any language that parts its words by spaces; those that
know a language's own rules do better (text.rules in a copy of config.toml, named by --config).
A run that was stopped goes on when it is started again.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))  # for what the recipes share

import common  # noqa: E402

if __name__ == "__main__":
    options = common.parser(__doc__, HERE / "config.toml")
    common.main("commonvoice", "commonvoice.onnx", **vars(options.parse_args()))
