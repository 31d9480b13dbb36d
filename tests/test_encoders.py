"""The contract of every encoder in the table, and the parts that the recurrent ones are made of."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from asr.errors import ConfigError
from asr.model.encoders import ENCODERS, build_encoder, defaults
from asr.model.encoders.recurrent import RecurrentEncoder, VariationalDropout
from asr.model.encoders.subsampling import ConvSubsampling, ResidualBlock

pytestmark = pytest.mark.usefixtures("one_thread")

EACH = pytest.mark.parametrize("name", ENCODERS)
SMALL = {"hidden": 6, "layers": 2, "channels": 3, "project": 5, "blocks": 1}
LENGTHS = [17, 0, 1, 4, 5, 16]


def loud(module: nn.Module) -> nn.Module:
    """Return a module whose biases are positive and whose weights are not zero: no output is zero by accident."""
    for name, weight in module.named_parameters():
        if "bias" in name or not weight.any():  # a residual block starts at zero
            nn.init.uniform_(weight, 0.1, 1.0)
    return module


def encoder_of(name: str) -> nn.Module:
    return loud(build_encoder(name, 8, **SMALL)).eval()


def ragged(dim: int = 8) -> tuple[Tensor, Tensor]:
    return torch.randn(len(LENGTHS), max(LENGTHS), dim), torch.tensor(LENGTHS)


# ---- the contract


@EACH
@pytest.mark.parametrize("dim", [1, 2, 13, 80])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 8, 9, 33])
def test_four_frames_become_one(name: str, dim: int, size: int) -> None:
    encoder = build_encoder(name, dim, **SMALL).eval()
    frames = torch.tensor([size, 0, min(size, 1)])
    y, after = encoder(torch.randn(3, size, dim), frames)
    assert y.shape == (3, -(-size // 4), encoder.outputs)
    assert after.tolist() == [-(-size // 4), 0, min(size, 1)]


@EACH
@pytest.mark.parametrize("padding", [1.0, -23.03, 1e6])
def test_padding_does_not_change_the_answer(name: str, padding: float) -> None:
    encoder = encoder_of(name)
    x, frames = ragged()
    for row, length in zip(x, LENGTHS, strict=True):
        row[length:] = 0.0
    wanted, after = encoder(x, frames)
    for row, length in zip(x, LENGTHS, strict=True):
        row[length:] = padding
    longer = torch.cat([x, torch.full((len(x), 11, x.shape[2]), padding)], dim=1)
    for padded in (x, longer):
        found, same = encoder(padded, frames)
        assert same.tolist() == after.tolist()
        for row, expected, length in zip(found, wanted, after.tolist(), strict=True):
            torch.testing.assert_close(row[:length], expected[:length], rtol=0, atol=1e-5)


@EACH
def test_a_batch_gives_what_each_row_gives_alone(name: str) -> None:
    encoder = encoder_of(name)
    x, frames = ragged()
    y, after = encoder(x, frames)
    for row, values, length, count in zip(y, x, LENGTHS, after.tolist(), strict=True):
        alone, _ = encoder(values[None, :length], torch.tensor([length]))
        torch.testing.assert_close(row[:count], alone[0], rtol=0, atol=1e-5)


@EACH
def test_what_lies_past_a_row_is_zero(name: str) -> None:
    y, after = encoder_of(name)(*ragged())
    for row, count in zip(y, after.tolist(), strict=True):
        assert not row[count:].any()


@EACH
def test_every_weight_learns(name: str) -> None:
    encoder = loud(build_encoder(name, 8, **SMALL))
    y, _ = encoder(*ragged())
    (y * torch.randn_like(y)).sum().backward()
    for weight_name, weight in encoder.named_parameters():
        assert weight.grad is not None, weight_name
        assert weight.grad.isfinite().all(), weight_name
        assert weight.grad.any(), weight_name


@EACH
@pytest.mark.parametrize(("layers", "half"), [(2, 1), (3, 1), (4, 2)])
def test_half_of_the_layers_are_an_encoder_too(name: str, layers: int, half: int) -> None:
    encoder = loud(build_encoder(name, 8, **SMALL | {"layers": layers})).eval()
    x, frames = ragged()
    early, late, after = encoder.twice(x, frames)
    wanted, same = encoder(x, frames)
    assert torch.equal(late, wanted)
    assert after.tolist() == same.tolist()
    encoder.layers = encoder.layers[:half]
    assert torch.equal(early, encoder(x, frames)[0])
    assert not torch.equal(early, late)


def test_only_the_bidirectional_encoder_hears_the_future() -> None:
    x, frames = torch.randn(1, 64, 8), torch.tensor([64])
    changed = x.clone()
    changed[:, -1] += 1.0
    heard = {}
    for name in ("blstm", "lstm"):
        encoder = encoder_of(name)
        heard[name] = (encoder(x, frames)[0] - encoder(changed, frames)[0]).abs().amax(-1)[0].nonzero()[:, 0].tolist()
    assert heard["blstm"] == list(range(16))
    assert heard["lstm"] == [12, 13, 14, 15]  # the convolutions of one block after each step look 15 frames ahead
    plain = loud(build_encoder("lstm", 8, **SMALL | {"blocks": 0})).eval()
    assert (plain(x, frames)[0] - plain(changed, frames)[0]).abs().amax(-1)[0].nonzero()[:, 0].tolist() == [15]


# ---- what the settings do


@EACH
def test_the_settings_reach_the_weights(name: str) -> None:
    encoder = build_encoder(name, 8, hidden=7, layers=3, channels=2, project=4)
    directions = 2 if name == "blstm" else 1
    assert encoder.outputs == 7 * directions
    assert len([module for module in encoder.modules() if isinstance(module, nn.LSTM)]) == 3 * directions
    widths = [module.input_size for module in encoder.modules() if isinstance(module, nn.LSTM)]
    assert widths == [4] * directions + [7 * directions] * 2 * directions


def test_residual_connections_go_around_all_layers_but_the_first() -> None:
    x, frames = torch.randn(1, 16, 8), torch.tensor([16])
    for residual in (True, False):
        encoder = RecurrentEncoder(8, bidirectional=True, hidden=6, layers=2, channels=3, project=5, residual=residual)
        encoder.eval()
        for weight in encoder.layers[1].parameters():
            nn.init.zeros_(weight)  # an LSTM without weights says zero
        single = RecurrentEncoder(8, bidirectional=True, hidden=6, layers=1, channels=3, project=5).eval()
        single.load_state_dict(encoder.state_dict(), strict=False)
        wanted = single(x, frames)[0] if residual else torch.zeros(1, 4, 12)
        torch.testing.assert_close(encoder(x, frames)[0], wanted, rtol=0, atol=1e-6)


@EACH
def test_dropout_is_for_training_alone(name: str) -> None:
    x, frames = ragged()
    encoder = build_encoder(name, 8, **SMALL, dropout=0.5, variational_dropout=0.5)
    torch.testing.assert_close(encoder.eval()(x, frames), encoder(x, frames), rtol=0, atol=0)
    encoder.train()
    assert not torch.equal(encoder(x, frames)[0], encoder(x, frames)[0])
    quiet = build_encoder(name, 8, **SMALL, dropout=0.0, variational_dropout=0.0)
    torch.testing.assert_close(quiet.train()(x, frames), quiet.eval()(x, frames), rtol=0, atol=0)


def test_variational_dropout_keeps_one_mask_over_time() -> None:
    dropout = VariationalDropout(0.25)
    y = dropout(torch.ones(50, 7, 40))
    assert torch.equal(y, y[:, :1].expand_as(y)), "the same values are dropped in every frame"
    assert not torch.equal(y[0], y[1]), "each row draws its own"
    kept = y[:, 0] > 0
    assert y[:, 0][kept].unique().tolist() == pytest.approx([1 / 0.75])  # the mean stays as it was
    assert kept.float().mean().item() == pytest.approx(0.75, abs=0.03)  # 2000 draws: 3 standard deviations
    x = torch.randn(2, 3, 4)
    assert dropout.eval()(x) is x
    assert VariationalDropout(0.0).train()(x) is x


def test_subsampling_is_two_convolutions_over_the_row_alone() -> None:
    module = ConvSubsampling(8, 3, 5)
    loud(module)
    x = torch.randn(1, 17, 8)
    y = nn.functional.conv2d(x[:, None], module.first.weight, module.first.bias, stride=2, padding=1).relu()
    y = nn.functional.conv2d(y, module.second.weight, module.second.bias, stride=2, padding=1).relu()
    wanted = module.project(y.permute(0, 2, 1, 3).reshape(1, 5, -1))
    padded = torch.cat([x, torch.full((1, 6, 8), 1e3)], dim=1)
    found, frames = module(padded, torch.tensor([17]))
    assert frames.tolist() == [5]
    torch.testing.assert_close(found[:, :5], wanted, rtol=0, atol=1e-5)


def test_residual_blocks_start_as_nothing_and_go_around_two_convolutions() -> None:
    x, frames = torch.randn(2, 17, 8), torch.tensor([17, 9])
    plain, deep = ConvSubsampling(8, 3, 5), ConvSubsampling(8, 3, 5, blocks=2)
    deep.load_state_dict(plain.state_dict(), strict=False)
    assert torch.equal(deep(x, frames)[0], plain(x, frames)[0])
    block = loud(ResidualBlock(3))
    values = torch.rand(1, 3, 6, 4)
    inner = nn.functional.conv2d(values, block.first.weight, block.first.bias, padding=1).relu()
    wanted = (values + nn.functional.conv2d(inner, block.second.weight, block.second.bias, padding=1)).relu()
    padded = torch.cat([values, torch.zeros(1, 3, 5, 4)], dim=2)
    found = block(padded, torch.tensor([6]))
    torch.testing.assert_close(found[:, :, :6], wanted, rtol=0, atol=1e-6)
    assert not found[:, :, 6:].any()


# ---- mistakes


@EACH
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hiden": 3}, "unknown 'hiden' for encoder '{name}'; did you mean 'hidden'"),
        ({"bidirectional": False}, "unknown 'bidirectional' for encoder"),
        ({"dim": 3}, "unknown 'dim' for encoder"),
        ({"hidden": 0}, "hidden = 0: must be at least 1"),
        ({"layers": -1}, "layers = -1: must be at least 1"),
        ({"channels": 0}, "channels = 0: must be at least 1"),
        ({"project": 0}, "project = 0: must be at least 1"),
        ({"blocks": -1}, "blocks = -1: must be at least 0"),
        ({"hidden": 2.5}, "hidden = 2.5: should be a whole number"),
        ({"hidden": True}, "hidden = True: should be a whole number"),
        ({"hidden": "256"}, "hidden = '256': should be a whole number"),
        ({"dropout": 1.0}, "dropout = 1.0: must be at least 0 and less than 1"),
        ({"dropout": -0.1}, "dropout = -0.1: must be at least 0"),
        ({"variational_dropout": float("nan")}, "variational_dropout = nan: must be"),
        ({"dropout": "much"}, "dropout = 'much': should be a number"),
        ({"residual": 1}, "residual = 1: should be true or false"),
        ({"initialisation": "he"}, "initialisation 'he' is not known; choose orthogonal"),
        ({"initialisation": 1}, "initialisation = 1: should be a string"),
    ],
)
def test_impossible_settings_are_refused(name: str, settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match="^model: " + message.format(name=name)):
        build_encoder(name, 8, **settings)


def test_an_unknown_encoder_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match="unknown encoder 'bltsm'; did you mean 'blstm'"):
        build_encoder("bltsm", 8)
    with pytest.raises(ConfigError, match="unknown encoder 'transformer'; known: blstm, lstm"):
        build_encoder("transformer", 8)


def test_a_whole_number_will_do_for_a_rate() -> None:
    assert build_encoder("blstm", 8, **SMALL, dropout=0, forget_bias=1).outputs == 12


@EACH
def test_every_setting_has_a_default_of_a_simple_type(name: str) -> None:
    """A config can then be checked, and a checkpoint built from its config alone."""
    known = defaults(ENCODERS[name])
    assert known
    assert {type(value) for value in known.values()} <= {int, float, bool, str}
