"""Line scratches: long, thin, near-vertical, at the same place while the scene moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.segment.line_beside import Beside
from filmrestore_core.segment.line_path import LinePath, trace_lines
from filmrestore_core.segment.line_votes import SCALES, STRIP, PlateVotes, unsteady
from filmrestore_core.segment.spike import fast_luma
from filmrestore_core.temporal.window import AlignedWindow

# A strip shows a line where its vote is at least this.
_SHOWS = 0.3
# A line that comes so near to the upper or lower edge, in strips, runs out of the picture.
_EDGE_STRIPS = 1


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


def find_lines(window: AlignedWindow, votes: PlateVotes | None = None) -> list[Line]:
    """Line scratches of the center frame.

    The response of each pixel is the smaller of its differences to both flanks (a line, not an
    edge), counted in units of what the surroundings give, so that no single strong pixel decides;
    votes are summed along near-vertical paths and over the window's frames, which are not
    aligned: what is fixed to the gate adds up, what moves with the scene does not. After Kokaram,
    "Motion Picture Restoration", 1998, and Joyeux et al., "Reconstruction of degraded image
    sequences: application to film restoration", 2001.

    Args:
        window: a frame with one to four neighbours.
        votes: keeps what is known of the plates for other windows.

    Returns:
        Lines, strongest first; none where the frame has no neighbour.
    """
    raw = window.window
    height, width = raw.center.box.shape
    if not raw.neighbors or height < 4 * STRIP or width < 32:
        return []
    center = fast_luma(raw.center.pixels)
    votes = votes or PlateVotes()
    own_votes = votes.of(raw.center)
    other_votes = [votes.of(p) for p in raw.neighbors]
    found: list[Line] = []
    for scale in range(len(SCALES)):
        own, others = own_votes[scale], [v[scale] for v in other_votes]
        for sign in (-1, 1):
            together = _together(own * sign, [o * sign for o in others])
            for path in trace_lines(together):
                score = _judge(path, sign, own * sign, [o * sign for o in others], window)
                if score <= 0:
                    continue
                line = _outline(path, center, sign, score)
                if line is not None and not _known(line, found):
                    found.append(line)
    return sorted(found, key=lambda line: (-line.score, float(line.columns.mean())))


def _together(own: NDArray[np.float32], others: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Votes of all frames together, the usual level of a strip taken off."""
    mean = (own + sum(unsteady(o) for o in others)) / np.float32(1 + len(others))
    # A line must be in the frame itself, not only in its neighbours.
    joined = np.minimum(mean, own + np.float32(0.5))
    return np.asarray(joined - np.median(joined, axis=1, keepdims=True), np.float32)


def _judge(
    path: LinePath,
    sign: int,
    own: NDArray[np.float32],
    others: list[NDArray[np.float32]],
    window: AlignedWindow,
) -> float:
    """0 for a picture line, else a score."""
    strips = own.shape[0]
    rows, columns = path.strips, path.columns
    here = unsteady(own)[rows, columns]
    stands = np.stack([unsteady(o)[rows, columns] for o in others])
    span = len(rows) / strips
    shows = float(np.mean(here > _SHOWS))
    shows_there = float(np.min(np.mean(stands > _SHOWS, axis=1)))
    strength = float(here.mean())
    if shows < 0.6 or shows_there < 0.45 or strength < 0.5:
        return 0.0
    # A scratch runs on into the next frame; a pole that a tracking camera keeps at its place while
    # the background slides by begins and ends inside the picture.
    if rows[0] > _EDGE_STRIPS and rows[-1] < strips - 1 - _EDGE_STRIPS and span < 0.8:
        return 0.0
    evidence = strength * np.sqrt(len(rows) / 12.0)
    beside = Beside(path, window)
    share = float(np.mean(beside.moved.any(axis=0)))
    if share >= 0.3 and span >= 0.45:
        gone = np.zeros(beside.moved.shape, np.float32)
        for index, votes in enumerate(others):
            target = np.clip(np.rint(columns + beside.away[index]).astype(int), 0, own.shape[1] - 1)
            gone[index] = unsteady(votes)[rows, target]
        stays, left = float(stands[beside.moved].mean()), float(gone[beside.moved].mean())
        if stays - left < 0.45 or stays < 0.5:
            return 0.0
        # Bars that repeat may fall on each other once; not in every neighbour.
        telling = [m for m in range(len(others)) if beside.moved[m].mean() >= 0.2]
        apart = [float((stands[m] - gone[m])[beside.moved[m]].mean()) for m in telling]
        if len(telling) < min(2, len(others)) or min(apart) < 0.2:
            return 0.0
        return _score(evidence - 0.9, stays - left - 0.45, shows - 0.6, 3.0 * (span - 0.45))
    # Nothing moves: only a line from edge to edge, over dark and bright, can be told.
    if span < 0.985 or shows < 0.9 or shows_there < 0.85:
        return 0.0
    low, high = np.percentile(beside.levels, (10, 90))
    # A picture line is hidden by what is before it.
    order = np.argsort(beside.levels, kind="stable")
    quarter = max(1, len(order) // 4)
    ends = [float(np.mean(here[part] > _SHOWS)) for part in (order[:quarter], order[-quarter:])]
    if high - low < 0.2 or beside.unevenness(sign) > 0.35 or min(ends) < 0.8:
        return 0.0
    return _score(evidence - 1.6, shows - 0.9, high - low - 0.2)


def _score(*margins: float) -> float:
    """The weakest margin decides: 0 at the operating point gives 0.5."""
    worst = min(margins)
    return float(np.clip(0.5 + 0.5 * worst, 0.0, 1.0))


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
