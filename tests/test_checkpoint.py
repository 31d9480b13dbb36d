"""Checkpoints: the round trip, what is refused, and that loading one never runs what it holds."""

from __future__ import annotations

import os
import pickle
import re
import resource
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from asr import config as settings
from asr.errors import CheckpointError, ConfigError, MissingFile, OutputError
from asr.train import checkpoint as checkpoints
from asr.train.checkpoint import LAST, MODEL, Checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL: dict[str, Any] = {
    "text": {"rules": "en/2"},
    "features": {"rate_hz": 8000, "bands": 20},
    "model": {"hidden": 6, "layers": 2, "channels": 3, "project": 5},
}


def made() -> Checkpoint:
    config = settings.parse(SMALL)
    model = checkpoints.new_model(config, vocab=4)
    model.mean += torch.arange(20.0)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.randn(1, 8000), torch.tensor([8000]))[0].sum().backward()
    optimizer.step()
    return Checkpoint(
        config=config.model_dump(mode="json"),
        tokens=("<blk>", "▁", "a", "ü"),
        weights=model.state_dict(),
        provenance={"train": {"utterances": 3}, "dropped": ["é"]},
        history=[{"epoch": 1, "train_loss": 0.1 + 0.2, "dev_wer": 1.0}],
        progress={"steps": 3},
        optimizer=optimizer.state_dict(),
        priors=(-0.1, -1.0 / 3.0, -7.0, -1e-300),
        tokenizer_state={"scores": [0.0, -0.5, 0.1 + 0.2, -7.0]},
    )


def written(folder: Path, **changes: Any) -> Path:
    """Write a good checkpoint, then the same values with some changed, as another program might."""
    path = folder / LAST
    checkpoints.save(made(), path)
    if changes:
        torch.save(torch.load(path, weights_only=True) | changes, path)
    return path


# ---- the round trip


def test_everything_comes_back_bit_for_bit(tmp_path: Path) -> None:
    before = made()
    checkpoints.save(before, tmp_path / LAST)
    after = checkpoints.load(tmp_path / LAST)
    for name in ("config", "tokens", "tokenizer_state", "provenance", "history", "progress", "priors"):
        assert getattr(after, name) == getattr(before, name)
    assert after.weights.keys() == before.weights.keys()
    for name, weight in before.weights.items():
        assert torch.equal(after.weights[name], weight)
    assert after.optimizer is not None
    assert before.optimizer is not None
    assert after.optimizer["param_groups"] == before.optimizer["param_groups"]
    for index, state in before.optimizer["state"].items():
        for name, value in state.items():
            assert torch.equal(after.optimizer["state"][index][name], value)
    assert [path.name for path in tmp_path.iterdir()] == [LAST], "no temporary file is left"


def test_a_checkpoint_from_before_there_were_priors_has_none(tmp_path: Path) -> None:
    checkpoints.save(made(), tmp_path / LAST)
    values = torch.load(tmp_path / LAST, weights_only=True)
    del values["priors"]
    torch.save(values, tmp_path / LAST)
    after = checkpoints.load(tmp_path / LAST)
    assert after.priors == ()
    assert after.tokens == made().tokens


def test_a_model_comes_back_as_it_was(tmp_path: Path) -> None:
    before = made()
    checkpoints.save(before, tmp_path / MODEL)
    model = checkpoints.build_model(checkpoints.load(tmp_path))
    assert not model.training
    twin = checkpoints.new_model(settings.parse(SMALL), vocab=4).eval()
    twin.load_state_dict(before.weights)
    samples, lengths = torch.randn(2, 8000), torch.tensor([8000, 4000])
    assert torch.equal(model(samples, lengths)[0], twin(samples, lengths)[0])


def test_the_name_of_a_weight_is_part_of_the_format() -> None:
    names = {name.partition(".")[0] for name in made().weights}
    assert names == {"mean", "deviation", "encoder", "head"}
    assert "encoder.layers.1.back.weight_hh_l0" in made().weights


# ---- what is refused


