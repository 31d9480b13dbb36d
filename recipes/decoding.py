"""What each part of the decoder buys: n-gram models are trained, the search is tuned on dev, and all ways are scored.

    python recipes/decoding.py MODEL --data DIR --out DIR [--text FILE ...]

MODEL is a .onnx file and DIR/data what a recipe prepared: dev.jsonl, test.jsonl and, where no --text is given,
train.jsonl. Without --text the language model for tuning and for dev knows the training texts alone, the one for test
those of dev too. A text has a sentence a line; in LibriSpeech's own transcripts (*.trans.txt) a name comes first. It
must not hold what dev and test say. `out` receives DECODING.md, the language models, and a copy of the model that holds
the settings that were found. A run that was stopped goes on when it is started again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common import claim, copy, step, write
from results import per_cent

from asr import bundle, lm
from asr.errors import AsrError
from asr.files import existing_file

TRANSCRIPT = ".trans.txt"
GREEDY = "greedy"


def main() -> None:
    options = parsed()
    try:
        run(options.model, options.data, options.out, options.text, options.order)
    except AsrError as error:
        sys.exit(f"{type(error).__name__}: {error}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .onnx file of this package")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="train, dev and test as manifests")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where everything goes")
    parser.add_argument("--text", type=Path, nargs="+", default=[], metavar="FILE", help="what the n-grams are from")
    parser.add_argument("--order", type=int, default=3, metavar="N", help="words in the longest n-grams (3)")
    return parser.parse_args()


def run(source: Path, data: Path, out: Path, text: Sequence[Path], order: int) -> None:
    """Do every step that is not done yet; `out` then holds DECODING.md."""
    claim(out / "made-from.txt", made_from(source, data, text, order), begun=any(out.glob("*.arpa")))
    model = out / source.name
    if not model.exists():
        copy(existing_file(source, "model"), model)
    rules = bundle.read_info(model).text_rules
    known, more = ([plain(path, out) for path in text], []) if text else ([data / "train.jsonl"], [data / "dev.jsonl"])
    tuning = language_model(out / "tune.arpa", known, order, rules)
    final = language_model(out / "final.arpa", [*known, *more], order, rules) if more else tuning
    step(out / "tune.json", "tune", model, data / "dev.jsonl", "--lm", tuning, "--json", out / "tune.json")
    scores = {
        split: {way: scored(model, data, out, split, way, how) for way, how in ways(own, out, order).items()}
        for split, own in (("dev", tuning), ("test", final))
    }
    write(out / "DECODING.md", page(model, scores, json.loads((out / "tune.json").read_text("utf-8"))["best"]))
    print((out / "DECODING.md").read_text("utf-8"), end="")


def made_from(source: Path, data: Path, text: Sequence[Path], order: int) -> str:
    return "".join(f"{path.resolve()}\n" for path in (source, data, *text)) + f"{order}\n"


def plain(text: Path, out: Path) -> Path:
    """Return a text with a sentence a line, for a transcript one without the names of its utterances."""
    if not text.name.endswith(TRANSCRIPT):
        return text
    lines = existing_file(text, "text").read_text(encoding="utf-8").splitlines()
    stripped = out / f"{text.name.removesuffix(TRANSCRIPT)}.txt"
    write(stripped, "".join(f"{line.partition(' ')[2]}\n" for line in lines))
    return stripped


def language_model(arpa: Path, texts: Sequence[Path], order: int, rules: str) -> Path:
    """Train a model and return it as a binary; a small text may need the fixed discounts."""
    step(arpa, "lm", "train", *texts, "--order", order, "--rules", rules, "--fallback-discounts", "--out", arpa)
    step(arpa.with_suffix(".bin"), "lm", "build", arpa, "--out", arpa.with_suffix(".bin"))
    return arpa.with_suffix(".bin")


def ways(model: Path, out: Path, order: int) -> dict[str, list[object]]:
    """Return what `asr evaluate` is told for each way to decode."""
    beam: list[object] = ["--decoder", "beam"]
    fused, listed = ["--lm", model], ["--lexicon", word_list(model)]
    return {
        GREEDY: ["--decoder", GREEDY],
        "beam": beam,
        "beam, a list of words": [*beam, *listed],
        f"beam, {order}-gram": [*beam, *fused],
        f"beam, {order}-gram, a list of words": [*beam, *fused, *listed],
    }


def word_list(model: Path) -> Path:
    """Return a file with all words of a language model, one a line."""
    path = model.with_suffix(".words")
    if not path.exists():
        known = lm.load(model)
        special = {known.bos, known.eos, known.unk}
        write(path, "".join(f"{word}\n" for number, word in enumerate(known.words) if number not in special))
    return path


def scored(model: Path, data: Path, out: Path, split: str, way: str, how: Sequence[object]) -> dict[str, Any]:
    score = out / f"{split}-{way.replace(', ', '-').replace(' ', '-')}.json"
    step(score, "evaluate", model, data / f"{split}.jsonl", *how, "--json", score)
    return dict(json.loads(score.read_text("utf-8")))


def page(model: Path, scores: dict[str, dict[str, dict[str, Any]]], best: dict[str, Any]) -> str:
    """Return the table in Markdown, with the errors on test that each way spares."""
    dev, test = scores["dev"], scores["test"]
    lines = [
        f"Word and character error rates of {model.name} in per cent; test has {test[GREEDY]['words']} words. Tuned on "
        f"dev: {', '.join(f'{name} {best[name]:g}' for name in ('lm_weight', 'word_bonus', 'beam'))}.",
        "",
        "| decoder | dev WER | test WER | test CER | fewer errors than greedy on test |",
        "|:--|--:|--:|--:|--:|",
    ]
    for way, score in test.items():
        fewer = 1 - score["wer"] / test[GREEDY]["wer"] if test[GREEDY]["wer"] else 0.0
        cells = [way, per_cent(dev[way]["wer"]), per_cent(score["wer"]), per_cent(score["cer"])]
        lines.append(f"| {' | '.join(cells)} | {'' if way == GREEDY else f'{fewer:.1%}'} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
