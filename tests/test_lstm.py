"""The LSTM layer against the packed Bi-LSTM of PyTorch and against its own equations."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from asr.errors import ConfigError
from asr.model.lstm import LstmLayer, reference_cell, reference_layer, reversed_rows

pytestmark = pytest.mark.usefixtures("one_thread")

LENGTHS = [9, 0, 1, 5, 2, 9]
DIRECTIONS = pytest.mark.parametrize("bidirectional", [True, False], ids=["both", "ahead"])


def ragged(inputs: int = 3) -> tuple[Tensor, Tensor]:
    return torch.randn(len(LENGTHS), max(LENGTHS), inputs), torch.tensor(LENGTHS)


def packed_twin(layer: LstmLayer, inputs: int, hidden: int) -> nn.LSTM:
    """Return PyTorch's own LSTM with the weights of a layer."""
    twin = nn.LSTM(inputs, hidden, batch_first=True, bidirectional=layer.back is not None)
    weights = {name: weight.detach().clone() for name, weight in layer.ahead.named_parameters()}
    if layer.back is not None:
        weights |= {f"{name}_reverse": weight.detach().clone() for name, weight in layer.back.named_parameters()}
    twin.load_state_dict(weights)
    return twin


def packed(twin: nn.LSTM, x: Tensor, lengths: Tensor) -> Tensor:
    sequence = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(twin(sequence)[0], batch_first=True)[0]


def within(y: Tensor, lengths: Tensor) -> Tensor:
    """Return all frames that count, one after the other."""
    return torch.cat([row[:length] for row, length in zip(y, lengths.tolist(), strict=True)])


# ---- against the packed form


@DIRECTIONS
def test_outputs_and_gradients_are_those_of_the_packed_form(bidirectional: bool) -> None:
    layer = LstmLayer(3, 4, bidirectional=bidirectional)
    for bias in (weight for name, weight in layer.named_parameters() if "bias" in name):
        nn.init.normal_(bias)
    twin = packed_twin(layer, 3, 4)
    x, lengths = ragged()
    target = torch.randn(int(lengths.sum()), layer.outputs)
    there = lengths > 0  # packing refuses a row of no frames

    ours = x.clone().requires_grad_()
    found = within(layer(ours, lengths), lengths)
    (found * target).sum().backward()
    theirs = x[there].clone().requires_grad_()
    wanted = within(packed(twin, theirs, lengths[there]), lengths[there])
    (wanted * target).sum().backward()

    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-6)
    assert ours.grad is not None
    torch.testing.assert_close(ours.grad[there], theirs.grad, rtol=0, atol=1e-5)
    assert not ours.grad[~there].any()
    names = {f"ahead.{name}": name for name, _ in layer.ahead.named_parameters()}
    if layer.back is not None:
        names |= {f"back.{name}": f"{name}_reverse" for name, _ in layer.back.named_parameters()}
    gradients = {name: weight.grad for name, weight in twin.named_parameters()}
    for name, weight in layer.named_parameters():
        torch.testing.assert_close(weight.grad, gradients[names[name]], rtol=1e-5, atol=1e-5, msg=name)


def test_a_stack_is_the_packed_stack() -> None:
    layers = [LstmLayer(3, 4), LstmLayer(8, 4), LstmLayer(8, 4)]
    x, lengths = ragged()
    lengths = lengths.clamp_min(1)
    found = wanted = x
    for layer in layers:
        found = layer(found, lengths)
        wanted = packed(packed_twin(layer, wanted.shape[2], 4), wanted, lengths)
    torch.testing.assert_close(within(found, lengths), within(wanted, lengths), rtol=0, atol=1e-6)


# ---- against the equations


@DIRECTIONS
def test_the_layer_follows_the_equations_of_the_cell(bidirectional: bool) -> None:
    layer = LstmLayer(3, 4, bidirectional=bidirectional).double()
    x, lengths = ragged()
    x = x.double()
    y = layer(x, lengths)
    for row, values, length in zip(y, x, lengths.tolist(), strict=True):
        wanted = reference_layer(values[:length], layer.ahead)
        if layer.back is not None:
            wanted = torch.cat([wanted, reference_layer(values[:length], layer.back, backward=True)], dim=-1)
        assert wanted.shape == (length, layer.outputs)
        torch.testing.assert_close(row[:length], wanted, rtol=0, atol=1e-12)


