"""THCHS-30: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/thchs30/run.py --source DIR --out DIR [--seeds 1 2 3]

DIR is the folder data_thchs30 that the archive of https://www.openslr.org/18 unpacks into. Error rates are of
characters.
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
    common.main("thchs30", "thchs30-zh.onnx", **vars(options.parse_args()))
