"""Measure our beam search against pyctcdecode and flashlight-text, both with KenLM, on the same log-probabilities.

    python tools/bench_decoders.py --model M.onnx --manifest test.jsonl --lm lm.arpa [--dev dev.jsonl]
        [--opponents FOLDER] [--rounds 5] [--json FILE]

The opponents are installed from the package index into an environment of their own, which is made once; one that cannot
be installed is left out. The model runs once; each decoder then has a process of its own and one thread, and they take
turns in rounds on the same log-probabilities. Only the calls to decode are counted, after some that are not; figures
are medians over the rounds, ratios those of medians.

First all decode alike: the same beam, limit of tokens, threshold and weights (a log10 and a natural logarithm brought
to one unit; pyctcdecode, which has no limit of tokens, gets log-probabilities without the others). Then, with --dev,
each at its best: its weights and then its limits are searched there, the opponents' for the fastest whose error rate
is within 1 % of their lowest, ours for the fastest that is no worse than the better of the two.
"open" takes any word, as pyctcdecode does; "closed" only those of the language model, as flashlight-text does.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any

import asr
from asr.machine import processor

sys.path.insert(0, str(Path(__file__).resolve().parent / "decoder_bench"))

from material import Set, prepare_words, read_set
from opponents import environment, installed
from rounds import Result, Stage, note
from settings import FLASHLIGHT, OURS, PYCTCDECODE, START, Setting, Trial, best_weights, fastest, sweep

BEAMS = (100, 16)
SLACK = 0.01  # of an error rate: what an opponent may lose to be faster
HOTWORDS = {OURS: 1000, PYCTCDECODE: 100}
# What there is to compare: decoder, vocabulary, sum over paths.
KINDS = (
    (OURS, "open", True),
    (PYCTCDECODE, "open", True),
    (OURS, "closed", True),
    (FLASHLIGHT, "closed", False),
    (FLASHLIGHT, "closed", True),
    (OURS, "none", True),
    (PYCTCDECODE, "none", True),
    (FLASHLIGHT, "none", False),
)


def main() -> None:
    options = parsed()
    python = environment(options.opponents, options.python)
    versions = installed(python)
    pythons = {OURS: Path(sys.executable)} | dict.fromkeys(versions, python)
    test = read_set(options.model, options.manifest, options.utterances)
    dev = read_set(options.model, options.dev, options.utterances) if options.dev else None
    print("; ".join([f"asr {asr.__version__}", *versions.values(), f"Python {platform.python_version()}"]))
    print(f"{options.model.name}, {len(test.tokens)} tokens; {options.lm.name}; {processor()}, one thread each")
    found = bench(test, dev, pythons, options)
    if options.json:
        options.json.write_text(json.dumps(as_json(found), indent=1), encoding="utf-8")


def bench(test: Set, dev: Set | None, pythons: Mapping[str, Path], options: argparse.Namespace) -> dict[str, Any]:
    """Print all tables and return what is in them; pythons: of each decoder that is there."""
    print(f"{len(test.ids)} utterances, {test.audio_s:.1f} s of audio; {options.rounds} rounds, {options.clock} time")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stages:
        folder = Path(name)
        words = prepare_words(options.lm, test.tokens, max(HOTWORDS.values()), options.build_binary, folder)

        def stage(data: Set, file: str) -> Stage:
            return stages.enter_context(Stage(data, folder / file, words, pythons, cache=folder / "numba"))

        on_test = stage(test, "test.npz")
        found: dict[str, Any] = {"starts": show_starts(on_test, options), "alike": show_alike(on_test, options)}
        if dev is not None:
            best = best_settings(stage(dev, "dev.npz"))
            found["best"] = show("each at its best settings (found on --dev)", on_test, best, options)
        return found | {"hot words": show_hotwords(on_test, options)}


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a model with characters as tokens")
    parser.add_argument("--manifest", type=Path, required=True, help="what is decoded in the tables")
    parser.add_argument("--lm", type=Path, required=True, help="a word n-gram model as ARPA")
    parser.add_argument("--dev", type=Path, help="where each decoder's best settings are searched")
    parser.add_argument("--opponents", type=Path, default=Path(".venv-opponents"), help="their environment")
    parser.add_argument("--python", default=sys.executable, help="what the environment is made with (3.11 has wheels)")
    parser.add_argument("--build-binary", default="build_binary", help="KenLM's tool, if it is there")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--utterances", type=int, help="take only the first so many of each manifest")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu where the machine is busy")
    parser.add_argument("--tokens", type=int, default=10, help="all alike: tokens that a frame may add")
    parser.add_argument("--threshold", type=float, default=20.0, help="all alike: how far below the best is dropped")
    parser.add_argument("--lm-weight", type=float, default=0.75)
    parser.add_argument("--word-bonus", type=float, default=1.0)
    parser.add_argument("--unknown-price", type=float, default=5.0)
    parser.add_argument("--json", type=Path, help="write all figures there, of every round")
    return parser.parse_args()


# ---- all alike


def alike(options: argparse.Namespace, decoders: Sequence[str]) -> list[Setting]:
    """Return the same limits for all decoders that are there."""
    weights = dict.fromkeys(("open", "closed"), (options.lm_weight, options.word_bonus, options.unknown_price))
    limits = (options.tokens, options.threshold, None)
    return [
        Setting(decoder, vocabulary, beam, *limits, *weights.get(vocabulary, ()), log_add=log_add)
        for beam in BEAMS
        for decoder, vocabulary, log_add in KINDS
        if decoder in decoders
    ]


def show_alike(stage: Stage, options: argparse.Namespace) -> list[Result]:
    results = show("the same settings for all", stage, alike(options, stage.decoders), options)
    narrow = next(each for each in results if each.setting.beam == BEAMS[-1])
    print(f"beam {BEAMS[-1]}: {narrow.ms(options.clock):.3f} ms per second of audio")
    return results


# ---- each at its best


def best_settings(stage: Stage) -> list[Setting]:
    """Return each decoder's best on the development set."""
    trials = {start: searched(start, stage) for start in START if start.decoder in stage.decoders}
    lowest = {start: min(trial.wer for trial in tried) for start, tried in trials.items()}
    chosen = {
        start: fastest(tried, (1 + SLACK) * lowest[start]) for start, tried in trials.items() if start.decoder != OURS
    }
    target = min((trial.wer for trial in chosen.values()), default=None)
    for start, tried in trials.items():
        if start.decoder == OURS:
            chosen[start] = fastest(tried, (1 + SLACK) * lowest[start] if target is None else target)
    for trial in chosen.values():
        note(f"best on dev: {trial.setting.name}: {trial.wer:.2%} at {trial.setting.limits}; {trial.setting.weights}")
    return [chosen[start].setting for start in trials]