def test_the_cell_is_that_of_pytorch() -> None:
    """`nn.LSTMCell` documents the same equations; its two biases are added up."""
    cell = nn.LSTMCell(3, 4).double()
    x, hidden, state = torch.randn(5, 3).double(), torch.randn(5, 4).double(), torch.randn(5, 4).double()
    bias = cell.bias_ih + cell.bias_hh
    found = reference_cell(x, hidden, state, cell.weight_ih, cell.weight_hh, bias)
    for ours, theirs in zip(found, cell(x, (hidden, state)), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_the_cell_by_hand() -> None:
    """With all weights zero every gate is half open: half of the state is kept, and half of its tanh comes out."""
    zeros = torch.zeros(4, 1, dtype=torch.float64)
    hidden, state = reference_cell(zeros[:1], zeros[:1], zeros[:1] + 2.0, zeros, zeros, zeros[:, 0])
    assert state.item() == pytest.approx(1.0)
    assert hidden.item() == pytest.approx(0.5 * 0.7615941559557649)  # tanh(1)


def test_the_gradients_of_the_cell_are_its_differences() -> None:
    shapes = [(2, 3), (2, 2), (2, 2), (8, 3), (8, 2), (8,)]
    values = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    assert torch.autograd.gradcheck(reference_cell, values)


@DIRECTIONS
def test_the_gradients_of_the_layer_are_its_differences(bidirectional: bool) -> None:
    layer = LstmLayer(2, 2, bidirectional=bidirectional).double()
    names = [name for name, _ in layer.named_parameters()]
    lengths = torch.tensor([3, 0, 1])
    x = torch.randn(3, 3, 2, dtype=torch.float64, requires_grad=True)

    def outputs(x: Tensor, *weights: Tensor) -> Tensor:
        y = torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x, lengths))
        return within(y, lengths)

    assert torch.autograd.gradcheck(outputs, (x, *layer.parameters()))


# ---- padding


@DIRECTIONS
@pytest.mark.parametrize("padding", [1e4, float("nan")])
def test_padding_does_not_change_a_single_bit(bidirectional: bool, padding: float) -> None:
    layer = LstmLayer(3, 4, bidirectional=bidirectional)
    x, lengths = ragged()
    wanted = within(layer(x, lengths), lengths)
    for row, length in zip(x, LENGTHS, strict=True):
        row[length:] = padding
    assert torch.equal(within(layer(x, lengths), lengths), wanted)


@DIRECTIONS
def test_a_batch_gives_what_each_row_gives_alone(bidirectional: bool) -> None:
    layer = LstmLayer(3, 4, bidirectional=bidirectional)
    x, lengths = ragged()
    y = layer(x, lengths)
    for row, values, length in zip(y, x, LENGTHS, strict=True):
        alone = layer(values[None, :length], torch.tensor([length]))[0]
        torch.testing.assert_close(row[:length], alone, rtol=0, atol=1e-6)


@DIRECTIONS
def test_no_frames_at_all_give_none(bidirectional: bool) -> None:
    layer = LstmLayer(3, 4, bidirectional=bidirectional)
    assert layer(torch.zeros(2, 0, 3), torch.tensor([0, 0])).shape == (2, 0, layer.outputs)
    assert layer(torch.zeros(2, 3, 3), torch.tensor([0, 0])).shape == (2, 3, layer.outputs)


def test_rows_are_reversed_within_their_length() -> None:
    rows = torch.arange(12.0).reshape(3, 4, 1)
    found = reversed_rows(rows, torch.tensor([4, 2, 0]))[:, :, 0]
    assert found.tolist() == [[3, 2, 1, 0], [5, 4, 6, 7], [8, 9, 10, 11]]


# ---- initialisation


@pytest.mark.parametrize("initialisation", ["orthogonal", "xavier", "uniform"])
@pytest.mark.parametrize("forget_bias", [1.0, 0.0])
def test_the_forget_gate_begins_with_its_bias_once(initialisation: str, forget_bias: float) -> None:
    layer = LstmLayer(3, 4, initialisation=initialisation, forget_bias=forget_bias)  # type: ignore[arg-type]
    for cells in (layer.ahead, layer.back):
        assert cells is not None
        biases = dict(cells.named_parameters())
        total = biases["bias_ih_l0"] + biases["bias_hh_l0"]  # input, forget, candidate, output
        assert total.tolist() == [0.0] * 4 + [forget_bias] * 4 + [0.0] * 8


def test_orthogonal_recurrent_matrices_keep_lengths() -> None:
    layer = LstmLayer(8, 16, initialisation="orthogonal")
    for cells in (layer.ahead, layer.back):
        assert cells is not None
        for gate in dict(cells.named_parameters())["weight_hh_l0"].chunk(4):
            torch.testing.assert_close(gate @ gate.T, torch.eye(16), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("initialisation", "recurrent_bound"), [("xavier", (6 / 128) ** 0.5), ("uniform", (1 / 64) ** 0.5)]
)
def test_the_others_stay_within_their_bounds_and_reach_them(initialisation: str, recurrent_bound: float) -> None:
    layer = LstmLayer(32, 64, initialisation=initialisation)  # type: ignore[arg-type]
    weights = dict(layer.ahead.named_parameters())
    # Glorot and Bengio 2010, eq. 16, gate by gate: sqrt(6 / (fan in + fan out))
    input_bound = (6 / 96) ** 0.5 if initialisation == "xavier" else recurrent_bound
    for name, bound in (("weight_ih_l0", input_bound), ("weight_hh_l0", recurrent_bound)):
        largest = weights[name].detach().abs().max().item()
        assert 0.95 * bound < largest <= bound


def test_an_unknown_initialisation_lists_the_known() -> None:
    with pytest.raises(ConfigError, match="'he' is not known; choose orthogonal, xavier or uniform"):
        LstmLayer(3, 4, initialisation="he")  # type: ignore[arg-type]
