"""Alignment on a model whose answers are known: it reads the loudness of each stretch of 40 ms as one letter."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr import audio, tokenizers
from asr import text as texts
from asr.alignment import DOUBTFUL, Alignment, align, hearing
from asr.alignment.edges import word_edges
from asr.alignment.result import STRETCH_WORDS
from asr.alignment.script import script
from asr.bundle import ModelInfo
from asr.errors import AsrError, AudioError, DataError, MissingFile, MissingPackage, ModelError
from asr.longform import LONGEST_S
from asr.signal import HOPS, loudness_db
from asr.tokenizers import SPACE
from asr.types import FloatArray, Waveform

pytest.importorskip("numba", reason="needs the extra `beam`")

RATE_HZ = 16000
BLOCK = 640
LETTERS = "abcdefgh"
TOKENS = ("<blk>", SPACE, *LETTERS)
STEP = 0.08  # of loudness from one token to the next; the blank is silence
INFO = ModelInfo(name="loudness", tokens=TOKENS, rate_hz=RATE_HZ, frame_shift_s=BLOCK / RATE_HZ, text_rules="en/1")
HOP_S = 0.01


class Loudness:
    """log_probs [T // BLOCK, V], nearly one-hot at the level that each block's is nearest to."""

    def __init__(self, info: ModelInfo = INFO) -> None:
        self.info = info
        self.longest = 0

    def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
        self.longest = max([self.longest, *map(len, batch)])
        return [self._rows(samples) for samples in batch]

    def _rows(self, samples: FloatArray) -> FloatArray:
        blocks = samples[: len(samples) // BLOCK * BLOCK].reshape(-1, BLOCK)
        level = np.sqrt(2 * np.square(blocks).mean(axis=1))[:, None]  # of a tone
        scores = -3e3 * (level - STEP * np.arange(len(TOKENS))) ** 2
        rows = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        return np.maximum(rows, -12.0).astype(np.float32)


def tone(tokens: Sequence[str]) -> FloatArray:
    """Return samples [T] that the model reads as these tokens, 40 ms each; `.` is silence."""
    levels = np.repeat([STEP * (TOKENS.index(token) if token != "." else 0) for token in tokens], BLOCK)
    samples = levels * np.sin(2 * np.pi * 1000 * np.arange(len(levels)) / RATE_HZ)
    # A room, so that the pauses are not digital silence.
    return (samples + np.random.default_rng(0).normal(0, 1e-4, len(levels))).astype(np.float32)


@pytest.fixture
def model() -> Loudness:
    return Loudness()


def times(alignment: Alignment) -> list[tuple[str, float, float]]:
    return [(word.text, round(word.start_s, 2), round(word.end_s, 2)) for word in alignment.words]


def in_order(alignment: Alignment) -> bool:
    edges = [edge for word in alignment.words for edge in (word.start_s, word.end_s)]
    return edges == sorted(edges) and (not edges or (edges[0] >= 0 and edges[-1] <= alignment.duration_s + 0.04))


# ---- the words and their times


def test_words_begin_and_end_where_the_sound_does(model: Loudness) -> None:
    alignment = align(model, tone([*"....", *"aab", *"....", SPACE, *"cc.d", *"..."]), "AB cd")
    assert alignment.text == "AB cd"
    assert [word.text for word in alignment.words] == ["AB", "cd"]
    found = [edge for word in alignment.words for edge in (word.start_s, word.end_s)]
    # The model's SPACE is a sound here, and louder than the pause: it belongs to the word that it begins.
    assert found == pytest.approx([0.16, 0.28, 0.44, 0.64], abs=1.5 * HOP_S)
    assert all(word.confidence > 0.99 and word.score > -0.01 and not word.interpolated for word in alignment.words)
    assert alignment.confidence > 0.99
    assert alignment.score > -0.01
    assert not alignment.is_doubtful
    assert alignment.duration_s == pytest.approx(19 * 0.04)


def test_late_spikes_are_moved_to_the_onset(model: Loudness) -> None:
    """The model says `b` at its end alone, as CTC models may: the word still begins with its sound."""
    sound = tone([*".....", *"hhhh", *"....."])

    class Late(Loudness):
        def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
            rows = np.full((14, len(TOKENS)), -12.0, np.float32)
            rows[:, 0] = 0.0
            rows[8, 0], rows[8, TOKENS.index("b")] = -12.0, 0.0
            return [rows]

    (word,) = align(Late(), sound, "b").words
    assert (word.start_s, word.end_s) == pytest.approx((0.2, 0.36), abs=1.5 * HOP_S)


def test_repeated_letters_and_words(model: Loudness) -> None:
    alignment = align(model, tone([*"..a.a", SPACE, *"a", SPACE, *"aa.a.."]), "aa a aa")
    assert [word.text for word in alignment.words] == ["aa", "a", "aa"]
    assert alignment.score > -0.01
    assert in_order(alignment)


def test_one_letter_and_nothing_else(model: Loudness) -> None:
    (word,) = align(model, tone("a"), "a").words
    assert 0.0 <= word.start_s < word.end_s <= 0.04


def test_words_come_back_as_they_are_written(model: Loudness) -> None:
    text = '"Bad,  Cäfé!"\n& f-a-d\u2019'
    alignment = align(model, tone([*"bad", SPACE, *"cafe", SPACE, *"a...", SPACE, "f", SPACE, "a", SPACE, "d"]), text)
    assert [word.text for word in alignment.words] == ['"Bad,', 'Cäfé!"', "&", "f-a-d\u2019"]
    assert [word.interpolated for word in alignment.words] == [False, False, True, False]  # `and` has an n
    assert alignment.text == '"Bad, Cäfé!" & f-a-d\u2019'


# ---- words without labels


def test_unknown_words_are_interpolated_and_flagged(model: Loudness) -> None:
    sound = tone([*"..ab...", *"hgfehg", *"...", SPACE, *"cd.."])
    alignment = align(model, sound, "ab 1985 xyz cd")
    first, second, third, fourth = alignment.words
    assert [word.interpolated for word in alignment.words] == [False, True, True, False]
    assert (second.confidence, second.score) == (0.0, 0.0)
    assert second.start_s == pytest.approx(7 * 0.04, abs=2 * HOP_S)
    assert third.end_s == pytest.approx(13 * 0.04, abs=2 * HOP_S)
    # four characters and three
    assert second.end_s == third.start_s == pytest.approx(second.start_s + 4 / 7 * (third.end_s - second.start_s))
    assert (first.start_s, first.end_s) == pytest.approx((0.08, 0.16), abs=2 * HOP_S)
    assert fourth.end_s == pytest.approx(19 * 0.04, abs=2 * HOP_S)
    assert alignment.score > -0.01, "what the wild card takes in is not held against the text"
    assert alignment.confidence > 0.99, "nor the confidence of the others"


@pytest.mark.parametrize("text", ["1", "1 2", "1 ab", "ab 1", "1 ab 2", "— 1 —", "ab 1 — 2 cd ! ab"])
def test_no_word_is_dropped(model: Loudness, text: str) -> None:
    alignment = align(model, tone([*"..ab.", SPACE, *"cd.", SPACE, *"ab.."]), text)
    assert [word.text for word in alignment.words] == text.split()
    assert [word.interpolated for word in alignment.words] == [word not in ("ab", "cd") for word in text.split()]
    assert in_order(alignment)
    assert all(word.start_s < word.end_s for word in alignment.words if word.text not in "—!")


def test_words_without_sound_stand_at_the_end_of_the_word_before(model: Loudness) -> None:
    alignment = align(model, tone([*"..ab.....", SPACE, *"cd.."]), "— ab — ... cd !")
    opening, ab, dash, dots, cd, mark = alignment.words
    assert (opening.start_s, opening.end_s) == (0.0, 0.0)
    assert dash.start_s == dash.end_s == dots.start_s == dots.end_s == ab.end_s
    assert mark.start_s == mark.end_s == cd.end_s


# ---- nothing, too much, and the wrong thing


def test_no_text(model: Loudness) -> None:
    for text in ("", " \n"):
        silent = align(model, tone("...."), text)
        assert (silent.text, silent.words, silent.confidence) == ("", (), 0.0)
        assert silent.score == pytest.approx(0.0, abs=1e-3)
        assert align(model, tone("..abab.."), text).is_doubtful, "something is said, and the text says nothing"


def test_no_audio(model: Loudness) -> None:
    nothing = np.zeros(0, np.float32)
    assert align(model, nothing, "") == Alignment("", (), duration_s=0.0)
    assert [word.interpolated for word in align(model, nothing, "—").words] == [True]
    with pytest.raises(DataError, match=r"^0 frames \(0\.00 s\) are too few for the 2 labels"):
        align(model, nothing, "ab")


def test_too_few_frames_for_the_text(model: Loudness, tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, tone("abab"), RATE_HZ)
    with pytest.raises(DataError) as caught:
        align(model, path, "abba")
    assert str(caught.value).startswith(f"{path}: 4 frames (0.16 s) are too few for the 4 labels")
    assert "its 1 repeats" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(align(model, path, "abab").words) == 1


def test_a_text_of_something_else_has_a_low_score(model: Loudness) -> None:
    sound = tone([*"..ab.", SPACE, *"cd.", SPACE, *"ef.."])
    right, wrong = align(model, sound, "ab cd ef"), align(model, sound, "ha ge ba")
    assert right.score > -0.01
    assert wrong.score < DOUBTFUL
    assert wrong.is_doubtful
    assert all(word.score < -3 for word in wrong.words)
    assert wrong.confidence < 0.3


def test_a_stretch_of_something_else_is_found(model: Loudness) -> None:
    words = ["ab", "cd", "ef", "gh"] * 15
    said = [token for word in words for token in (*word, ".", SPACE)][:-1]
    wrong = list(words)
    wrong[20:35] = ["he", "ga"] * 7 + ["he"]
    assert align(model, tone(said), " ".join(words)).doubtful_stretches() == []
    alignment = align(model, tone(said), " ".join(wrong))
    assert not alignment.is_doubtful
    ((first, last),) = alignment.doubtful_stretches()
    at = (alignment.words.index(first), alignment.words.index(last))
    assert 20 - STRETCH_WORDS < at[0] <= 20
    assert 34 <= at[1] < 34 + STRETCH_WORDS


def test_a_model_that_gives_no_log_probs(model: Loudness) -> None:
    class Wrong(Loudness):
        def __init__(self, rows: FloatArray) -> None:
            super().__init__()
            self.rows = rows

        def log_probs(self, batch: Sequence[FloatArray]) -> list[FloatArray]:
            return [self.rows]

    rows = model.log_probs([tone("..ab..")])[0]
    with pytest.raises(ModelError, match="sums to"):
        align(Wrong(np.exp(rows)), tone("......"), "ab")
    with pytest.raises(ModelError, match="shape"):
        align(Wrong(rows[:, :-1]), tone("......"), "ab")
    rows[3, 2] = np.nan
    with pytest.raises(ModelError, match="NaN"):
        align(Wrong(rows), tone("......"), "ab")
    rows = np.full((6, len(TOKENS)), -np.inf, np.float32)
    rows[:, 0] = 0.0
    with pytest.raises(DataError, match="impossible"):
        align(Wrong(rows), tone("......"), "ab")


def test_without_numba_the_way_out_is_named(model: Loudness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "asr.viterbi", raising=False)
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(MissingPackage, match=r"alignment needs the package 'numba'.*bilstm-asr\[beam\]"):
        align(model, tone("a"), "a")


def test_importing_it_loads_no_compiler() -> None:
    code = "import asr.alignment, sys; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


# ---- the recording


def test_a_file_an_array_and_a_waveform_are_the_same(model: Loudness, tmp_path: Path) -> None:
    sound = tone([*"..ab.", SPACE, *"cd.."])
    soundfile.write(tmp_path / "a.wav", sound, RATE_HZ, subtype="FLOAT")
    expected = align(model, sound, "ab cd")
    assert align(model, tmp_path / "a.wav", "ab cd") == expected
    assert align(model, str(tmp_path / "a.wav"), "ab cd") == expected
    assert align(model, Waveform(sound, RATE_HZ), "ab cd") == expected
    assert times(align(model, (sound * 32767).astype(np.int16), "ab cd")) == times(expected)
    assert times(align(model, np.stack([sound, sound], axis=1), "ab cd")) == times(expected)
    twice = align(model, np.repeat(sound, 2), "ab cd", rate_hz=2 * RATE_HZ)
    assert times(twice) == times(expected)


def test_what_is_no_recording(model: Loudness, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"no\.wav"):
        align(model, tmp_path / "no.wav", "a")
    with pytest.raises(AudioError):
        align(model, np.array([np.nan], np.float32), "a")
    (tmp_path / "text.wav").write_text("no audio")
    with pytest.raises(AudioError, match=r"text\.wav"):
        align(model, tmp_path / "text.wav", "a")


def test_a_long_file_is_heard_in_pieces_as_at_once(
    model: Loudness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    sound = tone(rng.choice([".", *LETTERS], 3000).tolist())[: -BLOCK // 3]  # 120 s less a bit
    soundfile.write(tmp_path / "a.flac", sound, RATE_HZ)
    whole = audio.read(tmp_path / "a.flac").samples
    (rows,) = model.log_probs([whole])
    monkeypatch.setattr(audio, "PIECE_S", 6.0)
    model.longest = 0
    pieces = hearing.hear(model, tmp_path / "a.flac")
    assert (pieces.log_probs == rows).all()
    assert pieces.loudness == pytest.approx(loudness_db(whole, len(rows), BLOCK), abs=1e-3)
    assert pieces.duration_s == pytest.approx(len(sound) / RATE_HZ)
    assert model.longest <= LONGEST_S * RATE_HZ


# ---- the parts


def tokenizer_of(kind: str, lines: list[str], folder: Path) -> tokenizers.Tokenizer:
    if kind == "unigram":
        pytest.importorskip("sentencepiece", reason="SentencePiece trains unigrams (extra 'train')")
    if kind != "phone":
        return tokenizers.build(kind, lines)
    words = sorted({word for line in lines for word in line.split()})
    (folder / "dict").write_text("".join(f"{word} {' '.join(word)}\n" for word in words), encoding="utf-8")
    return tokenizers.build(kind, lines, lexicon=folder / "dict")


@pytest.mark.parametrize("kind", tokenizers.TOKENIZERS)
def test_a_script_has_the_labels_of_the_tokenizer(kind: str, tmp_path: Path) -> None:
    lines = ["the cat sat on the mat", "a cat", "the the the", "", "mat"] * 5
    tokenizer = tokenizer_of(kind, lines, tmp_path)
    for line in lines:
        made = script(line, texts.get_rule("en"), tokenizer)
        assert made.labels.tolist() == tokenizer.encode(line)
        assert made.words == tuple(line.split())
        for at, (word, (first, end)) in enumerate(zip(made.words, made.spans, strict=True)):
            assert made.is_heard(at)
            assert tokenizer.decode(made.labels[first:end]) == tokenizers.readable(tokenizer, word)
            assert tokenizer.tokens[made.labels[first]] != SPACE


@pytest.mark.parametrize("kind", ["bpe", "byte", "char", "mixed"])
def test_a_script_has_a_word_for_each_han_character(kind: str) -> None:
    line, rule = "你好、世界。 T恤 apple 你", texts.get_rule("zh")
    tokenizer = tokenizers.build(kind, [rule(line)] * 10)
    made = script(line, rule, tokenizer)
    assert made.words == ("你", "好、", "世", "界。", "T", "恤", "apple", "你")
    assert made.labels.tolist() == tokenizer.encode(rule(line))
    for at, (word, (first, end)) in enumerate(zip(made.words, made.spans, strict=True)):
        assert made.is_heard(at)
        assert tokenizer.decode(made.labels[first:end]) == rule(word)


def test_a_script_keeps_together_what_rules_or_tokens_do() -> None:
    pytest.importorskip("cn2an", reason="cn2an spells numbers (extra 'text')")
    rule = texts.get_rule("zh")
    tokenizer = tokenizers.build("char", [rule("在二零二零年好两个")])
    made = script("在2020年 好 2个", rule, tokenizer)
    assert made.words == ("在2020年", "好", "2个"), "2020 alone is read otherwise"
    assert made.labels.tolist() == tokenizer.encode(rule("在2020年 好 2个"))
    several = tokenizers.restore("unigram", ("<blk>", SPACE, "你好", "你", "好"), {"scores": [0.0, -9, -1, -2, -2]})
    made = script("你好 好", rule, several)
    assert (made.words, made.labels.tolist()) == (("你好", "好"), [2, 4])


def test_a_script_with_words_that_have_no_labels() -> None:
    tokenizer = tokenizers.restore("char", TOKENS)
    made = script("Ab 12 34 — cd! — xy", texts.get_rule("en/1"), tokenizer)
    space, wild = 1, len(TOKENS)
    assert made.labels.tolist() == [2, 3, wild, space, 4, 5, wild]
    assert made.spans == ((0, 2), (2, 3), (2, 3), (3, 3), (4, 6), (6, 6), (6, 7))
    assert [made.is_heard(at) for at in range(7)] == [True, False, False, False, True, False, False]
    assert made.repeats == 0
    assert script("aa a", texts.get_rule("en"), tokenizers.restore("char", ("<blk>", "a"))).repeats == 2


def test_a_script_of_nothing() -> None:
    made = script(" ", texts.get_rule("en"), tokenizers.restore("char", TOKENS))
    assert (made.words, made.labels.tolist(), made.spans, made.repeats) == ((), [], (), 0)


def test_edges_keep_order_whatever_the_loudness() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        frames = int(rng.integers(1, 60))
        cuts = np.sort(rng.choice(frames + 1, min(frames + 1, 2 * int(rng.integers(0, 6))), replace=False)).tolist()
        spans = list(zip(cuts[::2], cuts[1::2], strict=False))
        edges = word_edges(rng.normal(-40, 20, HOPS * frames).astype(np.float32), spans)
        flat = [edge for pair in edges for edge in pair]
        assert flat == sorted(flat)
        assert all(start < end for start, end in edges)
        assert not flat or (flat[0] >= 0 and flat[-1] <= HOPS * frames)


def test_loudness_is_that_of_each_hop() -> None:
    samples = np.zeros(3 * BLOCK + 7, np.float32)
    samples[BLOCK : BLOCK + 160 : 2] = 0.1
    level = loudness_db(samples, 4, BLOCK)
    assert level.shape == (4 * HOPS,)
    assert level[HOPS] == pytest.approx(-20, abs=0.1)
    assert (np.delete(level, HOPS) < -90).all()
    assert loudness_db(samples, 0, BLOCK).shape == (0,)


def test_every_error_is_ours(model: Loudness) -> None:
    for text, info in (("ab", replace(INFO, text_rules="xx/1")), ("ab", replace(INFO, tokenizer="chars"))):
        with pytest.raises(AsrError, match="unknown"):
            align(Loudness(info), tone("ab"), text)
