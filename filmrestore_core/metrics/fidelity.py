"""How near a picture is to the truth: PSNR, low-passed PSNR, SSIM; inside or outside a matte."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Below this share of covered surroundings the low-passed difference rests on nothing.
_LEAST_WEIGHT = 1e-3
# Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
# similarity", 2004: an 11 x 11 Gaussian of sigma 1.5, K1 = 0.01, K2 = 0.03.
_SSIM_SIDE = 11
_SSIM_SIGMA = 1.5
_K1, _K2 = 0.01, 0.03


@dataclass(frozen=True, slots=True)
class SquaredError:
    """A sum of squared differences that can be added up over frames.

    Attributes:
        total: sum of squares.
        samples: how many.
    """

    total: float = 0.0
    samples: int = 0

    def __add__(self, other: SquaredError) -> SquaredError:
        return SquaredError(self.total + other.total, self.samples + other.samples)

    def psnr(self, peak: float = 1.0) -> float:
        """Peak signal to noise ratio, dB; infinite where nothing differs, NaN of no samples."""
        if self.samples == 0:
            return float("nan")
        if self.total == 0:
            return float("inf")
        return float(10 * np.log10(peak**2 * self.samples / self.total))


def squared_error(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    where: NDArray[np.bool_] | None = None,
) -> SquaredError:
    """The difference of two pictures.

    Args:
        result: (H, W, C) float32.
        truth: (H, W, C) float32.
        where: (H, W) bool, the pixels that count; None: all.
    """
    difference = result.astype(np.float64) - truth
    if where is not None:
        difference = difference[where]
    return SquaredError(float(np.sum(difference**2)), int(difference.size))


def psnr(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    where: NDArray[np.bool_] | None = None,
    *,
    peak: float = 1.0,
) -> float:
    """Peak signal to noise ratio, dB; infinite where nothing differs, NaN where nothing counts.

    Args:
        result: (H, W, C) float32.
        truth: (H, W, C) float32.
        where: (H, W) bool, the pixels that count; None: all.
        peak: what counts as full scale.
    """
    return squared_error(result, truth, where).psnr(peak)


def low_passed_error(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    where: NDArray[np.bool_],
    *,
    sigma: float = 2.0,
) -> SquaredError:
    """The difference without grain: blurred inside the hole only, so its rim does not dilute it.

    Fresh grain is as far from the truth's grain as can be and costs plain PSNR 3 dB against a
    blur; this measures whether the picture underneath is right.

    Args:
        result: (H, W, C) float32.
        truth: (H, W, C) float32.
        where: (H, W) bool, the hole.
        sigma: of the Gaussian, px.
    """
    difference = low_passed_difference(result, truth, where, sigma=sigma)
    inside = difference[where]
    inside = inside[np.isfinite(inside[:, 0])]
    return SquaredError(float(np.sum(inside**2)), int(inside.size))


def low_passed_difference(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    where: NDArray[np.bool_],
    *,
    sigma: float = 2.0,
) -> NDArray[np.float64]:
    """(H, W, C) float64: the difference blurred inside the hole; NaN outside.

    See `low_passed_error` for the arguments.
    """
    import cv2

    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma)
    difference = (result - truth) * where[..., None]
    blurred = cv2.GaussianBlur(np.ascontiguousarray(difference), (0, 0), sigma)
    blurred = np.asarray(blurred, np.float64).reshape(result.shape)
    counts = where & (weight > _LEAST_WEIGHT)
    found = np.full(result.shape, np.nan)
    found[counts] = blurred[counts] / weight[counts][:, None]
    return found


def low_passed_psnr(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    where: NDArray[np.bool_],
    *,
    sigma: float = 2.0,
    peak: float = 1.0,
) -> float:
    """PSNR of `low_passed_error`, dB."""
    return low_passed_error(result, truth, where, sigma=sigma).psnr(peak)


def ssim_map(
    result: NDArray[np.float32], truth: NDArray[np.float32], *, peak: float = 1.0
) -> NDArray[np.float32]:
    """Structural similarity at each pixel, (H, W) float32 -1 to 1, mean over channels.

    Args:
        result: (H, W, C) float32.
        truth: (H, W, C) float32.
        peak: what counts as full scale.
    """
    import cv2

    def mean(picture: NDArray[np.float64]) -> NDArray[np.float64]:
        side = (_SSIM_SIDE, _SSIM_SIDE)
        blurred = cv2.GaussianBlur(picture, side, _SSIM_SIGMA, borderType=cv2.BORDER_REFLECT_101)
        return np.asarray(blurred, np.float64).reshape(picture.shape)

    a, b = result.astype(np.float64), truth.astype(np.float64)
    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2
    both = mean(a * b) - mean_a * mean_b
    c1, c2 = (_K1 * peak) ** 2, (_K2 * peak) ** 2
    value = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    value /= (mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2)
    return np.asarray(value.mean(axis=-1), np.float32)


def ssim(
    result: NDArray[np.float32],
    truth: NDArray[np.float32],
    where: NDArray[np.bool_] | None = None,
    *,
    peak: float = 1.0,
) -> float:
    """Mean structural similarity; NaN where nothing counts.

    Args:
        result: (H, W, C) float32.
        truth: (H, W, C) float32.
        where: (H, W) bool, the pixels that count; None: all.
        peak: what counts as full scale.
    """
    values = ssim_map(result, truth, peak=peak)
    inside = values if where is None else values[where]
    return float(inside.mean(dtype=np.float64)) if inside.size else float("nan")