def searched(start: Setting, stage: Stage) -> list[Trial]:
    def measure(setting: Setting) -> Trial:
        trial = stage.measure(setting)
        note(f"{setting.name}: {trial.wer:.2%}, {trial.seconds:.2f} s at {setting.limits}; {setting.weights}")
        return trial

    return sweep(best_weights(start, measure), measure)


# ---- hot words and the first result


def show_hotwords(stage: Stage, options: argparse.Namespace) -> list[Result]:
    """Print what hot words cost: pairs of the same setting without and with them."""
    plain = [each for each in alike(options, stage.decoders) if each.vocabulary == "open" and each.decoder in HOTWORDS]
    pairs = [[each, replace(each, hotwords=HOTWORDS[each.decoder])] for each in plain]
    results = stage.rounds([setting for pair in pairs for setting in pair], options.rounds)
    print("\nhot words, drawn from the language model's words by chance:")
    for before, after in zip(results[::2], results[1::2], strict=True):
        without, those = before.ms(options.clock), after.ms(options.clock)
        print(
            f"  {before.setting.name}, {before.setting.limits}: none {without:.3f}, {after.setting.hotwords} "
            f"{those:.3f} ms per second of audio ({those / without - 1:+.1%}); WER {before.wer:.2%}, {after.wer:.2%}"
        )
    return results


def show_starts(stage: Stage, options: argparse.Namespace) -> list[dict[str, float]]:
    starts = stage.starts(options.rounds)
    first, *later = starts
    print("\nfrom the start of the program to the first hypothesis, and of this the decoder alone:")
    print(f"  compiling   {first['all_s']:6.2f} s  {first['decoder_s']:6.2f} s")
    print(f"  from cache  {middle(later, 'all_s'):6.2f} s  {middle(later, 'decoder_s'):6.2f} s")
    return starts


def middle(starts: Sequence[Mapping[str, float]], what: str) -> float:
    return median(start[what] for start in starts)


# ---- tables


def show(title: str, stage: Stage, settings: Sequence[Setting], options: argparse.Namespace) -> list[Result]:
    """Measure settings in rounds and print their table; ratios are to ours at the same beam, or at its best."""
    results = stage.rounds(settings, options.rounds)
    print(f"\n{title}: ms per second of audio")
    print(f"{'decoder':34} {'WER':>7} {'ms':>9} {'x ours':>15}  settings")
    groups = groupby(results, lambda each: each.setting.beam if title.startswith("the same") else 0)
    for _, group in groups:
        for line in table(list(group), options.clock):
            print(line)
    return results


def table(results: Sequence[Result], clock: str) -> list[str]:
    return [
        f"{each.setting.name:34} {each.wer:7.2%} {each.ms(clock):9.3f} {ratios(each, results, clock):>15}  "
        f"{each.setting.limits}; {each.setting.weights}".rstrip("; ")
        for each in results
    ]


def ratios(result: Result, results: Sequence[Result], clock: str) -> str:
    """Return how many times longer it takes than ours: (open, closed) beside a language model."""
    if result.setting.decoder == OURS:
        return ""
    alone = result.setting.vocabulary == "none"
    ours = [
        other for other in results if other.setting.decoder == OURS and (other.setting.vocabulary == "none") == alone
    ]
    return ", ".join(f"{result.ms(clock) / other.ms(clock):.2f}" for other in ours)


def as_json(found: object) -> object:
    if isinstance(found, Result):
        return asdict(found) | {"ms_per_s": {clock: found.ms(clock) for clock in ("wall", "cpu")}}
    if isinstance(found, Mapping):
        return {key: as_json(value) for key, value in found.items()}
    return [as_json(value) for value in found] if isinstance(found, list) else found


if __name__ == "__main__":
    main()
