"""The best CTC path of a known label sequence (Viterbi), compiled, in memory far below frames x labels.

After a frame the path is in label i, or in the blank after i labels. The scores of all these states are kept at a few
frames only; the rest is computed again on the way back, where a path that ends in label i after n frames cannot have
been below label i - n. So the search is exact, takes one pass over frames x labels, and its memory grows with the
power 2/3 of it.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from asr.types import FloatArray

Scores = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
Codes = npt.NDArray[np.uint32]
Choices = npt.NDArray[np.uint8]

# How the best path came to a state, as bits of one byte: to label i from the blank before it or from the label before
# it, and to the blank after label i from that label. Where the bit is not set, it stayed.
_FROM_BLANK, _FROM_LABEL, _INTO_BLANK = 1, 2, 4


@numba.njit(cache=True, nogil=True)
def best_path(log_probs: FloatArray, labels: Labels, blank: int) -> tuple[float, Labels]:
    """Return the log-probability of the best path of `labels` [L] through `log_probs` [F, V], and the path [F].

    The path holds for every frame the position in `labels`, -1 for blank. Equal labels that follow one another have a
    blank between them. Of equally good ways the path stays where it is, else comes from the blank. Where no path
    exists (fewer frames than labels + repeats, or probabilities of 0) the answer is -inf and an empty path. Labels and
    blank must lie in 0 .. V - 1 and rows be free of NaN: nothing here checks it.
    Source: Graves et al. 2006; agrees with `torchaudio.functional.forced_align`.
    """
    frames, size = len(log_probs), len(labels)
    codes = labels.astype(np.uint32)  # unsigned, so that an index needs no test for being negative
    skip = np.zeros(size)  # 0 where the blank before a label may be left out, else -inf
    for at in range(1, size):
        if labels[at] == labels[at - 1]:
            skip[at] = -np.inf
    repeats = np.count_nonzero(skip)
    if frames < size + repeats:
        return -np.inf, np.empty(0, np.int32)
    block = _block_frames(frames, size)
    kept_label, kept_blank = _forward(log_probs, codes, skip, blank, block)
    score = max(kept_label[-1, size], kept_blank[-1, size])
    if score == -np.inf:
        return score, np.empty(0, np.int32)
    path = np.empty(frames, np.int32)
    state, in_label = size, kept_label[-1, size] > kept_blank[-1, size]
    for number in range(len(kept_label) - 2, -1, -1):
        first, end = number * block, min(frames, (number + 1) * block)
        state, in_label = _retrace(
            log_probs[first:end], codes, skip, blank, kept_label[number], kept_blank[number], state, in_label,
            path[first:end],
        )  # fmt: skip
    return score, path


@numba.njit(cache=True, nogil=True)
def _block_frames(frames: int, size: int) -> int:
    """Return how many frames lie between kept scores: the least of 16 bytes x F / block x L and block^2 bytes."""
    return int(max(1, min(frames, round((8.0 * frames * (size + 1)) ** (1 / 3)))))


@numba.njit(cache=True, nogil=True)
def _forward(log_probs: FloatArray, codes: Codes, skip: Scores, blank: int, block: int) -> tuple[Scores, Scores]:
    """Return the scores before every block and after the last: in label i - 1, and in the blank after i labels."""
    frames, size = len(log_probs), len(codes)
    blocks = (frames + block - 1) // block
    kept_label = np.full((blocks + 1, size + 1), -np.inf)
    kept_blank = np.full((blocks + 1, size + 1), -np.inf)
    kept_blank[0, 0] = 0.0
    label, blanks = kept_label[0].copy(), kept_blank[0].copy()
    for frame in range(frames):
        # Labels begun: no more than frames so far, and no fewer than leave frames enough for the others.
        low, end = max(0, size - (frames - frame)), min(size, frame + 1) + 1
        _step(log_probs[frame], blank, codes[low : end - 1], skip[low : end - 1], label[low:end], blanks[low:end])
        if (frame + 1) % block == 0 or frame + 1 == frames:
            kept_label[frame // block + 1], kept_blank[frame // block + 1] = label, blanks
    return kept_label, kept_blank


@numba.njit(cache=True, nogil=True)
def _step(scores: FloatArray, blank: int, codes: Codes, skip: Scores, label: Scores, blanks: Scores) -> None:
    """Take one frame: `label` and `blanks` [L + 1] become those after it; the label at 0 is left as it is."""
    of_blank = np.float64(scores[blank])
    size = len(codes)
    blanks[size] = max(blanks[size], label[size]) + of_blank
    # From the last on, so that what is read is still of the frame before; without branches, which would be slow.
    for at in range(size - 1, -1, -1):
        from_blank, from_label = blanks[at], label[at]
        blanks[at] = (from_blank if from_blank >= from_label else from_label) + of_blank
        best = label[at + 1] if label[at + 1] >= from_blank else from_blank
        skipped = from_label + skip[at]
        label[at + 1] = (best if best >= skipped else skipped) + scores[codes[at]]


@numba.njit(cache=True, nogil=True)
def _choose(skip: Scores, label: Scores, blanks: Scores, came: Choices) -> None:
    """Write down the choices that `_step` makes."""
    for at in range(len(blanks)):
        came[at] = 0 if blanks[at] >= label[at] else _INTO_BLANK
    for at in range(len(skip)):
        best = max(label[at + 1], blanks[at])
        if label[at] + skip[at] > best:
            came[at + 1] |= _FROM_LABEL
        elif blanks[at] > label[at + 1]:
            came[at + 1] |= _FROM_BLANK


@numba.njit(cache=True, nogil=True)
def _retrace(
    log_probs: FloatArray, codes: Codes, skip: Scores, blank: int, label: Scores, blanks: Scores,
    state: int, in_label: bool, path: Labels,
) -> tuple[int, bool]:  # fmt: skip
    """Fill in the path [B] of a block from the scores before it and the state after it; return the state before it."""
    frames = len(log_probs)
    low = max(0, state - frames)
    codes, skip = codes[low:state], skip[low:state]
    label, blanks = label[low : state + 1].copy(), blanks[low : state + 1].copy()
    came = np.empty((frames, len(label)), np.uint8)
    for frame in range(frames):
        _choose(skip, label, blanks, came[frame])
        _step(log_probs[frame], blank, codes, skip, label, blanks)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state - 1 if in_label else -1
        choice = came[frame, state - low]
        if not in_label:
            in_label = choice & _INTO_BLANK != 0
        elif choice & (_FROM_BLANK | _FROM_LABEL):
            in_label = choice & _FROM_LABEL != 0
            state -= 1
    return state, in_label
