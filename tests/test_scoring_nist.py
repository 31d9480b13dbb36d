"""Alignments and paired tests against sclite and sc_stats of NIST's SCTK (Debian's package sctk)."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from conftest import absent

from asr import audio, bundle, corpora, text
from asr.recognizer import Recognizer
from asr.scoring import Line, Report, score
from asr.scoring.bootstrap import Bootstrap
from asr.scoring.calibration import calibration, judged
from asr.scoring.card import card_of
from asr.scoring.comparison import Comparison, compare
from asr.scoring.confusions import confusions
from asr.scoring.scored import Scored
from asr.types import Hypothesis, Utterance

WORDS = list("abcdefg")
NOISE_DB = 35.0
Run = Callable[..., str]


@pytest.fixture(scope="module")
def sctk(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run a program of SCTK in a folder."""
    folder = Path("/usr/lib/sctk/bin")
    programs = {name: shutil.which(name) or str(folder / name) for name in ("sclite", "sc_stats")}
    if not all(Path(path).is_file() for path in programs.values()):
        absent("sclite and sc_stats are not there; install the Debian package sctk")

    def run(name: str, *arguments: object, stdin: str = "", cwd: Path) -> str:
        command = [programs[name], *map(str, arguments)]
        done = subprocess.run(command, input=stdin, cwd=cwd, capture_output=True, text=True, check=True, timeout=300)
        return done.stdout

    return run


def trn(texts: Mapping[str, str], path: Path) -> Path:
    path.write_text("".join(f"{text} ({id})\n" for id, text in texts.items()))
    return path


def sclite_counts(
    sctk: Run, references: Mapping[str, str], hypotheses: Mapping[str, str], folder: Path
) -> dict[str, list[int]]:
    """Return id -> correct, substituted, deleted, inserted."""
    left, right = trn(references, folder / "r.trn"), trn(hypotheses, folder / "h.trn")
    out = sctk(
        "sclite", "-r", left, "trn", "-h", right, "trn", "-i", "spu_id", "-s", "-o", "pralign", "stdout", cwd=folder
    )
    found = re.findall(r"^id: \((.*)\)\n(?:(?!Scores).*\n)*Scores: \(#C #S #D #I\) (.*)$", out, flags=re.MULTILINE)
    return {id: [int(count) for count in counts.split()] for id, counts in found}


def counts_of(report: Report) -> dict[str, list[int]]:
    return {each.id: [each.hits, each.substitutions, each.deletions, each.insertions] for each in report.utterances}


def random_texts(count: int, seed: int) -> tuple[dict[str, str], dict[str, str]]:
    rng = random.Random(seed)
    sides = [[" ".join(rng.choices(WORDS, k=rng.randint(0, 12))) for _ in range(count)] for _ in range(2)]
    ids = [f"s{number % 7}-{number:05}" for number in range(count)]
    return dict(zip(ids, sides[0], strict=True)), dict(zip(ids, sides[1], strict=True))


def test_random_pairs_are_aligned_as_by_sclite(sctk: Run, tmp_path: Path) -> None:
    references, hypotheses = random_texts(2000, seed=1)
    nist = score(references, hypotheses, alignment="nist")
    assert counts_of(nist) == sclite_counts(sctk, references, hypotheses, tmp_path)
    fewest = score(references, hypotheses)
    assert fewest.errors < nist.errors, "the cheapest edits are not always the fewest"


def test_characters_of_han_are_aligned_as_by_sclite(sctk: Run, tmp_path: Path) -> None:
    references = {"s-1": "我們 ABC 走", "s-2": "你好 world", "s-3": "一二三"}
    hypotheses = {"s-1": "我們走", "s-2": "你 好嗎 word", "s-3": "一三 四"}
    left, right = trn(references, tmp_path / "r.trn"), trn(hypotheses, tmp_path / "h.trn")
    options = ("-r", left, "trn", "-h", right, "trn", "-i", "spu_id", "-s", "-e", "utf-8", "-c", "NOASCII")
    out = sctk("sclite", *options, "-o", "pralign", "stdout", cwd=tmp_path)
    expected = [
        [int(count) for count in found.split()]
        for found in re.findall(r"^Scores: \S+ \S+ \S+ \S+ (.*)$", out, re.MULTILINE)
    ]
    assert list(counts_of(score(references, hypotheses, unit="mixed", alignment="nist")).values()) == expected


