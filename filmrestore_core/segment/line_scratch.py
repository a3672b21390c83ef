"""Line scratches: long, thin, near-vertical, at the same place while the scene moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.judge import load_judge
from filmrestore_core.segment.line_candidates import candidate_lines
from filmrestore_core.segment.line_measure import (
    LINE_COLUMNS,
    LINE_NET_COLUMNS,
    measure_lines,
    net_says,
    surely_picture,
)
from filmrestore_core.segment.line_path import LinePath
from filmrestore_core.segment.line_votes import STRIP, PlateVotes
from filmrestore_core.segment.spike import fast_luma
from filmrestore_core.temporal.window import AlignedWindow

Plane = NDArray[np.float32]


LINE_JUDGE, LINE_NET_JUDGE = "lines", "lines_net"
"""The judges that are asked here: without and with what a net says."""

# Below this no sensitivity takes a line.
_HOPELESS = 0.02
# px; a narrower picture has no room for a line and its flanks.
_LEAST_WIDTH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """What a net says of the frame.

    Attributes:
        scores: (classes, H, W) float32 0..1.
        scratch: which class is `DamageClass.SCRATCH`.
    """

    scores: Plane
    scratch: int


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A line scratch.

    Attributes:
        columns: (H,) float64, its middle on each row.
        present: (H,) bool, rows where it shows.
        left: px it reaches to the left of its middle.
        right: px it reaches to the right.
        sign: 1 bright, -1 dark.
        score: 0..1, 0.5 at the operating point.
    """

    columns: NDArray[np.float64]
    present: NDArray[np.bool_]
    left: int
    right: int
    sign: int
    score: float


def find_lines(
    window: AlignedWindow, votes: PlateVotes | None = None, learned: Learned | None = None
) -> list[Line]:
    """Line scratches of the center frame.

    The response of each pixel is the smaller of its differences to both flanks (a line, not an
    edge), counted in units of what the surroundings give, so that no single strong pixel decides;
    votes are summed along near-vertical paths and over the window's frames, which are not
    aligned: what is fixed to the gate adds up, what moves with the scene does not. After Kokaram,
    "Motion Picture Restoration", 1998. Trees judge what `measure_lines` says of each path.

    Args:
        window: a frame with one to four neighbours.
        votes: keeps what is known of the plates for other windows.
        learned: what a net says of the frame, where one was asked.

    Returns:
        Lines, likeliest first; none where the frame has no neighbour.
    """
    raw = window.window
    height, width = raw.center.box.shape
    if not raw.neighbors or height < 4 * STRIP or width < _LEAST_WIDTH:
        return []
    votes = votes or PlateVotes()
    own, others = votes.of(raw.center), [votes.of(p) for p in raw.neighbors]
    paths = candidate_lines(own, others)
    if not paths:
        return []
    scores = _scores(window, paths, own, others, learned)
    center = fast_luma(raw.center.pixels)
    found: list[Line] = []
    for index in np.argsort(-scores, kind="stable"):
        if scores[index] < _HOPELESS:
            break
        path, sign, _ = paths[index]
        line = _outline(path, center, sign, float(scores[index]))
        if line is not None and not _known(line, found):
            found.append(line)
    return found


def _scores(
    window: AlignedWindow,
    paths: list[tuple[LinePath, int, int]],
    own: list[Plane],
    others: list[list[Plane]],
    learned: Learned | None,
) -> NDArray[np.float64]:
    columns = measure_lines(window, paths, own, others)
    alone = load_judge(LINE_JUDGE)
    logit = alone.logit(columns, LINE_COLUMNS)
    if learned is None:
        scores = alone.score_of(logit)
    else:
        beside = load_judge(LINE_NET_JUDGE)
        told = np.concatenate([columns, net_says(paths, learned.scores, learned.scratch)], axis=1)
        # A net that does not know a film's scratches says so of each: half the say is the other's.
        both = (logit + beside.logit(told, (*LINE_COLUMNS, *LINE_NET_COLUMNS))) / 2
        scores = beside.score_of(both)
    return np.where(surely_picture(columns), 0.0, scores)


def _outline(path: LinePath, center: NDArray[np.float32], sign: int, score: float) -> Line | None:
    """Where exactly the line runs, on which rows, and how wide it is."""
    import cv2

    height = len(center)
    first, last = int(path.strips[0]), int(path.strips[-1])
    top = 0 if first == 0 else first * STRIP
    bottom = height if last >= height // STRIP - 1 else (last + 1) * STRIP
    rows = np.arange(height)
    columns = np.interp(rows, path.strips * STRIP + (STRIP - 1) / 2, path.columns.astype(float))
    half = 10
    offsets = np.arange(-half, half + 1)
    map_x = (columns[:, None] + offsets).astype(np.float32)
    map_y = np.broadcast_to(rows[:, None], map_x.shape).astype(np.float32)
    straight = cv2.remap(center, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    flanks = np.concatenate([straight[:, :4], straight[:, -4:]], axis=1)
    detail = sign * (straight - np.median(flanks, axis=1, keepdims=True))
    smooth = cv2.blur(np.clip(detail, -0.5, 0.5), (1, 2 * STRIP + 1))
    near = smooth[:, half - 3 : half + 4]
    shift = cv2.blur((np.argmax(near, axis=1) - 3.0).reshape(-1, 1), (1, STRIP)).ravel()
    contrast = near.max(axis=1)
    inside = (rows >= top) & (rows < bottom)
    usual = float(np.median(contrast[inside]))
    if usual <= 0:
        return None
    present = inside & (contrast > 0.35 * usual)
    moved = map_x + shift[:, None].astype(np.float32)
    straight = cv2.remap(center, moved, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    flanks = np.concatenate([straight[:, :4], straight[:, -4:]], axis=1)
    profile = np.mean(sign * (straight - np.median(flanks, axis=1, keepdims=True))[present], axis=0)
    top_level = float(profile[half - 1 : half + 2].max())
    left, right = _reach(profile[half::-1], top_level), _reach(profile[half:], top_level)
    if left + right + 1 > 9:
        return None
    return Line(columns + shift, present, left, right, sign, score)


def _reach(profile: NDArray[np.floating], top: float) -> int:
    """Px from the middle to where the line has faded, or something else begins."""
    reach = 0
    while reach < 5 and profile[reach + 1] > 0.2 * top:
        if reach > 0 and profile[reach + 1] > profile[reach]:
            break
        reach += 1
    return reach


def _known(line: Line, found: list[Line]) -> bool:
    """True where the line is the other scale's answer for one that was found."""
    for other in found:
        both = line.present & other.present
        if np.count_nonzero(both) * 2 < min(line.present.sum(), other.present.sum()):
            continue
        if float(np.median(np.abs(line.columns - other.columns)[both])) < 5:
            return True
    return False


def draw_line(line: Line, plane: NDArray[np.float32]) -> None:
    """Write a line's score into a plane of scores (H, W) float32."""
    width = plane.shape[1]
    for row in np.flatnonzero(line.present).tolist():
        middle = round(float(line.columns[row]))
        low, high = max(0, middle - line.left), min(width, middle + line.right + 1)
        np.maximum(plane[row, low:high], np.float32(line.score), out=plane[row, low:high])
