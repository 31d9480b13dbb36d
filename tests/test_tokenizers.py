"""Tokenizers: round trips, what is refused and how it is said."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.errors import AsrError, ConfigError, DataError, MissingFile, TextError
from asr.han import is_han
from asr.tokenizers import BLANK, SPACE, TOKENIZERS, Tokenizer, build, join_tokens, options, readable, restore
from asr.tokenizers.bpe import BpeTokenizer
from asr.tokenizers.byte import ByteTokenizer
from asr.tokenizers.char import CharTokenizer
from asr.tokenizers.mixed import MixedTokenizer
from asr.tokenizers.phone import PhoneTokenizer
from asr.tokenizers.unigram import UnigramTokenizer
from asr.tokenizers.word import WordTokenizer

SAME_EACH_RUN = settings(deadline=None, derandomize=True)
TEXTS = [
    "yes",
    "a b c",
    "it's  five o'clock",
    "über straße",
    "你好 世界",
    "买apple手机 T恤",
    "👩‍👩‍👧 ❤\ufe0f e\u0301",
    "x",
    "",
]
# English, German, Mandarin, a mixture of them, emoji with their joiners, combining marks, and anything else.
ALPHABETS = (
    "abcdefgh '",
    "aäöüßMÜ -",
    "你好世界的一是了〇々 ",
    "aß你好 🙂b",
    "🙂👩\u200d👧❤\ufe0f🏳🌈🇩🇪 ",
    "ae\u0301\u0308\u0323क्ष ",
)
written = st.one_of(
    *(st.text(alphabet) for alphabet in ALPHABETS),
    st.text(st.characters(exclude_characters=SPACE, exclude_categories=["Cs"])),
)
texts_with_words = st.lists(written, min_size=1, max_size=5).filter(lambda texts: any(text.split() for text in texts))
LEXICON = "YES Y EH1 S\nREAD R IY1 D\nREAD(2) R EH1 D\nA AH0 # article\n;;; comment\n\nÜBER UE B ER0\n"


def made(name: str, texts: Iterable[str], folder: Path) -> Tokenizer:
    """Make a tokenizer of any kind; a lexicon says every word letter by letter."""
    texts = list(texts)
    if name == "unigram":
        pytest.importorskip("sentencepiece", reason="SentencePiece trains unigrams (extra 'train')")
    if name != "phone":
        return build(name, texts)
    words = dict.fromkeys(word for text in texts for word in text.split())
    lines = (f"{word} {' '.join(f'p{ord(character):x}' for character in word)}\n" for word in words)
    lexicon = folder / "lexicon.txt"
    lexicon.write_text("".join(lines) or "a p61", encoding="utf-8")
    return build(name, texts, lexicon=lexicon)


@pytest.mark.parametrize("name", [name for name in TOKENIZERS if name not in ("phone", "unigram")])
@settings(SAME_EACH_RUN)
@given(texts=texts_with_words)
def test_encode_then_decode_gives_the_text_with_single_spaces(name: str, texts: list[str]) -> None:
    check_round_trips(build(name, texts), name, texts)


@settings(SAME_EACH_RUN, max_examples=40)  # training takes a while
@given(texts=texts_with_words)
def test_unigrams_round_trip_as_well(texts: list[str]) -> None:
    pytest.importorskip("sentencepiece", reason="SentencePiece trains unigrams (extra 'train')")
    check_round_trips(build("unigram", texts), "unigram", texts)


def check_round_trips(tokenizer: Tokenizer, name: str, texts: Iterable[str]) -> None:
    again = restore(name, json.loads(json.dumps(tokenizer.tokens)), json.loads(json.dumps(tokenizer.state)))
    for text in texts:
        labels = tokenizer.encode(text)
        assert tokenizer.decode(labels) == readable(tokenizer, text)
        assert name == "phone" or readable(tokenizer, text) == " ".join(text.split())
        assert again.encode(text) == labels
        assert again.decode(labels) == tokenizer.decode(labels)
        assert 0 not in labels, "a text never holds the blank"


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_kind_keeps_the_rules_of_the_tokens(name: str, tmp_path: Path) -> None:
    tokenizer = made(name, TEXTS, tmp_path)
    assert tokenizer.tokens[0] == BLANK
    assert len(set(tokenizer.tokens)) == len(tokenizer.tokens)
    assert made(name, reversed(TEXTS), tmp_path).tokens == tokenizer.tokens, "the order of the texts must not matter"
    assert tokenizer.encode("") == []
    assert tokenizer.decode([]) == ""
    check_round_trips(tokenizer, name, TEXTS)
    for text in TEXTS:
        tokens = [tokenizer.tokens[label] for label in tokenizer.encode(text)]
        assert join_tokens(tokens) == readable(tokenizer, " ".join(text.split()))
        begun = sum(token.startswith(SPACE) or at == 0 for at, token in enumerate(tokens))
        assert begun == len(join_tokens(tokens).split()), "a word begins at SPACE or at the first token"


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_kind_names_what_it_does_not_know(name: str, tmp_path: Path) -> None:
    tokenizer = made(name, ["a b"], tmp_path)
    if name != "byte":
        with pytest.raises(TextError, match=r"text 'a ö': 'ö' \(U\+00F6\) outside the (token set|lexicon)"):
            tokenizer.encode("a ö")
    with pytest.raises(TextError, match=r"outside the token set|stands for the space"):
        tokenizer.encode(f"a{SPACE}b")
    with pytest.raises(TextError, match=r"U\+D800"):
        tokenizer.encode("\ud800")
    with pytest.raises(TextError, match=r"U\+2581"):
        made(name, ["fine", f"a{SPACE}b"], tmp_path)
    with pytest.raises(TextError, match=r"U\+D800"):
        build(name, ["\ud800"], **({"lexicon": tmp_path / "lexicon.txt"} if name == "phone" else {}))
    with pytest.raises(DataError, match="2 lines"):
        made(name, ["", " \t"], tmp_path)
    with pytest.raises(DataError, match="0 lines"):
        made(name, [], tmp_path)


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize(
    ("tokens", "reason"),
    [
        ([], "first must be '<blk>'"),
        (["a", BLANK], "first must be '<blk>', not 'a'"),
        ([BLANK, "a", "a"], "'a' is there twice"),
        ([BLANK, ""], "number 1 is empty"),
    ],
)
def test_every_kind_refuses_wrong_tokens(name: str, tokens: list[str], reason: str) -> None:
    with pytest.raises(TextError, match=reason):
        restore(name, tokens)


@pytest.mark.parametrize("name", TOKENIZERS)
def test_every_kind_refuses_the_state_of_another(name: str, tmp_path: Path) -> None:
    with pytest.raises(TextError, match=f"tokenizer '{name}': has no 'theirs'"):
        restore(name, made(name, ["a b"], tmp_path).tokens, {"theirs": 1})


def test_options_are_those_of_training() -> None:
    assert {name: options(name) for name in TOKENIZERS if options(name)} == {
        "bpe": ["pieces"],
        "phone": ["lexicon", "stress"],
        "unigram": ["pieces"],
    }


def test_unknown_kind_names_the_near_one() -> None:
    with pytest.raises(AsrError, match="tokenizer 'chars': unknown; did you mean 'char'"):
        build("chars", ["a"])
    with pytest.raises(AsrError, match="unknown"):
        restore("", [BLANK])


def test_characters_by_hand() -> None:
    tokenizer = CharTokenizer.train(["ab", "a  ç"])
    assert tokenizer.tokens == ("<blk>", "▁", "a", "b", "ç")
    assert tokenizer.encode(" ab a ") == [2, 3, 1, 2]
    assert tokenizer.decode([0, 2, 0, 3, 1, 1, 2]) == "ab a"
    with pytest.raises(TextError, match=r"'▁x'.*not of one character"):
        CharTokenizer([BLANK, "a", "▁x"])


def test_words_by_hand() -> None:
    tokenizer = WordTokenizer.train(["two one", "one"])
    assert tokenizer.tokens == ("<blk>", "▁one", "▁two")
    assert tokenizer.encode("one two two") == [1, 2, 2]
    assert tokenizer.decode([2, 0, 1]) == "two one"
    with pytest.raises(TextError, match="'three' outside"):
        tokenizer.encode("one three")
    for wrong in ("one", SPACE, "▁o▁ne"):
        with pytest.raises(TextError, match="name the kind"):
            WordTokenizer([BLANK, wrong])


def test_mixed_units_by_hand() -> None:
    tokenizer = MixedTokenizer.train(["one one", "one two"])
    assert tokenizer.tokens == ("<blk>", "▁", "e", "n", "o", "t", "w", "▁one")
    assert tokenizer.encode("one two") == [7, 1, 5, 6, 4]
    assert tokenizer.decode([7, 0, 1, 5, 6, 6, 4]) == "one twwo"
    with pytest.raises(TextError, match=r"'x'.*outside"):
        tokenizer.encode("x")
    with pytest.raises(TextError, match="name the kind"):
        MixedTokenizer([BLANK, "one"])


def test_pieces_are_merged_as_in_the_paper() -> None:
    """Sennrich et al. 2016, figure 1: low 5 times, lower 2, newest 6, widest 3; `es`, `est` are made first."""
    texts = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3
    letters = ("<blk>", "▁", *"deilnorstw")
    assert BpeTokenizer.train(texts, pieces=len(letters)).tokens == letters
    tokenizer = BpeTokenizer.train(texts, pieces=len(letters) + 2)
    assert tokenizer.tokens == (*letters, "st", "est")  # st, es: nine times each; the last in order comes first
    assert [tokenizer.tokens[number] for number in tokenizer.encode("newest west")] == [
        *("▁", "n", "e", "w", "est"),
        *("▁", "w", "est"),
    ]


def test_pieces_stop_where_pairs_are_rare() -> None:
    assert BpeTokenizer.train(["ab"] * 7).tokens == ("<blk>", "▁", "a", "b")
    assert BpeTokenizer.train(["ab"] * 8).tokens == ("<blk>", "▁", "a", "b", "▁a", "▁ab")
    with pytest.raises(TextError, match="3 are fewer than the 4 single tokens"):
        BpeTokenizer.train(["ab"], pieces=3)
    with pytest.raises(TextError, match="name the kind"):
        BpeTokenizer([BLANK, "▁a▁b"])


def test_pieces_are_restored_from_the_tokens_alone() -> None:
    texts = ["three thirteen thirty", "seven seventeen seventy"] * 8
    tokenizer = BpeTokenizer.train(texts, pieces=40)
    restored = BpeTokenizer(tokenizer.tokens)
    for text in (*texts, "seventhree", "nth"):
        assert restored.encode(text) == tokenizer.encode(text)
        assert restored.decode(restored.encode(text)) == text
    assert len(tokenizer.encode("thirteen")) < len("thirteen")


def test_many_unknown_units_are_cut_short() -> None:
    with pytest.raises(TextError, match=r"and 16 more outside") as caught:
        CharTokenizer.train(["ä"]).encode("abcdefghijklmnopqrstuvwxyz" * 9)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([], ""),
        (["▁"], ""),
        (["▁he", "llo", "▁", "▁world", "▁"], "hello world"),
        (["a", "▁b"], "a b"),
        (["\u00a0"], "\u00a0"),  # only SPACE parts words
        (["<0xE4>", "<0xBD>", "<0xA0>", "a", "<0xC3>", "▁b", "<0x20>"], "你a\ufffd b\ufffd"),
    ],
)
def test_join_tokens(tokens: list[str], text: str) -> None:
    assert join_tokens(tokens) == text


# ---- Han characters


@pytest.mark.parametrize("name", ["bpe", "char", "mixed", "unigram"])
def test_no_token_joins_a_han_character_to_a_space(name: str, tmp_path: Path) -> None:
    texts = ["你好世界", "你好 apple", "apple 你好", "好你 T恤"] * 10
    tokenizer = made(name, texts, tmp_path)
    assert not any(is_han(token[1:]) for token in tokenizer.tokens if token.startswith(SPACE))
    assert tokenizer.tokens[tokenizer.encode("你好")[0]].startswith("你"), "a text may begin without a space"
    assert [tokenizer.tokens[label] for label in tokenizer.encode("apple 你")][-2:] == [SPACE, "你"]


def test_sentences_without_spaces_are_no_pieces() -> None:
    tokenizer = BpeTokenizer.train(["今天天气很好", "今天很好apple"] * 20)
    assert [token for token in tokenizer.tokens if len(token) > 1 and any(map(is_han, token))] == []
    assert [tokenizer.tokens[label] for label in tokenizer.encode("很好apple")] == ["很", "好", "apple"]
    mixed = MixedTokenizer.train(["今天天气很好", "apple 今天天气很好"] * 20)
    assert [token for token in mixed.tokens if len(token) > 1] == [BLANK, "▁apple"]


# ---- bytes


def test_bytes_by_hand() -> None:
    tokenizer = ByteTokenizer.train(["x"])
    assert len(tokenizer.tokens) == 257
    assert [tokenizer.tokens[label] for label in tokenizer.encode("A ß")] == ["<0x41>", SPACE, "<0xC3>", "<0x9F>"]
    assert tokenizer.decode([0, 0x42, 0, 0x21, 0x21, 0xC4, 0, 0xA0]) == "A ß", "blanks and double spaces say nothing"
    with pytest.raises(TextError, match="not the 256 bytes"):
        ByteTokenizer([BLANK, *reversed(tokenizer.tokens[1:])])


@settings(SAME_EACH_RUN, max_examples=300)
@given(st.lists(st.one_of(st.integers(0x21, 0xFF), st.sampled_from([0xE4, 0xBD, 0xA0, 0xF0, 0x9F, 0x80, 0xC2]))))
def test_bytes_that_are_no_text_become_replacement_characters(octets: list[int]) -> None:
    """As Unicode recommends and Python does; white space and SPACE in bytes are no text either."""
    expected = bytes(octets).decode("utf-8", errors="replace")
    expected = "".join("\ufffd" if c.isspace() or c == SPACE else c for c in expected)
    assert ByteTokenizer.train(["x"]).decode([octet + 1 for octet in octets]) == expected


# ---- unigrams


def test_unigrams_are_cut_where_the_scores_sum_up_highest() -> None:
    """Against all ways of cutting a word."""
    tokens = (BLANK, SPACE, "a", "b", "ab", "ba", "▁a", "aba", "bab")
    scores = [0.0, -1.0, -2.0, -2.5, -2.2, -3.1, -2.9, -3.0, -4.5]
    tokenizer = UnigramTokenizer(tokens, scores=scores)
    known = dict(zip(tokens, scores, strict=True))
    for word in ("".join(letters) for size in range(1, 7) for letters in itertools.product("ab", repeat=size)):
        text = SPACE + word
        cuts = itertools.product([False, True], repeat=len(text) - 1)
        ways = ("".join(c + "|" * cut for c, cut in zip(text, (*way, False), strict=True)).split("|") for way in cuts)
        best = max(sum(known[piece] for piece in way) for way in ways if all(piece in known for piece in way))
        assert sum(scores[label] for label in tokenizer.encode(word)) == pytest.approx(best)


def test_unigrams_are_cut_as_by_sentencepiece(test_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = pytest.importorskip("sentencepiece", reason="SentencePiece trains unigrams (extra 'train')")
    lines = (test_data / "librispeech-sample" / "train-clean-100.trans.txt").read_text("utf-8").splitlines()[::50]
    texts = [line.split(maxsplit=1)[1].lower() for line in lines]
    models: list[bytes] = []
    processor = library.SentencePieceProcessor

    def remembered(model_proto: bytes) -> object:
        models.append(model_proto)
        return processor(model_proto=model_proto)

    monkeypatch.setattr(library, "SentencePieceProcessor", remembered)
    tokenizer = UnigramTokenizer.train(texts, pieces=300)
    assert len(tokenizer.tokens) == 300
    peer = processor(model_proto=models[0])
    for text in texts:
        assert [tokenizer.tokens[label] for label in tokenizer.encode(text)] == peer.encode(text, out_type=str)


def test_unigrams_without_their_scores_only_decode() -> None:
    tokenizer = UnigramTokenizer([BLANK, SPACE, "▁the", "a"])
    assert tokenizer.decode([2, 1, 3]) == "the a"
    with pytest.raises(TextError, match="scores are missing"):
        tokenizer.encode("the")
    with pytest.raises(TextError, match="4 with 1 scores"):
        UnigramTokenizer([BLANK, SPACE, "▁the", "a"], scores=[1.0])
    with pytest.raises(TextError, match="name the kind"):
        UnigramTokenizer([BLANK, "▁a▁b"])


def test_unigrams_need_room_for_the_characters() -> None:
    pytest.importorskip("sentencepiece", reason="SentencePiece trains unigrams (extra 'train')")
    with pytest.raises(TextError, match="3 are fewer than the 4 single tokens"):
        UnigramTokenizer.train(["ab"], pieces=3)
    assert sorted(UnigramTokenizer.train(["ab"], pieces=4).tokens[1:]) == ["a", "b", SPACE]


# ---- phones


def lexicon_of(folder: Path, content: str = LEXICON) -> Path:
    path = folder / "lexicon.txt"
    path.write_text(content, encoding="utf-8")
    return path


def test_phones_by_hand(tmp_path: Path) -> None:
    tokenizer = PhoneTokenizer.train(["yes", "read a"], lexicon=lexicon_of(tmp_path))
    assert tokenizer.tokens == (BLANK, "▁AH", "▁B", "▁D", "▁EH", "▁ER", "▁IY", "▁R", "▁S", "▁UE", "▁Y")
    assert tokenizer.decode(tokenizer.encode("yes read")) == "Y EH S R IY D", "the first pronunciation counts"
    assert readable(tokenizer, "über A") == "UE B ER AH"
    with pytest.raises(TextError, match=r"text 'yes no way': 'no', 'way' outside the lexicon"):
        tokenizer.encode("yes no way")
    again = restore("phone", tokenizer.tokens, tokenizer.state)
    assert again.encode("Yes") == tokenizer.encode("YES")
    assert restore("phone", tokenizer.tokens).decode([10, 4]) == "Y EH", "tokens are enough to decode"
    with pytest.raises(TextError, match="name the kind"):
        PhoneTokenizer([BLANK, "AH"])


def test_stress_is_kept_where_asked_for_and_tones_always(tmp_path: Path) -> None:
    lexicon = lexicon_of(tmp_path, "yes Y EH1 S\n吗 m a5\n马 m a3\n一 ii i1\n")
    assert "▁EH1" in PhoneTokenizer.train(["yes"], lexicon=lexicon, stress=True).tokens
    tokenizer = PhoneTokenizer.train(["yes"], lexicon=lexicon)
    assert {"▁EH", "▁a3", "▁a5", "▁i1"} < set(tokenizer.tokens)


def test_a_word_is_looked_up_as_written_before_its_case_is_dropped(tmp_path: Path) -> None:
    tokenizer = PhoneTokenizer.train(["Weg weg"], lexicon=lexicon_of(tmp_path, "weg v E k\nWeg v e: k\nWEG x\n"))
    assert [tokenizer.decode(tokenizer.encode(word)) for word in ("weg", "Weg", "WEG", "wEG")] == [
        "v E k",
        "v e: k",
        "x",
        "v E k",
    ]


def test_lexicons_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs a lexicon"):
        PhoneTokenizer.train(["a"])
    with pytest.raises(MissingFile, match=r"none\.txt"):
        PhoneTokenizer.train(["a"], lexicon=tmp_path / "none.txt")
    for content, reason in (
        ("", "no words in it"),
        ("a AH\nword\n", r"lexicon.txt:2: 'word' has no pronunciation"),
        ("a A▁H\n", r"lexicon.txt:1: '▁' stands for the space"),
    ):
        with pytest.raises(ConfigError, match=reason):
            PhoneTokenizer.train(["a"], lexicon=lexicon_of(tmp_path, content))
    with pytest.raises(TextError, match=r"lexicon.txt: lacks 'no', 'way'; add them"):
        PhoneTokenizer.train(["no yes", "way"], lexicon=lexicon_of(tmp_path))
