"""Line scratches that the picture shines through: their density is lifted off."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.inpaint.base import FILL_METHODS, Fill
from filmrestore_core.inpaint.density import DensityScale
from filmrestore_core.matte import DamageClass, Matte
from filmrestore_core.places import boxes_of, places
from filmrestore_core.plate import Plate

Plane = NDArray[np.float32]

LIFTED = FILL_METHODS.index("lifted")
# A line is at least so high and at most so wide, px; what is not is no running scratch.
_LEAST_HEIGHT, _MOST_WIDTH = 48, 16
# px to either side of a line's middle that are looked at, and that its flanks have.
_HALF, _FLANK = 14, 3
# Rows over which a line's density hardly changes; more where the picture hides it.
_ROWS, _MOST_ROWS, _SURE = 33, 129, 0.03
# Every so manieth row its density is asked, between them it is interpolated.
_STEP = 8
# A line that takes or gives more than this (natural logarithm of light) has left no picture, and
# from the first on its fill counts too.
_THROUGH, _OPAQUE = 0.6, 0.9
# Nothing is known of a line whose density is no steadier than this.
_UNSTEADY = 0.25
# Places that stand so many deviations of a pixel out from both guesses are no part of the line.
_BEYOND, _LEAST_BEYOND = 2.0, 0.1
# What is so near to an end of the scale, code values, may have been cut off there.
_FLOOR, _CEILING = 0.012, 0.98


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """A line's surroundings, row by row around its middle.

    Attributes:
        rows: (N, 1) int.
        columns: (N, 2 * _HALF + 1) int.
        inside: (N, 2 * _HALF + 1) bool, pixels of the line.
        drift: (N,) float64, px from each row's middle column to the line's middle.
    """

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    inside: NDArray[np.bool_]
    drift: NDArray[np.float64]


def lift_lines(center: Plate, matte: Matte, fill: Fill, encoding: Encoding) -> Fill:
    """The fill, with the picture itself where it shines through a line scratch.

    A scratch is thinner or thicker film: what it adds to the picture's density hardly changes
    along its way. That is estimated as the running median, row for row, of the difference in
    density between the damaged picture and a guess (the fill, or what lies on both sides), and
    taken off; detail and grain of the frame itself stay. Where the line is nearly opaque or its
    density is not steady, the fill stays. Bruni, Vitulano and Kokaram, "Fast removal of line
    scratches in old movies", ICPR 2004, lessen lines instead of replacing them, too.

    Args:
        center: the damaged frame.
        matte: of the frame; pixels of class scratch are looked at.
        fill: of all covered pixels.
        encoding: what code values mean.

    Returns:
        The fill; pixels that were lifted carry their own grain.
    """
    import cv2

    if fill.methods is None:
        return fill
    scratched = (matte.labels == DamageClass.SCRATCH.label) & fill.filled
    # Who sends large or unseen holes to be drawn wants them drawn.
    scratched &= fill.methods != FILL_METHODS.index("diffusion")
    if not scratched.any():
        return fill
    scale = DensityScale.of(encoding)
    count, pieces = cv2.connectedComponents(
        scratched.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    ys, xs = places(scratched)
    owner = pieces[ys, xs].astype(np.intp)
    boxes = boxes_of(ys, xs, owner, count)
    areas = np.bincount(owner, minlength=count)
    pixels, share = fill.pixels.copy(), np.zeros(center.box.shape, np.float32)
    for piece in range(1, count):
        height = int(boxes[piece][3])
        if height < _LEAST_HEIGHT or areas[piece] > _MOST_WIDTH * height:
            continue
        band = _band(pieces, piece, boxes[piece].tolist(), center.box.width)
        lifted, sure = _lifted(center.pixels, fill.pixels, band, scale)
        at = band.rows, band.columns
        here = band.inside & (sure > 0)
        places_of = (np.broadcast_to(band.rows, band.columns.shape)[here], band.columns[here])
        weight = sure[here][:, None]
        pixels[places_of] = weight * lifted[here] + (1 - weight) * fill.pixels[at][here]
        share[places_of] = sure[here]
    if not share.any():
        return fill
    kept = np.maximum(fill.grain_kept, share)
    lost = None if fill.detail_lost is None else fill.detail_lost * (1 - share)
    methods = np.where(share >= 0.5, np.uint8(LIFTED), fill.methods)
    return replace(fill, pixels=pixels, grain_kept=kept, detail_lost=lost, methods=methods)


def _band(pieces: NDArray[np.int32], piece: int, box: list[int], width: int) -> _Band:
    x, y, wide, high = box
    own = pieces[y : y + high, x : x + wide] == piece
    number = own.sum(axis=1)
    rows = np.arange(y, y + high)
    # Where something else is joined to it, the line's middle is not that of the piece.
    alone = (number > 0) & (number <= np.median(number[number > 0]) + 2)
    middle = (own @ np.arange(x, x + wide)) / np.maximum(number, 1)
    middle = np.interp(rows, rows[alone], _steady(middle[alone]))
    # The matte's own steps of a pixel are not the line's.
    middle = np.convolve(np.pad(middle, 8, "edge"), np.full(17, 1 / 17), "valid")
    whole = np.rint(middle).astype(np.intp)
    columns = whole[:, None] + np.arange(-_HALF, _HALF + 1)
    within = (columns >= 0) & (columns < width)
    columns = np.clip(columns, 0, width - 1)
    inside = (pieces[rows[:, None], columns] == piece) & within
    # What is joined to it is left to the fill.
    inside &= np.abs(columns - middle[:, None]) <= _MOST_WIDTH / 2
    return _Band(rows[:, None].astype(np.intp), columns, inside, middle - whole)


def _steady(middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The running median over as many rows as the line's density is asked over."""
    half = min(_ROWS, len(middle)) // 2
    padded = np.pad(middle, half, "edge")
    views = np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1)
    return np.asarray(np.median(views, axis=1), np.float64)


