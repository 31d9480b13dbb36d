"""The recurrent layer, exact under padding and fast, and the reference cell that writes its equations out."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from asr.errors import ConfigError

Initialisation = Literal["orthogonal", "xavier", "uniform"]


class LstmLayer(nn.Module):
    """One LSTM layer over a padded batch, in one direction or in two whose outputs are concatenated.

    x [B, T, inputs] and lengths [B] -> [B, T, hidden] or [B, T, 2 * hidden]. The output within a row's length never
    depends on the padding; past it the values mean nothing and the caller masks them.

    The backward direction reads every row reversed by its own length. That is the function of
    `pack_padded_sequence` with bidirectional=True, while both directions keep the fast kernels of a dense batch.
    """

    def __init__(
        self,
        inputs: int,
        hidden: int,
        *,
        bidirectional: bool = True,
        forget_bias: float = 1.0,
        initialisation: Initialisation = "orthogonal",
    ) -> None:
        super().__init__()
        self.ahead = nn.LSTM(inputs, hidden, batch_first=True)
        self.back = nn.LSTM(inputs, hidden, batch_first=True) if bidirectional else None
        self.outputs = hidden * (2 if bidirectional else 1)
        for cells in (self.ahead, self.back):
            if cells is not None:
                initialise(cells, forget_bias=forget_bias, initialisation=initialisation)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        if x.shape[1] == 0:
            return x.new_zeros(x.shape[0], 0, self.outputs)
        ahead, _ = self.ahead(x)
        if self.back is None:
            return torch.as_tensor(ahead)
        back, _ = self.back(reversed_rows(x, lengths))
        return torch.cat([ahead, reversed_rows(back, lengths)], dim=-1)


def reversed_rows(x: Tensor, lengths: Tensor) -> Tensor:
    """Return x [B, T, C] with the first lengths[b] frames of each row in reverse order, the rest in place."""
    step = torch.arange(x.shape[1], device=x.device)
    last = lengths[:, None] - 1
    index = torch.where(step <= last, last - step, step)  # [B, T]
    return x.gather(1, index[:, :, None].expand(-1, -1, x.shape[2]))


def initialise(cells: nn.LSTM, *, forget_bias: float, initialisation: Initialisation) -> None:
    """Set the weights of an LSTM in place.

    'orthogonal': orthogonal recurrent matrices keep the length of the state over many steps (Saxe et al. 2014),
    Xavier for the inputs (Glorot and Bengio 2010). 'xavier': Xavier for both. 'uniform': PyTorch's own
    1/sqrt(hidden). A forget bias of 1 lets the cell remember from the first update on (Gers et al. 2000;
    Jozefowicz et al. 2015).
    """
    if initialisation not in ("orthogonal", "xavier", "uniform"):
        raise ConfigError(
            f"model: initialisation {initialisation!r} is not known; choose orthogonal, xavier or uniform"
        )
    with torch.no_grad():
        for name, weight in cells.named_parameters():
            if "bias" in name:
                weight.zero_()
            elif initialisation != "uniform":
                recurrent = name.startswith("weight_hh")
                for gate in weight.chunk(4):
                    if recurrent and initialisation == "orthogonal":
                        nn.init.orthogonal_(gate)
                    else:
                        nn.init.xavier_uniform_(gate)
        # Of the two biases that PyTorch adds up, one alone, so that their sum is `forget_bias`.
        dict(cells.named_parameters())["bias_ih_l0"].chunk(4)[1].fill_(forget_bias)


def reference_cell(
    x: Tensor, hidden: Tensor, cell: Tensor, weight_ih: Tensor, weight_hh: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the next hidden and cell state of one LSTM step, gate by gate: the oracle of the fast layer.

    x [B, I], hidden and cell [B, H], weight_ih [4H, I], weight_hh [4H, H], bias [4H] in the order input, forget,
    candidate, output (Hochreiter and Schmidhuber 1997; forget gate of Gers et al. 2000):

        i = sigmoid(W_i x + U_i h + b_i)      f = sigmoid(W_f x + U_f h + b_f)
        g = tanh(W_g x + U_g h + b_g)         o = sigmoid(W_o x + U_o h + b_o)
        c' = f * c + i * g                    h' = o * tanh(c')
    """
    w_i, w_f, w_g, w_o = weight_ih.chunk(4)
    u_i, u_f, u_g, u_o = weight_hh.chunk(4)
    b_i, b_f, b_g, b_o = bias.chunk(4)
    input_gate = torch.sigmoid(x @ w_i.T + hidden @ u_i.T + b_i)
    forget_gate = torch.sigmoid(x @ w_f.T + hidden @ u_f.T + b_f)
    candidate = torch.tanh(x @ w_g.T + hidden @ u_g.T + b_g)
    output_gate = torch.sigmoid(x @ w_o.T + hidden @ u_o.T + b_o)
    cell = forget_gate * cell + input_gate * candidate
    return output_gate * torch.tanh(cell), cell


def reference_layer(x: Tensor, cells: nn.LSTM, *, backward: bool = False) -> Tensor:
    """Return the outputs of one direction over one utterance, step by step: x [T, inputs] -> [T, hidden]."""
    weights = dict(cells.named_parameters())
    weight_ih, weight_hh = weights["weight_ih_l0"], weights["weight_hh_l0"]
    bias = weights["bias_ih_l0"] + weights["bias_hh_l0"]
    hidden = cell = x.new_zeros(1, cells.hidden_size)
    outputs: list[Tensor] = []
    for step in reversed(range(len(x))) if backward else range(len(x)):
        hidden, cell = reference_cell(x[step : step + 1], hidden, cell, weight_ih, weight_hh, bias)
        outputs.append(hidden)
    ordered = outputs[::-1] if backward else outputs
    return torch.cat(ordered) if ordered else x.new_zeros(0, cells.hidden_size)
