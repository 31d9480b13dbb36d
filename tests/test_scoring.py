"""Error rates against jiwer and brute force, pairing, the picture of an alignment, and the files that hold texts."""

from __future__ import annotations

import functools
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import jiwer
import pytest

import asr.scoring
from asr.errors import DataError, MissingFile
from asr.scoring import aligned_text, read_texts, score
from asr.scoring.alignment import cells

WORDS = ["a", "i", "o", "the", "ten", "tent", "é", "你", "o'clock"]  # one-letter words on purpose


def random_texts(seed: int, pairs: int = 200, empty: bool = True) -> tuple[dict[str, str], dict[str, str]]:
    rng = random.Random(seed)
    shortest = 0 if empty else 1
    texts = [[" ".join(rng.choices(WORDS, k=rng.randint(shortest, 7))) for _ in range(pairs)] for _ in range(2)]
    ids = [f"utt-{number}" for number in range(pairs)]
    return dict(zip(ids, texts[0], strict=True)), dict(zip(ids, texts[1], strict=True))


def distance(left: Sequence[str], right: Sequence[str]) -> int:
    """Levenshtein's distance by its recursive definition."""

    @functools.cache
    def between(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        return min(between(i - 1, j) + 1, between(i, j - 1) + 1, between(i - 1, j - 1) + (left[i - 1] != right[j - 1]))

    return between(len(left), len(right))


@pytest.mark.parametrize("empty", [False, True])
def test_counts_and_rates_agree_with_jiwer(empty: bool) -> None:
    references, hypotheses = random_texts(seed=1, empty=empty)
    report = score(references, dict(reversed(hypotheses.items())))  # the order of the other side must not matter
    words = jiwer.process_words(list(references.values()), list(hypotheses.values()))
    chars = jiwer.process_characters(list(references.values()), list(hypotheses.values()))
    assert (report.hits, report.substitutions) == (words.hits, words.substitutions)
    assert (report.deletions, report.insertions) == (words.deletions, words.insertions)
    assert report.wer == pytest.approx(words.wer, abs=1e-12)
    assert report.cer == pytest.approx(chars.cer, abs=1e-12)
    assert sum(u.char_hits for u in report.utterances) == chars.hits
    assert sum(u.char_substitutions for u in report.utterances) == chars.substitutions
    assert sum(u.char_deletions for u in report.utterances) == chars.deletions
    assert sum(u.char_insertions for u in report.utterances) == chars.insertions


def test_every_utterance_agrees_with_the_definition_of_the_edit_distance() -> None:
    references, hypotheses = random_texts(seed=2, pairs=60)
    for utterance in score(references, hypotheses).utterances:
        left, right = references[utterance.id], hypotheses[utterance.id]
        assert utterance.errors == distance(left.split(), right.split())
        assert utterance.char_errors == distance(left, right)
        assert utterance.words == len(left.split()) == utterance.hits + utterance.substitutions + utterance.deletions
        assert utterance.characters == len(left)
        assert len(right.split()) == utterance.hits + utterance.substitutions + utterance.insertions


def test_rates_by_hand() -> None:
    references = {"1": "a b  c", "2": "", "3": "\td", "4": ""}
    hypotheses = {"4": "", "3": "d", "2": "x y", "1": "a c"}
    report = score(references, hypotheses)
    assert [utterance.id for utterance in report.utterances] == ["1", "2", "3", "4"]
    assert [utterance.marks for utterance in report.utterances] == ["CDC", "II", "C", ""]
    assert report.words == 4
    assert report.wer == (1 + 2) / 4
    # "a b c" has five characters with its spaces: two of them are missing; "x y" is three insertions.
    assert report.characters == 5 + 1
    assert report.cer == (2 + 3) / 6
    assert report.ser == 2 / 4


def test_the_space_counts_as_a_character() -> None:
    report = score({"1": "ice cream"}, {"1": "icecream"})
    assert report.cer == 1 / 9
    assert report.utterances[0].char_deletions == 1


@pytest.mark.parametrize("references", [{}, {"1": ""}, {"1": " ", "2": "\t"}])
def test_a_set_without_words_has_no_rate(references: dict[str, str]) -> None:
    with pytest.raises(DataError, match=f"no words in {len(references)} references"):
        score(references, dict.fromkeys(references, "x"))


def test_ids_on_one_side_only_are_named_up_to_ten() -> None:
    many = {f"r{number}": "a" for number in range(12)}
    with pytest.raises(DataError) as caught:
        score({**many, "both": "a"}, {"both": "a", "h0": "b"})
    message = str(caught.value)
    assert "12 only among the references (r0, r1," in message
    assert "r9, ...)" in message
    assert "r10" not in message
    assert "1 only among the hypotheses (h0)" in message


def test_an4_test_has_the_773_words_of_every_published_figure(test_data: Path) -> None:
    lines = (test_data / "an4" / "etc" / "an4_test.transcription").read_text().splitlines()
    texts = {line.split()[-1]: " ".join(line.split()[:-1]) for line in lines}
    texts = {id: text.replace("<s>", "").replace("</s>", "") for id, text in texts.items()}
    report = score(texts, texts)
    assert (len(report.utterances), report.words, report.wer, report.cer) == (130, 773, 0.0, 0.0)


def test_report_as_dict_is_json() -> None:
    references, hypotheses = random_texts(seed=3, pairs=5)
    report = score(references, hypotheses)
    values = json.loads(json.dumps(report.as_dict()))
    assert values["wer"] == report.wer
    assert values["words"] == sum(utterance["words"] for utterance in values["utterances"])
    assert [utterance["id"] for utterance in values["utterances"]] == list(references)


def test_alignment_by_hand() -> None:
    assert aligned_text("the cat sat on mat", "a cat sat down on") == "\n".join(
        [
            "REF: the cat sat **** on mat",
            "HYP: a   cat sat down on ***",
            "OPS: S   C   C   I    C  D",
        ]
    )
    assert aligned_text("", "") == "REF:\nHYP:\nOPS:"
    assert aligned_text("", "x") == "REF: *\nHYP: x\nOPS: I"
    assert aligned_text(" x  y ", "") == "REF: x y\nHYP: * *\nOPS: D D"


def test_alignment_of_an_utterance_is_in_the_report() -> None:
    (utterance,) = score({"1": "one two"}, {"1": "one too"}).utterances
    assert utterance.alignment == "REF: one two\nHYP: one too\nOPS: C   S"


def test_alignment_columns_stand_one_above_the_other_in_any_script() -> None:
    reference, hypothesis = "你好 e\u0301te\u0301 한국 क्या z", "你我 ete 한 क्य z"
    lines = aligned_text(reference, hypothesis).split("\n")
    assert lines[2].split() == ["OPS:", "C", "S", "S", "S", "S", "C"]
    # Cells that a terminal gives to the wider word of each column: 4, 2, 2, 3, 4, 3, 1, and one between columns.
    for line in lines:
        begins = [cells(line[: _nth_word(line, number)]) for number in range(7)]
        assert begins == [0, 5, 8, 11, 15, 20, 24]


def test_a_han_character_is_a_word() -> None:
    report = score({"a": "配 apple pay 好不好"}, {"a": "配 apple 好很好"})
    assert (report.words, report.errors) == (6, 2)
    assert report.utterances[0].marks == "CCDCSC"
    assert report.characters == len("配 apple pay 好不好")
    assert report.utterances[0].alignment.splitlines()[0] == "REF: 配 apple pay 好 不 好"


def _nth_word(line: str, number: int) -> int:
    """Where the word of that number begins in a line."""
    at = 0
    for word in line.split()[:number]:
        at = line.index(word, at) + len(word)
    return line.index(line.split()[number], at)


@pytest.mark.parametrize(
    ("text", "width"),
    [
        ("", 0),
        ("abc", 3),
        ("é", 1),
        ("e\u0301", 1),
        ("你好", 4),
        ("\uff57", 2),
        ("ｱ", 1),
        ("한국", 4),
        ("ᄒ\u1161\u11ab", 2),
        ("a\u200b", 1),
    ],
)
def test_cells_of_a_terminal(text: str, width: int) -> None:
    assert cells(text) == width


def test_lines_of_id_and_text(tmp_path: Path) -> None:
    path = tmp_path / "ref.txt"
    path.write_bytes("\ufeffutt1 hello  wörld\r\n\r\nutt2\r\nutt3\ttab\u2028same line \nutt4 \n  utt5 {x}".encode())
    texts = read_texts(path)
    assert texts == {"utt1": "hello  wörld", "utt2": "", "utt3": "tab\u2028same line", "utt4": "", "utt5": "{x}"}


@pytest.mark.parametrize("name", ["hyp.jsonl", "hyp.txt"])
def test_lines_of_json(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    lines = ['{"id": "b", "text": "x y", "audio": "b.wav"}', "", '{"text": "", "id": "a b"}']
    path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    assert list(read_texts(path).items()) == [("b", "x y"), ("a b", "")]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"u1 a\nu2 b\nu1 c\n", r"a\.txt:3: id 'u1' is already on line 1"),
        ("a.jsonl", b'{"id": "u", "text": ""}\n{"id": "u", "text": ""}', r"a\.jsonl:2: id 'u' is already on line 1"),
        ("a.jsonl", b'{"id": "u", "text": ""}\n{"id": ', r"a\.jsonl:2: broken JSON"),
        ("a.jsonl", b"u1 text", r"a\.jsonl:1: broken JSON"),
        ("a.jsonl", b"[1]", r"a\.jsonl:1: not a JSON object"),
        ("a.jsonl", b"[" * 100_000, r"a\.jsonl:1: broken JSON"),
        ("a.jsonl", b'{"id": ' + b"1" * 5000 + b"}", r"a\.jsonl:1: broken JSON"),
        ("a.jsonl", b'{"text": "x"}', r"a\.jsonl:1: no 'id'"),
        ("a.jsonl", b'{"id": "x", "text": null}', r"a\.jsonl:1: 'text' is None"),
        ("a.jsonl", b'{"id": 7, "text": ""}', r"a\.jsonl:1: 'id' is 7"),
        ("a.txt", b"u1 a\nu2 \xff\n", r"a\.txt:2: not UTF-8"),
        ("a.txt", b"", "no line with an id"),
        ("a.txt", b"\n \r\n", "no line with an id"),
    ],
)
def test_files_that_cannot_be_read_name_the_line(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=reason):
        read_texts(path)


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"none\.txt: no such file"):
        read_texts(tmp_path / "none.txt")
    with pytest.raises(MissingFile, match="is a folder"):
        read_texts(tmp_path)


def test_import_does_not_load_jiwer() -> None:
    code = "import asr.scoring, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    root = Path(asr.scoring.__file__).parents[2]
    loaded = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True).stdout
    assert not {"jiwer", "rapidfuzz", "torch", "onnxruntime"} & set(loaded.split())