# ---- real hypotheses


def noisy(samples: np.ndarray, seed: int) -> np.ndarray:
    """Return samples [T] with white noise, so that the same model reads them as another system would."""
    noise = np.random.default_rng(seed).standard_normal(len(samples)).astype(np.float32)
    return samples + noise * np.sqrt((samples**2).mean()) * np.float32(10 ** (-NOISE_DB / 20))


def read_twice(utterances: list[Utterance]) -> tuple[list[Hypothesis], list[Hypothesis]]:
    recognizer = Recognizer(bundle.default_model())
    waves = [audio.read_utterance(each, recognizer.info.rate_hz).samples for each in utterances]
    return recognizer.transcribe_batch(waves), recognizer.transcribe_batch(
        [noisy(samples, seed) for seed, samples in enumerate(waves)]
    )


def scored(utterances: list[Utterance], hypotheses: list[Hypothesis]) -> Scored:
    rule = text.get_rule("en")
    lines = {each.id: Line(rule(each.text), each.speaker) for each in utterances}
    read = {
        each.id: Line(rule(found.text), words=found.words) for each, found in zip(utterances, hypotheses, strict=True)
    }
    report = score(
        {id: line.text for id, line in lines.items()}, {id: line.text for id, line in read.items()}, alignment="nist"
    )
    return Scored(report, lines, read, {"text_rules": "en/1", "unit": "word", "alignment": "nist"})


def check_with_sctk(sctk: Run, systems: tuple[Scored, Scored], folder: Path) -> Comparison:
    """Compare two systems, and every count and test of it with sclite and sc_stats; ids begin with the speaker."""
    speaker = {id: line.speaker for id, line in systems[0].references.items()}

    def named(texts: Mapping[str, Line]) -> dict[str, str]:
        return {f"{speaker[id]}_{number:05}": line.text for number, (id, line) in enumerate(texts.items())}

    references = named(systems[0].references)
    for system in systems:
        found = sclite_counts(sctk, references, named(system.hypotheses), folder)
        assert [found[id] for id in references] == list(counts_of(system.report).values())
    names = [trn(named(system.hypotheses), folder / f"{name}.trn") for system, name in zip(systems, "ab", strict=True)]
    reference = trn(references, folder / "r.trn")
    for name in names:
        sctk("sclite", "-r", reference, "trn", "-h", name, "trn", "-i", "spu_id", "-s", "-o", "sgml", cwd=folder)
    piped = "".join(Path(f"{name}.sgml").read_text() for name in names)
    for test in ("mapsswe", "sign"):
        sctk("sc_stats", "-p", "-t", test, "-v", "-n", folder / "out", stdin=piped, cwd=folder)
    comparison = compare(card_of(systems[0]), card_of(systems[1]), ("a", "b"), Bootstrap(rounds=10))
    verbose = "".join(path.read_text() for path in sorted(folder.glob("out*mapsswe*")))
    pairs, (count, mean, deviation, z) = (
        comparison.pairs,
        re.search(  # type: ignore[union-attr]
            r"# segs: (\d+)\).*\(mean: (\S+)\) \(std dev: (\S+)\) \(Z Stat: (\S+)\)", verbose
        ).groups(),
    )
    assert pairs.segments == int(count)
    assert (pairs.mean, pairs.deviation, pairs.z) == pytest.approx((float(mean), float(deviation), float(z)), abs=6e-4)
    signs = "".join(path.read_text() for path in sorted(folder.glob("out*sign*")))
    assert comparison.signs is not None
    odds = [int(found) for found in re.findall(r"N\([-+0]\) = +(\d+)", signs)]
    better = comparison.signs
    assert sorted(odds[:2]) == sorted([better.better_a, better.better_b])
    assert odds[2] == better.equal
    assert better.p == pytest.approx(float(re.search(r"it occurring is (\S+),", signs).group(1)), abs=6e-4)  # type: ignore[union-attr]
    return comparison


