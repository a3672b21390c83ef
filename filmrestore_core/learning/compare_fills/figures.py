"""What is measured of a fill, hole by hole, in sums that can be added up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.grain.regrain import regrain
from filmrestore_core.inpaint.base import Fill
from filmrestore_core.learning.compare_fills.candidate import Proposal
from filmrestore_core.learning.compare_fills.hole_crops import HoleCrop, HoleFacts
from filmrestore_core.metrics.fidelity import low_passed_difference, ssim_map
from filmrestore_core.metrics.grain import fine_part
from filmrestore_core.plate import Plate

# Coverage from which a pixel is the fill's rather than the picture's.
_COVERED = 0.5
# dB that a hole without any error counts as.
_MOST_DB = 80.0

COLUMNS: dict[str, str] = {
    "psnr": "PSNR of the fill before grain against the picture without grain, errors of all holes "
    "added up, dB",
    "low": "the same after a blur of 2 px inside the hole, dB",
    "low_mean": "mean of every hole's own low-passed PSNR, dB",
    "ssim": "SSIM of the fill before grain against the picture without grain",
    "grain": "energy finer than 1 px of the finished fill (grain put on) over the true picture's",
    "grain_mid": "median of every hole's own, weighted by pixels: few bad holes do not move it",
    "sharpness": "gradient energy of the fill before grain over that of the true picture without",
    "sharp_mid": "median of every hole's own, weighted by pixels",
}


@dataclass(frozen=True, slots=True)
class HoleFigures:
    """Sums over the covered pixels of one hole.

    Attributes:
        window, crop, label: which hole.
        area: px.
        size: name of its size class.
        kind: what neighbours know of it.
        samples: pixels times channels.
        error: squared, without grain.
        low: squared, low-passed.
        ssim: summed over pixels.
        pixels: how many.
        fine, fine_truth: energy of the finest detail, with grain.
        slope, slope_truth: energy of the gradient, without grain.
    """

    window: int
    crop: int
    label: int
    area: int
    size: str
    kind: str
    samples: int
    error: float
    low: float
    ssim: float
    pixels: int
    fine: float
    fine_truth: float
    slope: float
    slope_truth: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """A measured proposal.

    Attributes:
        holes: figures of each.
        finished: (h, w, 3) float32, the true picture with the finished fill in its holes.
    """

    holes: tuple[HoleFigures, ...]
    finished: NDArray[np.float32]


def measure_fill(crop: HoleCrop, proposal: Proposal) -> Measured:
    """A proposal against the truth.

    It is laid into the true picture, so that nothing but the fill and its seam is judged: before
    grain into the picture without grain, and with grain of the known kind put on into the other.

    Args:
        crop: with its truth.
        proposal: of a candidate.
    """
    share = crop.coverage[..., None]
    fill = np.ascontiguousarray(np.moveaxis(proposal.pixels, 0, -1), np.float32)
    bare = crop.bare + share * (fill - crop.bare)
    grainy = _grained(crop, fill, proposal)
    finished = crop.truth + share * (grainy - crop.truth)
    covered = crop.coverage >= _COVERED
    low = low_passed_difference(bare, crop.bare, covered)
    maps = {
        "error": np.square(bare.astype(np.float64) - crop.bare).sum(axis=-1),
        "low": np.nan_to_num(np.square(low)).sum(axis=-1),
        "ssim": ssim_map(bare, crop.bare),
        "pixels": np.ones(covered.shape),
        "fine": np.square(fine_part(finished)).sum(axis=-1),
        "fine_truth": np.square(fine_part(crop.truth)).sum(axis=-1),
        "slope": _slope(bare),
        "slope_truth": _slope(crop.bare),
    }
    count = len(crop.holes) + 1
    at = crop.labels[covered]
    sums = {
        name: np.bincount(at, weights=values[covered], minlength=count).tolist()
        for name, values in maps.items()
    }
    holes = tuple(
        _figures(crop, hole, {name: values[hole.label] for name, values in sums.items()})
        for hole in crop.holes
        if sums["pixels"][hole.label] > 0
    )
    return Measured(holes, np.asarray(finished, np.float32))


def row_of(holes: Iterable[HoleFigures]) -> dict[str, float | None]:
    """The figures of COLUMNS over some holes; None where there is nothing to measure."""
    those = list(holes)
    total = {
        name: sum(getattr(h, name) for h in those)
        for name in ("samples", "error", "low", "ssim", "pixels")
    }
    total |= {
        name: sum(getattr(h, name) for h in those)
        for name in ("fine", "fine_truth", "slope", "slope_truth")
    }
    each = [_decibels(h.low, h.samples) for h in those]
    row = {
        "psnr": _decibels(total["error"], total["samples"]),
        "low": _decibels(total["low"], total["samples"]),
        "low_mean": float(np.mean(each)) if each else math.nan,
        "ssim": _ratio(total["ssim"], total["pixels"]),
        "grain": _ratio(total["fine"], total["fine_truth"]),
        "grain_mid": _middle([(_ratio(h.fine, h.fine_truth), h.pixels) for h in those]),
        "sharpness": _ratio(total["slope"], total["slope_truth"]),
        "sharp_mid": _middle([(_ratio(h.slope, h.slope_truth), h.pixels) for h in those]),
    }
    return {name: None if math.isnan(value) else value for name, value in row.items()}


def _figures(crop: HoleCrop, hole: HoleFacts, sums: dict[str, float]) -> HoleFigures:
    pixels = round(sums.pop("pixels"))
    return HoleFigures(
        window=crop.window,
        crop=crop.crop,
        label=hole.label,
        area=hole.area,
        size=hole.size,
        kind=hole.kind.value,
        samples=pixels * crop.truth.shape[2],
        pixels=pixels,
        **sums,
    )


def _grained(crop: HoleCrop, fill: NDArray[np.float32], proposal: Proposal) -> NDArray[np.float32]:
    """The fill with the crop's own kind of grain on it, keyed by the crop."""
    shape = crop.coverage.shape
    kept = np.broadcast_to(np.asarray(proposal.grain_kept, np.float32), shape)
    filled = crop.coverage > 0
    box = Box.of_size(shape[1], shape[0])
    plate = Plate(crop.window, crop.truth.copy(), box, np.ones(shape, np.bool_))
    pixels = np.where(filled[..., None], fill, crop.truth)
    made = Fill(np.ascontiguousarray(pixels), filled, np.ascontiguousarray(kept))
    return regrain(made, plate, None, crop.grain, seed=crop.crop)


def _slope(picture: NDArray[np.float32]) -> NDArray[np.float64]:
    """(H, W): squared central differences along both axes, over all channels."""
    down, right = np.gradient(picture.astype(np.float64), axis=(0, 1))
    return np.asarray((np.square(down) + np.square(right)).sum(axis=-1), np.float64)


def _decibels(total: float, samples: float) -> float:
    if samples <= 0:
        return math.nan
    return min(_MOST_DB, 10 * math.log10(samples / max(total, 1e-12)))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan


def _middle(values: list[tuple[float, int]]) -> float:
    """Median of (value, weight); NaN values are left out."""
    known = sorted((v, w) for v, w in values if not math.isnan(v))
    half, seen = sum(w for _, w in known) / 2, 0
    for value, weight in known:
        seen += weight
        if seen >= half:
            return value
    return math.nan