class Bomb:
    """What a pickle does when it is loaded without care."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_no_code_runs_when_a_checkpoint_is_loaded(tmp_path: Path) -> None:
    for number, value in enumerate(({"format": 1, "weights": Bomb(tmp_path / "boom")}, Bomb(tmp_path / "boom"))):
        path = tmp_path / f"bomb{number}.pt"
        torch.save(value, path)
        with pytest.raises(CheckpointError, match="holds more than tensors, numbers and text"):
            checkpoints.load(path)
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Bomb(tmp_path / "boom")))
    with pytest.raises(CheckpointError, match="not a checkpoint, or damaged"):
        checkpoints.load(tmp_path / "plain.pt")
    assert not (tmp_path / "boom").exists()
    torch.load(tmp_path / "bomb0.pt", weights_only=False)
    assert (tmp_path / "boom").is_dir(), "the bomb is real"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_files_are_refused(tmp_path: Path, share: float) -> None:
    path = written(tmp_path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CheckpointError, match=r"last.pt: not a checkpoint, or damaged \(.*\); train again"):
        checkpoints.load(path)


def test_flipped_bits_are_noticed_or_harmless(tmp_path: Path) -> None:
    """Wherever a byte changes, the load fails with a sentence or gives what was saved; it never gives other weights."""
    path = written(tmp_path)
    content, wanted = path.read_bytes(), checkpoints.load(path).weights
    messages = []
    for position in np.linspace(0, len(content) - 1, 120).astype(int).tolist():
        path.write_bytes(content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :])
        try:
            weights = checkpoints.load(path).weights
        except CheckpointError as error:
            messages.append(str(error))
        else:
            assert all(torch.equal(weights[name], weight) for name, weight in wanted.items())
    assert len(messages) > 60
    assert not any("\n" in message for message in messages)


def test_a_byte_flipped_in_the_weights_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path)
    content = bytearray(path.read_bytes())
    weight = checkpoints.load(path).weights["encoder.layers.0.ahead.weight_hh_l0"].numpy().tobytes()
    content[content.index(weight) + len(weight) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="has changed since it was written"):
        checkpoints.load(path)


def test_an_entry_turned_into_a_folder_is_noticed(tmp_path: Path) -> None:
    """One bit of an archive's directory makes torch take weights for a folder, and leave memory as it is for them."""
    path = written(tmp_path)
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        start, entries = archive.start_dir, len(archive.infolist())
    attributes = [match.start() + 38 for match in re.finditer(b"PK\x01\x02", content) if match.start() >= start]
    assert len(attributes) == entries > 20
    for position in attributes:
        path.write_bytes(content[:position] + bytes([content[position] ^ 0x10]) + content[position + 1 :])
        with pytest.raises(CheckpointError, match="has changed since it was written"):
            checkpoints.load(path)


@pytest.mark.parametrize(
    "content", [b"", b"not a checkpoint", b"\x80\x04N.", b"PK\x03\x04" + b"\0" * 100, b"\0" * 5000]
)
def test_files_of_another_kind_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.pt"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"other.pt: not a checkpoint, or damaged"):
        checkpoints.load(path)


def test_archives_of_another_kind_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(CheckpointError, match=r"other\.pt: not a checkpoint"):
        checkpoints.load(path)
    for value in ([1, 2], {"state_dict": {}}, torch.zeros(3), "text"):
        torch.save(value, path)
        with pytest.raises(CheckpointError, match="not a checkpoint of this package; name a run's folder"):
            checkpoints.load(path)
    torch.save({"format": 1, "weights": {}}, path)
    with pytest.raises(CheckpointError, match="not a checkpoint of this package"):
        checkpoints.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 2}, "checkpoint format 2, this version reads 1; update"),
        ({"tokens": None}, "not a checkpoint of this package"),
        ({"config": "{broken"}, "not a checkpoint of this package"),
        ({"priors": 3}, "not a checkpoint of this package"),
    ],
)
def test_other_contents_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CheckpointError, match=f"last.pt: {message}"):
        checkpoints.load(written(tmp_path, **changes))


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"absent\.pt: no such checkpoint"):
        checkpoints.load(tmp_path / "absent.pt")
    with pytest.raises(MissingFile, match=r"model\.pt: no such checkpoint"):
        checkpoints.load(tmp_path)


def test_weights_that_do_not_fit_are_named() -> None:
    checkpoint = made()
    weights = dict(checkpoint.weights)
    lacking = {name: weight for name, weight in weights.items() if name != "head.bias"}
    wider = weights | {"head.bias": torch.zeros(9)}
    for other, message in ((lacking, "Missing key.*head.bias"), (wider, "size mismatch for head.bias")):
        with pytest.raises(CheckpointError, match=f"weights do not fit the model of its config.*{message}"):
            checkpoints.build_model(replace(checkpoint, weights=other))
    with pytest.raises(ConfigError, match="checkpoint: train: unknown 'epoch'"):
        checkpoints.build_model(Checkpoint({"train": {"epoch": 3}}, checkpoint.tokens, weights))


# ---- a full disk


def test_a_full_disk_leaves_the_older_checkpoint_whole(tmp_path: Path) -> None:
    path = written(tmp_path)
    content = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(content) // 2, hard))  # the disk takes half of it
    try:
        with pytest.raises(OutputError, match=r"last.pt: cannot be written \(.*\); free some space") as caught:
            checkpoints.save(made(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == [LAST]


# ---- the mean of several


def test_the_mean_is_taken_weight_by_weight() -> None:
    states = [{"a": torch.tensor([1.0, 2.0]), "b": torch.tensor(value)} for value in (0.0, 1.0, 5.0)]
    states[0]["a"] = torch.tensor([4.0, -1.0])
    mean = checkpoints.mean_weights(states)
    assert mean["a"].tolist() == [2.0, 1.0]
    assert mean["b"].item() == 2.0
    assert mean["a"].dtype == torch.float32
    alone = checkpoints.mean_weights(states[:1])
    assert all(torch.equal(alone[name], states[0][name]) for name in alone)