def test_an4_is_scored_and_compared_as_by_sctk(sctk: Run, test_data: Path, sample: Path, tmp_path: Path) -> None:
    utterances = corpora.get_corpus("an4").prepare(test_data / "an4", tmp_path / "data")["test"]
    clean, other = (scored(utterances, hypotheses) for hypotheses in read_twice(utterances))
    comparison = check_with_sctk(sctk, (clean, other), tmp_path)
    assert clean.report.words == 773
    assert comparison.pairs.segments > 30
    check_lists(sctk, clean, tmp_path)
    check_confidences(sctk, clean, tmp_path)


@pytest.mark.slow
def test_librispeech_is_scored_and_compared_as_by_sctk(
    sctk: Run, test_data: Path, sample: Path, tmp_path: Path
) -> None:
    source = test_data / "librispeech-sample"
    utterances = corpora.get_corpus("librispeech").prepare(source, tmp_path / "data")["test"]
    systems = [scored(utterances, hypotheses) for hypotheses in read_twice(utterances)]
    comparison = check_with_sctk(sctk, (systems[0], systems[1]), tmp_path)
    assert comparison.pairs.segments > 100


def check_lists(sctk: Run, system: Scored, folder: Path) -> None:
    """Compare the words that went wrong with the lists of sclite."""
    left = trn({id: line.text for id, line in system.references.items()}, folder / "r.trn")
    right = trn({id: line.text for id, line in system.hypotheses.items()}, folder / "h.trn")
    out = sctk("sclite", "-r", left, "trn", "-h", right, "trn", "-i", "spu_id", "-s", "-o", "dtl", "stdout", cwd=folder)
    found = confusions(system.report)
    pairs = re.findall(r"^ +\d+: +(\d+) +-> +(\S+) ==> (\S+)$", out, flags=re.MULTILINE)
    assert sorted((a, b, int(count)) for count, a, b in pairs) == sorted(found.substituted)
    for title, ours in (("INSERTIONS", found.inserted), ("DELETIONS", found.deleted)):
        part = re.search(rf"^{title} .*?-------", out, flags=re.MULTILINE | re.DOTALL)
        assert part is not None
        listed = re.findall(r"^ +\d+: +(\d+) +-> +(\S+)$", part.group(), flags=re.MULTILINE)
        assert sorted((word, int(count)) for count, word in listed) == sorted(ours)


def check_confidences(sctk: Run, system: Scored, folder: Path) -> None:
    """Compare the normalised cross entropy with that of sclite, which has confidences from CTM."""
    stm = [f"{id} 1 {line.speaker} 0 60 {line.text}" for id, line in system.references.items()]
    words = [(id, word) for id, line in sorted(system.hypotheses.items()) for word in line.words]
    ctm = [
        f"{id} 1 {word.start_s:.3f} {word.end_s - word.start_s:.3f} {word.text} {word.confidence:.6f}"
        for id, word in words
    ]
    (folder / "r.stm").write_text("\n".join(sorted(stm)) + "\n")
    (folder / "h.ctm").write_text("\n".join(ctm) + "\n")
    out = sctk(
        "sclite", "-r", folder / "r.stm", "stm", "-h", folder / "h.ctm", "ctm", "-s", "-o", "sum", "stdout", cwd=folder
    )
    entropy = re.search(r"\| Sum/Avg.*\| +(\S+) *\|$", out, flags=re.MULTILINE)
    assert entropy is not None, out
    found = calibration(*judged((system.hypotheses[each.id].words for each in system.report.utterances), system.report))
    assert found is not None
    assert found.cross_entropy == pytest.approx(float(entropy.group(1)), abs=2e-3)
