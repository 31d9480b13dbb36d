"""AISHELL-1, or a sample of it: prepare, train one model a seed, export, verify, score, and write the table.

    python recipes/aishell1/run.py --source DIR --out DIR [--seeds 1 2 3] [--config FILE]

DIR is the folder data_aishell that the archive of https://www.openslr.org/33 unpacks into, with the archives of the
speakers in its folder wav unpacked there too. config.toml is for the whole corpus on a GPU; config-sample.toml for an
hour of two speakers on a CPU. Error rates are of characters.
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
    common.main("aishell1", "aishell1-zh.onnx", **vars(options.parse_args()))