def _lifted(damaged: Plane, filled: Plane, band: _Band, scale: DensityScale) -> tuple[Plane, Plane]:
    """(N, W, C) the picture without the line, and (N, W) 0..1 how far that is to be had."""
    import cv2

    at = band.rows, band.columns
    seen, guess = damaged[at], filled[at]
    here = scale.density(seen)
    nothing = np.zeros(band.inside.shape, np.float32)
    present = np.flatnonzero(band.inside.any(axis=1))
    if len(present) < _LEAST_HEIGHT // 2:
        return seen, nothing
    guesses = [scale.density(guess), scale.density(_from_flanks(guess, band.inside))]
    added = [np.where(band.inside[..., None], here - g, np.float32(0)) for g in guesses]
    line, spread = _along([_shifted(a, band.drift) for a in added], band, present)
    if not spread < _UNSTEADY:
        return seen, nothing
    lifted = scale.picture(here - line)
    depth = np.abs(line).max(axis=(1, 2))
    through = np.clip((_OPAQUE - depth) / (_OPAQUE - _THROUGH), 0, 1)
    sure = np.where(band.inside, cv2.blur(through[:, None], (1, 9)), 0).astype(np.float32)
    limit = max(_LEAST_BEYOND, _BEYOND * spread)
    # Over three pixels, as a speck has them, grain counts for little.
    rest = [cv2.blur(here - line - g, (3, 3)).reshape(here.shape) for g in guesses]
    apart = np.min([np.abs(r).max(axis=2) for r in rest], axis=0)
    cut = scale.is_cut(seen, line, floor=_FLOOR, ceiling=_CEILING).any(axis=2)
    strange = ((apart > limit) | cut) & band.inside
    sure *= 1 - cv2.blur(cv2.dilate(strange.astype(np.float32), np.ones((3, 3))), (3, 3))
    return np.asarray(lifted, np.float32), np.asarray(sure, np.float32)


