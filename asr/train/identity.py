"""What makes a run the same run: its settings, the bytes of its manifests, the sounds that it mixes in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from asr import text
from asr.augment import Link
from asr.augment.sounds import digest
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


def with_version(config: Config) -> Config:
    """Return the settings with the version of the text rules in their name, so that a newer one changes no run."""
    rules = text.label(text.get_rule(config.text.rules))
    return config.model_copy(update={"text": config.text.model_copy(update={"rules": rules})})


def check_same_settings(saved: Config, config: Config, out: Path) -> None:
    """Refuse to go on with other settings than the run began with; where data lies and what computes may change."""
    for (section, old), (_, new) in zip(saved, config, strict=True):
        before, after = flat(old.model_dump()), flat(new.model_dump())
        for key in () if section == "data" else sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key) and (section, key) not in OF_THE_MACHINE:
                raise CheckpointError(
                    f"{out}: was begun with {section}.{key} = {before.get(key)!r}, the config now says "
                    f"{after.get(key)!r}; restore it to resume, or choose another folder"
                )


def flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with those of the chain by their places in it; where its sounds lie is left out."""
    chain = {
        f"chain.{number}.{key}": value
        for number, link in enumerate(values.get("chain", ()))
        for key, value in link.items()
        if key != "path"
    }
    return {key: value for key, value in values.items() if key != "chain"} | chain


def check_same_data(provenance: dict[str, Any], manifests: dict[str, Path], out: Path) -> None:
    """Refuse to go on with manifests whose bytes are not those the run began with."""
    for name, manifest in manifests.items():
        before = provenance[name]
        if before["sha256"] != sha256(manifest):
            raise CheckpointError(
                f"{out}: was begun with {before['manifest']} for {name}, and {manifest} holds something else; "
                "restore it to resume, or choose another folder"
            )


def sounds_of(chain: Iterable[Link]) -> dict[str, str]:
    """Return a digest of each collection of sounds that a chain mixes in, by the path that the config gives."""
    return {str(link.sounds): digest(link.sounds) for link in chain if link.sounds is not None and link.p > 0.0}


def check_same_sounds(provenance: dict[str, Any], chain: Iterable[Link], out: Path) -> None:
    """Refuse to go on with other sounds than those the run began with; they may lie elsewhere."""
    before, after = provenance.get("sounds", {}), sounds_of(chain)
    if list(before.values()) != list(after.values()):
        raise CheckpointError(
            f"{out}: was begun with the sounds in {', '.join(before) or 'no folder'}, and "
            f"{', '.join(after) or 'no folder'} holds others; restore them to resume, or choose another folder"
        )
