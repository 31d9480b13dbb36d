"""What makes a run the same run: its settings and the bytes of its manifests."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from asr.config import Config
from asr.errors import CheckpointError
from asr.files import existing_file

# Settings that a resumed run may change; what a lexicon says is in the checkpoint.
OF_THE_MACHINE = {("train", "device"), ("train", "cache_gb"), ("text", "lexicon")}


def describe(manifest: Path, used: int) -> dict[str, Any]:
    """Return what a checkpoint keeps of a manifest of which `used` utterances are taken."""
    return {"manifest": str(manifest.resolve()), "sha256": sha256(manifest), "utterances": used}


def sha256(manifest: Path) -> str:
    return hashlib.sha256(existing_file(manifest, "manifest").read_bytes()).hexdigest()


def check_same_settings(saved: Config, config: Config, out: Path) -> None:
    """Refuse to go on with other settings than the run began with; where data lies and what computes may change."""
    for (section, old), (_, new) in zip(saved, config, strict=True):
        before, after = old.model_dump(), new.model_dump()
        for key in () if section == "data" else sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key) and (section, key) not in OF_THE_MACHINE:
                raise CheckpointError(
                    f"{out}: was begun with {section}.{key} = {before.get(key)!r}, the config now says "
                    f"{after.get(key)!r}; restore it to resume, or choose another folder"
                )


def check_same_data(provenance: dict[str, Any], manifests: dict[str, Path], out: Path) -> None:
    """Refuse to go on with manifests whose bytes are not those the run began with."""
    for name, manifest in manifests.items():
        before = provenance[name]
        if before["sha256"] != sha256(manifest):
            raise CheckpointError(
                f"{out}: was begun with {before['manifest']} for {name}, and {manifest} holds something else; "
                "restore it to resume, or choose another folder"
            )
