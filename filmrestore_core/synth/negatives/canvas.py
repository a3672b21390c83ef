"""Canvas: small things drawn with soft edges, then laid over a picture or added to it as light."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Picture = NDArray[np.float32]
Points = NDArray[np.float64]

# cv2 takes places with so many fractional bits.
_BITS = 4
# Farther out than this nothing is drawn; cv2's fixed-point places must not overflow.
_FAR = 30000.0


class Canvas:
    """Color times opacity, and opacity, at 8 bits; later things cover earlier ones."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        """An empty canvas.

        Args:
            height: px.
            width: px.
            channels: channels of the picture, 1 or 3.
        """
        self._planes = np.zeros((height, width, channels + 1), np.uint8)

    @classmethod
    def like(cls, picture: Picture) -> Canvas:
        """A canvas for an (H, W, C) picture."""
        return cls(*picture.shape)

    def streaks(
        self,
        starts: Points,
        ends: Points,
        widths: ArrayLike,
        tones: ArrayLike,
        opacities: ArrayLike = 1.0,
    ) -> None:
        """Straight strokes with round ends; one thinner than a pixel is fainter instead.

        Args:
            starts: (n, 2) x and y, px.
            ends: (n, 2), px.
            widths: px, one or (n,).
            tones: code values 0 to 1: one, (C,) for all or (n, C).
            opacities: 0 to 1, one or (n,).
        """
        import cv2

        count = len(starts)
        width = np.broadcast_to(np.asarray(widths, np.float64), count)
        seen = self._in_view(np.minimum(starts, ends), np.maximum(starts, ends), width / 2)
        share = np.broadcast_to(np.asarray(opacities, np.float64), count) * np.minimum(width, 1)
        inks = self._inks(tones, share)[seen].tolist()
        lines = np.maximum(1, np.round(width[seen])).astype(int).tolist()
        first, last = _fixed(starts[seen]).tolist(), _fixed(ends[seen]).tolist()
        for a, b, ink, line in zip(first, last, inks, lines, strict=True):
            cv2.line(self._planes, a, b, ink, line, cv2.LINE_AA, _BITS)

    def discs(
        self, centers: Points, radii: ArrayLike, tones: ArrayLike, opacities: ArrayLike = 1.0
    ) -> None:
        """Filled circles; one smaller than a pixel is fainter instead.

        Args:
            centers: (n, 2) x and y, px.
            radii: px, one or (n,).
            tones: as for `streaks`.
            opacities: 0 to 1, one or (n,).
        """
        import cv2

        count = len(centers)
        radius = np.broadcast_to(np.asarray(radii, np.float64), count)
        seen = self._in_view(centers, centers, radius)
        share = np.broadcast_to(np.asarray(opacities, np.float64), count)
        inks = self._inks(tones, share * np.minimum(1, np.pi * radius**2))[seen].tolist()
        sizes = np.round(np.maximum(radius[seen], 0.5) * (1 << _BITS)).astype(int).tolist()
        for place, size, ink in zip(_fixed(centers[seen]).tolist(), sizes, inks, strict=True):
            cv2.circle(self._planes, place, size, ink, -1, cv2.LINE_AA, _BITS)

    def polygons(self, outlines: Points, tones: ArrayLike, opacities: ArrayLike = 1.0) -> None:
        """Filled outlines.

        Args:
            outlines: (n, corners, 2) x and y, px.
            tones: as for `streaks`.
            opacities: 0 to 1, one or (n,).
        """
        import cv2

        count = len(outlines)
        seen = self._in_view(outlines.min(axis=1), outlines.max(axis=1), np.zeros(count))
        share = np.broadcast_to(np.asarray(opacities, np.float64), count)
        inks = self._inks(tones, share)[seen].tolist()
        for corners, ink in zip(_fixed(outlines[seen]), inks, strict=True):
            cv2.fillPoly(self._planes, [corners[:, None]], ink, cv2.LINE_AA, _BITS)

    def blurred(self, softness: float) -> Canvas:
        """The same out of focus; softness is a sigma in px."""
        import cv2

        planes = self._planes
        height, width, count = planes.shape
        # What is very soft needs few samples.
        factor = max(1, int(softness / 1.5))
        if factor > 1:
            small = (-(-width // factor), -(-height // factor))
            planes = np.asarray(cv2.resize(planes, small, interpolation=cv2.INTER_AREA), np.uint8)
        planes = np.asarray(cv2.GaussianBlur(planes, (0, 0), softness / factor), np.uint8)
        if factor > 1:
            planes = np.asarray(cv2.resize(planes, (width, height)), np.uint8)
        soft = Canvas(height, width, count - 1)
        soft._planes = planes
        return soft

    def over(self, picture: Picture, opacity: float = 1.0) -> Picture:
        """The picture with the canvas in front of it."""
        import cv2

        *tones, covered = cv2.split(self._planes)
        left = np.float32(1) - covered * np.float32(opacity / 255)
        result = picture * _joined([left] * len(tones))
        result += _joined(tones) * np.float32(opacity / 255)
        np.minimum(result, 1, out=result)
        return result

    def shine(self, picture: Picture, gain: float = 1.0) -> Picture:
        """The picture with the canvas's color added as light, short of white."""
        import cv2

        light = _joined(cv2.split(self._planes)[:-1]) * np.float32(gain / 255)
        np.minimum(light, 1, out=light)
        light *= np.maximum(np.float32(1) - picture, 0)
        return np.asarray(picture + light, np.float32)

    def _inks(self, tones: ArrayLike, shares: NDArray[np.float64]) -> NDArray[np.int64]:
        """(n, C + 1): color times opacity and opacity, 0 to 255."""
        channels = self._planes.shape[2] - 1
        tone = np.asarray(tones, np.float64)
        if tone.ndim and tone.shape[-1] not in (1, channels):
            tone = tone.mean(axis=-1, keepdims=True)
        share = np.clip(shares, 0, 1)[:, None]
        color = np.broadcast_to(np.clip(tone, 0, 1), (len(shares), channels)) * share
        return np.round(255 * np.concatenate([color, share], axis=1)).astype(np.int64)

    def _in_view(self, low: Points, high: Points, around: NDArray[np.float64]) -> NDArray[np.bool_]:
        room = around[:, None] + 2
        size = np.array(self._planes.shape[1::-1])
        reached = (high + room > 0) & (low - room < size) & (low > -_FAR) & (high < _FAR)
        return np.asarray(reached.all(axis=1))


