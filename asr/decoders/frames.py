"""Prefix beam search (Graves 2012; Hannun et al. 2014), compiled: a frame at a time, in natural logarithms.

A member of the beam is a label sequence with the log-probabilities of all its paths that end in blank, and of those
that end in its last label. Each member stays (blank, or its last label again) and grows by the tokens of the frame.
A grown sequence may be a member already: it is then found among its parent's children, and the member adds the mass
itself when it stays. So nothing is hashed, and what a language model says is asked for only where a sequence could
still enter the beam.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from asr.decoders.fusion import Fusion, Limits, Table
from asr.decoders.kernel import entry, inside
from asr.decoders.pool import Scores, offer, select, sort_by
from asr.decoders.tree import INSIDE, ROOT, adopt, advance, find_child, grow, hot_gain, plant, word_ahead, words_at
from asr.ngrams import Int32Array
from asr.types import FloatArray

NEVER = -1e30  # in the place of -inf, so that differences stay numbers
_SAME = 40.0  # exp(-40) is nothing beside 1 in double precision
_SLACK = 1e-9  # bounds are sums in another order than the scores that they bound

MEMBER = np.dtype(
    [
        ("blank", "f8"),  # log-probability of the paths that end in blank
        ("label", "f8"),  # of those that end in the last label
        ("both", "f8"),
        ("inside", "f8"),  # no child by a token inside a word scores more than this + its log-probability + its rise
        ("begin", "f8"),  # the same for a token that begins a word
        ("rise", "f8"),  # as much more where hot words go on, and the signs of the code points by which they do
        ("signs", "i8"),
        ("fall", "f8"),  # as much less where they break off
        ("node", "i8"),
    ],
    align=True,
)
FINAL = np.dtype(
    [("node", "i8"), ("word", "i8"), ("text", "i8"), ("acoustic", "f8"), ("lm", "f8"), ("total", "f8")], align=True
)


@entry
def begin(nodes: Table, registers: Table, members: Table, fusion: Fusion) -> None:
    """Make the sequence of no labels the only member."""
    plant(nodes, fusion)
    member = members[0]
    member.node, member.blank, member.label, member.both = ROOT, 0.0, NEVER, 0.0
    registers[0].used = registers[0].members = 1


@entry
def run(
    log_probs: FloatArray, nodes: Table, registers: Table, members: Table, pool: Table, scratch: Scores,
    order: Int32Array, fusion: Fusion, limits: Limits,
) -> None:  # fmt: skip
    """Take the frames of `log_probs` [F, V]; there must be room in `nodes` for F beams and a pool."""
    r = registers[0]
    for frame in range(len(log_probs)):
        row = log_probs[frame]
        r.pooled, r.created, r.best, r.cut, r.highest = 0, 0, NEVER, NEVER, NEVER
        _stay(row, nodes, r, members, pool, fusion, limits)
        _choose_tokens(row, r, order, fusion.rules.token_rise, limits)
        _extend(row, nodes, r, members, pool, scratch, order, fusion, limits)
        select(nodes, r, pool, scratch, limits)
        _commit(nodes, r, members, pool)


@entry
def finish(nodes: Table, registers: Table, members: Table, finals: Table, fusion: Fusion) -> int:
    """Write the complete label sequences of the beam, their last word and the end of the sentence scored."""
    r = registers[0]
    count = 0
    for slot in range(r.members):
        at = int(members[slot].node)
        first, end = INSIDE, INSIDE + 1
        if nodes[at].prefix != 0:
            first, end = words_at(int(nodes[at].prefix), fusion)
        for word in range(first, end):
            finals[count].node, finals[count].word = at, word
            _finish(nodes, r.used, finals[count], members[slot].both, fusion)
            count += 1
    return count


@inside
def _finish(nodes: Table, at: int, final: Any, acoustic: float, fusion: Fusion) -> None:
    rules = fusion.rules
    grow(nodes, final.node, len(fusion.token) - 1, final.word, at, fusion)
    lm, fixed = nodes[at].lm, nodes[at].fixed
    if rules.by_word or rules.by_token:
        gain, _ = advance(fusion.ngrams, int(nodes[at].state), rules.end)
        lm += gain
        fixed += rules.lm_weight * gain
    final.acoustic, final.lm, final.total, final.text = acoustic, lm, acoustic + fixed, nodes[at].text


@inside
def _stay(row: FloatArray, nodes: Table, r: Any, members: Table, pool: Table, fusion: Fusion, limits: Limits) -> None:
    """Put the members into the pool as they are after blank, and after their last label again or from their parent."""
    worst = np.inf
    for slot in range(r.members):
        member = members[slot]
        node = nodes[member.node]
        blank, label = member.both + row[limits.blank], NEVER
        if node.token >= 0:
            log_prob = row[node.token]
            label = member.label + log_prob
            parent = nodes[node.parent]
            if parent.slot >= 0:
                before = members[parent.slot]
                # A label that follows itself has a blank between.
                label = _log_add(label, log_prob + (before.blank if parent.token == node.token else before.both))
        both = _log_add(blank, label)
        score = both + node.fixed + node.ahead
        offer(r, pool, member.node, blank, label, both, score, limits)
        worst = min(worst, score)
        _bound(node, member, fusion)
        r.highest = max(r.highest, max(member.inside, member.begin) + member.rise)
    if r.members == limits.beam:
        r.cut = max(r.cut, worst)


@inside
def _bound(node: Any, member: Any, fusion: Fusion) -> None:
    """Write the greatest score that any child can have, but for its token's log-probability and rise."""
    rules = fusion.rules
    prefix = int(node.prefix)
    lent = word_ahead(prefix, fusion)
    inner, begin = rules.begin_ahead, max(0.0, rules.begin_ahead)
    if prefix != 0:
        inner, end = 0.0, rules.word_bonus - lent
        if prefix > 0 and not rules.closed:
            inner = max(0.0, rules.unknown_ahead + rules.word_bonus - lent)
        if node.end_word > INSIDE and rules.alike == 1:  # asked for already
            end += rules.lm_weight * node.end_lm
        begin += end
    else:
        begin += fusion.state[node.hot].pending  # nothing ends that could be given back
    if rules.unmarked:
        inner = max(inner, begin)
    score = member.both + node.fixed + node.ahead + rules.token_bonus + _SLACK
    member.inside, member.begin = score + inner, score + begin
    member.rise, member.signs = fusion.state[node.hot].rise, fusion.state[node.hot].signs
    member.fall = fusion.state[node.hot].pending