def _from_flanks(picture: Plane, inside: NDArray[np.bool_]) -> Plane:
    """The picture, and on the line what a straight line between its flanks has."""
    count = inside.shape[1]
    places_of = np.arange(count)
    first = np.argmax(inside, axis=1)
    last = count - 1 - np.argmax(inside[:, ::-1], axis=1)
    rows = np.arange(len(inside))[:, None]
    near = np.arange(1, _FLANK + 1)
    left = picture[rows, np.clip(first[:, None] - near, 0, count - 1)].mean(axis=1)
    right = picture[rows, np.clip(last[:, None] + near, 0, count - 1)].mean(axis=1)
    way = (places_of - first[:, None] + 1) / (last - first + 2)[:, None]
    way = np.clip(way, 0, 1)[..., None].astype(np.float32)
    between = left[:, None] * (1 - way) + right[:, None] * way
    return np.asarray(np.where(inside[..., None], between, picture), np.float32)


def _along(straight: list[Plane], band: _Band, present: NDArray[np.intp]) -> tuple[Plane, float]:
    """(N, W, C) what changes little along the line, and the spread of the rest.

    Where the scene moves strangely the flanks tell more than the fill, where it is full of detail
    the fill does: at each place that one counts of which the rest spreads less.
    """
    inside = _shifted(band.inside[..., None].astype(np.float32), band.drift)[..., 0] > 0.5
    own, spread, rows = straight[0], np.inf, _ROWS
    for _ in range(2):
        found = [_running_median(s[present], inside[present], rows) for s in straight]
        better = np.argmin([rest for _, rest in found], axis=0)
        knots = np.where((better == 0)[:, None, None], found[0][0], found[1][0])
        spread = float(np.median(np.min([rest for _, rest in found], axis=0)))
        own = _between(knots, present, len(straight[0]))
        # Where the guesses are worse, more of them must agree.
        wanted = int(np.clip(_ROWS * spread / _SURE, _ROWS, _MOST_ROWS)) | 1
        if wanted <= rows + _STEP:
            break
        rows = wanted
    line = _shifted(own, -band.drift)
    return np.where(band.inside[..., None], line, np.float32(0)), spread


def _running_median(
    held: Plane, inside: NDArray[np.bool_], rows: int
) -> tuple[Plane, NDArray[np.float64]]:
    """(K, W, C) medians over so many rows around every eighth, and (K,) the spread around them."""
    half = min(rows, len(held)) // 2
    medians, spreads = [], []
    for knot in _knots(len(held)):
        near = slice(max(0, knot - half), knot + half + 1)
        middle = np.median(held[near], axis=0)
        rest = np.abs(held[near] - middle)[inside[near]]
        medians.append(middle)
        spreads.append(1.4826 * float(np.median(rest)) if rest.size else np.inf)
    return np.stack(medians), np.asarray(spreads)


def _knots(count: int) -> list[int]:
    return sorted({*range(0, count, _STEP), count - 1})


def _between(medians: Plane, present: NDArray[np.intp], count: int) -> Plane:
    """(N, W, C) what lies at the knots, softened along the line and interpolated to all rows."""
    import cv2

    knots = np.asarray(_knots(len(present)))
    soft = cv2.blur(medians.reshape(len(knots), -1), (1, 3)).reshape(medians.shape)
    place = np.interp(np.arange(count), present[knots], np.arange(len(knots)))
    low = np.minimum(place.astype(np.intp), max(0, len(knots) - 2))
    way = (place - low)[:, None, None].astype(np.float32)
    high = np.minimum(low + 1, len(knots) - 1)
    return np.asarray(soft[low] * (1 - way) + soft[high] * way, np.float32)


def _shifted(band: Plane, right: NDArray[np.float64]) -> Plane:
    """(N, W, C) each row read so many px further to the right."""
    import cv2

    count, wide, channels = band.shape
    x = np.arange(wide)[None, :] + right[:, None]
    y = np.broadcast_to(np.arange(count)[:, None], (count, wide))
    made = cv2.remap(
        np.ascontiguousarray(band),
        x.astype(np.float32),
        y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(made.reshape(count, wide, channels), np.float32)