def smear_kernel(way: Points) -> NDArray[np.float32]:
    """A line of weights along `way` (x, y) px, centered; sums to 1."""
    import cv2

    reach = int(np.ceil(np.abs(way).max() / 2)) + 1
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    first, last = (_fixed(reach + s * way / 2).tolist() for s in (-1, 1))
    cv2.line(kernel, first, last, 255, 1, cv2.LINE_AA, _BITS)
    weights = kernel.astype(np.float32)
    return np.asarray(weights / weights.sum(), np.float32)


def turned(points: Points, angle: ArrayLike) -> Points:
    """Points (..., n, 2) turned about the origin by `angle` rad, one or (...)."""
    cos, sin = np.cos(np.asarray(angle)), np.sin(np.asarray(angle))
    matrix = np.stack([np.stack([cos, sin], axis=-1), np.stack([-sin, cos], axis=-1)], axis=-2)
    return np.asarray(points @ matrix, np.float64)


def _joined(planes: Sequence[NDArray[np.generic]]) -> Picture:
    """(H, W, C) float32 of planes."""
    import cv2

    merged = cv2.merge(list(planes))  # type: ignore[arg-type]
    return np.asarray(merged, np.float32).reshape(*planes[0].shape, len(planes))


def _fixed(points: Points) -> NDArray[np.int32]:
    return np.round(points * (1 << _BITS)).astype(np.int32)