@inside
def _choose_tokens(row: FloatArray, r: Any, order: Int32Array, rise: float, limits: Limits) -> None:
    """Write the tokens that the frame may add, the most probable first."""
    best = row[0]
    for token in range(1, len(row)):
        best = max(best, row[token])
    floor = max(best - limits.token_margin, r.cut - r.highest - rise)
    count = 0
    for token in range(len(row)):
        if row[token] >= floor and token != limits.blank:
            order[count] = token
            count += 1
    sort_by(row, order, count)
    r.tokens = min(count, limits.max_tokens)


@inside
def _extend(
    row: FloatArray, nodes: Table, r: Any, members: Table, pool: Table, scratch: Scores, order: Int32Array,
    fusion: Fusion, limits: Limits,
) -> None:  # fmt: skip
    """Put what the members grow to by the tokens of the frame into the pool."""
    for place in range(r.tokens):
        token = int(order[place])
        log_prob = row[token]
        begins, sign, reach = fusion.token[token].begins, fusion.token[token].sign, log_prob + fusion.token[token].rise
        heard = int(fusion.token[token].heard) if fusion.rules.listens else -1
        if r.highest + log_prob + fusion.rules.token_rise < r.cut:
            break
        for slot in range(r.members):
            member = members[slot]
            bound = reach + (member.begin if begins else member.inside)
            if bound + member.rise < r.cut:
                continue
            if member.signs & sign == 0:  # what is no hot phrase any more gives back what it was lent
                if bound - (member.fall if heard >= 0 else 0.0) < r.cut:
                    continue
            elif heard >= 0 and bound + hot_gain(int(nodes[member.node].hot), heard, fusion) < r.cut:
                continue
            mass = log_prob + (member.blank if nodes[member.node].token == token else member.both)
            if mass < NEVER / 2:
                continue
            # Within a word, or where none is under way; then at the end of a word.
            under_way = nodes[member.node].prefix != 0
            for ends in range(2):
                first, end = INSIDE, INSIDE + 1
                if ends:
                    first, end = words_at(int(nodes[member.node].prefix), fusion)
                if not (under_way and (begins or fusion.rules.unmarked) if ends else not (under_way and begins)):
                    continue
                for word in range(first, end):
                    _try(nodes, r, pool, member.node, token, word, mass, fusion, limits)
                    if r.pooled == len(pool):
                        select(nodes, r, pool, scratch, limits)


@inside
def _try(
    nodes: Table, r: Any, pool: Table, parent: int, token: int, word: int, mass: float, fusion: Fusion, limits: Limits
) -> None:
    """Offer a child to the pool, unless it is a member already, is not allowed, or scores too little."""
    at = find_child(nodes, parent, token, word)
    if at < 0:
        at = r.used + r.created
        if not grow(nodes, parent, token, word, at, fusion):
            return
    elif nodes[at].slot >= 0:
        return
    score = mass + nodes[at].fixed + nodes[at].ahead
    if score >= r.cut:
        r.created += at >= r.used
        offer(r, pool, at, NEVER, mass, mass, score, limits)


@inside
def _commit(nodes: Table, r: Any, members: Table, pool: Table) -> None:
    """Make the pool the beam, and the nodes in it part of the tree."""
    for slot in range(r.members):
        nodes[members[slot].node].slot = -1
    for slot in range(r.pooled):
        member, candidate = members[slot], pool[slot]
        if candidate.node >= r.used:
            adopt(nodes, candidate.node)
        nodes[candidate.node].slot = slot
        member.node, member.both = candidate.node, candidate.both
        member.blank, member.label = candidate.blank, candidate.label
    r.members, r.used = r.pooled, r.used + r.created


@inside
def _log_add(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high if low < high - _SAME else high + math.log1p(math.exp(low - high))
