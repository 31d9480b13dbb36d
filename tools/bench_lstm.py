"""Measure forward and backward of a recipe's stack of LSTM layers against the packed form of PyTorch.

    python tools/bench_lstm.py [--config recipes/an4/config.toml] [--rounds 5] [--threads N]

Both stacks have the same weights and see the same ragged batch of 25 frames a second, as after subsampling; no
features, norms or dropout. They alternate in one process, after one round that is not counted; the ratio is of the
medians, with the least and the greatest ratio of a round. Ends with exit code 1 where outputs in fp32 differ by more
than 1e-5.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from asr import config
from asr.cores import available_cores
from asr.model.encoders import build_encoder
from asr.model.fbank import masked
from asr.model.lstm import LstmLayer

FRAMES_PER_S = 25
ROWS = 16
LENGTHS_S = ((10, 15), (2, 5))
TOLERANCE = 1e-5

Stack = Callable[[Tensor], Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    recipe = Path(__file__).resolve().parent.parent / "recipes" / "an4" / "config.toml"
    parser.add_argument("--config", type=Path, default=recipe)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=available_cores())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)  # as in training
    torch.manual_seed(0)
    layers = layers_of(config.load(options.config))
    twin = packed_twin(layers)
    sizes = ", ".join(f"{layer.ahead.input_size} -> 2 x {layer.ahead.hidden_size}" for layer in layers)
    print(f"{sizes}; {ROWS} utterances, {options.threads} threads, torch {torch.__version__}, {options.rounds} rounds")
    print("clips     precision  dense ms  packed ms  ratio (least to greatest)  outputs differ by")
    differences = [
        compare(layers, twin, span, precision, options.rounds)
        for precision in (torch.float32, torch.bfloat16)
        for span in LENGTHS_S
    ]
    if max(differences[: len(LENGTHS_S)]) > TOLERANCE:
        sys.exit(f"in fp32 the outputs differ by more than {TOLERANCE:g}")


def layers_of(settings: config.Config) -> list[LstmLayer]:
    """Return the bidirectional layers of the encoder that the settings describe, fresh."""
    encoder = build_encoder(settings.model.encoder, settings.features.spec().dim, **settings.model.settings)
    layers = [module for module in encoder.modules() if isinstance(module, LstmLayer)]
    if not layers or any(layer.back is None for layer in layers):
        sys.exit("the config's encoder has no stack of bidirectional LSTM layers")
    return layers


def packed_twin(layers: list[LstmLayer]) -> nn.LSTM:
    """Return the same stack with the same weights as one bidirectional LSTM of PyTorch."""
    first = layers[0].ahead
    twin = nn.LSTM(first.input_size, first.hidden_size, len(layers), batch_first=True, bidirectional=True)
    for number, layer in enumerate(layers):
        for name, weight in layer.named_parameters():  # such as back.weight_ih_l0
            direction, _, kind = name.partition(".")
            suffix = "_reverse" if direction == "back" else ""
            getattr(twin, kind.removesuffix("0") + f"{number}{suffix}").data.copy_(weight)
    return twin


def compare(
    layers: list[LstmLayer], twin: nn.LSTM, span_s: tuple[int, int], precision: torch.dtype, rounds: int
) -> float:
    """Print the line of one kind of batch and return the greatest difference of the outputs within the lengths."""
    lengths = torch.randint(span_s[0] * FRAMES_PER_S, span_s[1] * FRAMES_PER_S + 1, (ROWS,))
    lengths[0] = span_s[1] * FRAMES_PER_S
    x = torch.randn(ROWS, int(lengths.max()), layers[0].ahead.input_size)

    def dense(x: Tensor) -> Tensor:
        for layer in layers:
            x = layer(x, lengths)
        return masked(x, lengths)

    def packed(x: Tensor) -> Tensor:
        y, _ = twin(pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False))
        return pad_packed_sequence(y, batch_first=True)[0]

    with torch.no_grad(), autocast(precision):
        difference = (dense(x).float() - packed(x).float()).abs().max().item()
    dense_s, packed_s = alternate(rounds, lambda: step(dense, x, precision), lambda: step(packed, x, precision))
    ratios = [slow / fast for fast, slow in zip(dense_s, packed_s, strict=True)]
    print(
        f"{span_s[0]:2}-{span_s[1]:<2} s   {'fp32' if precision == torch.float32 else 'bf16':9}"
        f"{1000 * median(dense_s):10.1f}{1000 * median(packed_s):11.1f}"
        f"{median(packed_s) / median(dense_s):7.2f} ({min(ratios):.2f} to {max(ratios):.2f}){difference:19.1e}",
        flush=True,
    )
    return difference


def autocast(precision: torch.dtype) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16)


def step(stack: Stack, x: Tensor, precision: torch.dtype) -> None:
    """Go forward and backward, to the weights and to the input, as below other layers."""
    x = x.detach().requires_grad_()
    with autocast(precision):
        y = stack(x)
    y.float().square().mean().backward()


def alternate(rounds: int, *jobs: Callable[[], None]) -> list[list[float]]:
    """Return the seconds of each job in every round but the first."""
    seconds: list[list[float]] = [[] for _ in jobs]
    for number in range(rounds + 1):
        for job, spent in zip(jobs, seconds, strict=True):
            started = time.perf_counter()
            job()
            if number:
                spent.append(time.perf_counter() - started)
    return seconds


if __name__ == "__main__":
    main()
