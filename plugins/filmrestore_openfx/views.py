"""What the View control shows: pictures for looking at, made from source, result and matte."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_openfx.host_types import Pixels

Planes = Mapping[str, Pixels]

_MIDDLE = 0.5
_DIMMED = 0.4
_LUMA = {"R": 0.2126, "G": 0.7152, "B": 0.0722}
_COLORS = ("R", "G", "B", "Y")


def view_planes(
    view: str,
    source: Planes,
    restored: Planes,
    coverage: NDArray[np.float32],
    *,
    gain: float,
    split: float,
) -> dict[str, Pixels]:
    """The planes of a view; alpha stays the source's.

    Args:
        view: one of controls.VIEWS.
        source: channel -> (H, W), as stored.
        restored: the same channels.
        coverage: (H, W) float32, 0 to 1, what is replaced.
        gain: of the Difference view.
        split: share of the width that shows the source, from the left.

    Returns:
        Channel -> (H, W) in the source's dtypes.
    """
    if view == "Source":
        return dict(source)
    if view == "Split":
        return {
            n: _split(source[n], restored[n], split) if n in _COLORS else source[n] for n in source
        }
    if view == "Matte":
        return _colored(source, dict.fromkeys(_COLORS, coverage))
    if view == "Difference":
        made = {
            n: _MIDDLE + gain * (_normal(restored[n]) - _normal(source[n]))
            for n in source
            if n in _COLORS
        }
        return _colored(source, made)
    if view == "Overlay":
        return _colored(source, _overlay(source, coverage))
    return dict(restored)


def with_matte_alpha(planes: Planes, coverage: NDArray[np.float32]) -> dict[str, Pixels]:
    """The planes with the matte in A; unchanged where there is no A."""
    if "A" not in planes:
        return dict(planes)
    return {**planes, "A": _stored(coverage, planes["A"].dtype)}


def _overlay(source: Planes, coverage: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Red where the matte is, on the picture's dimmed brightness."""
    if "Y" in source:
        return {"Y": _DIMMED * _bounded(source["Y"]) + (1 - _DIMMED) * coverage}
    luma = np.zeros(coverage.shape, np.float32)
    for name, weight in _LUMA.items():
        luma += np.float32(weight) * _bounded(source[name])
    dimmed = _DIMMED * luma
    return {
        "R": dimmed * (1 - coverage) + coverage,
        "G": dimmed * (1 - coverage),
        "B": dimmed * (1 - coverage),
    }


def _split(source: Pixels, restored: Pixels, split: float) -> Pixels:
    """Source on the left, restored on the right, a bright line between."""
    width = source.shape[1]
    at = min(max(round(split * width), 0), width)
    result = restored.copy()
    result[:, :at] = source[:, :at]
    if 0 < at < width:
        line = max(1, width // 1000)
        result[:, at : at + line] = _stored(np.ones(1, np.float32), source.dtype)[0]
    return result


def _colored(source: Planes, values: Mapping[str, NDArray[np.float32]]) -> dict[str, Pixels]:
    return {
        name: _stored(values[name], plane.dtype) if name in _COLORS else plane
        for name, plane in source.items()
    }


def _normal(plane: Pixels) -> NDArray[np.float32]:
    if plane.dtype.kind == "f":
        return np.nan_to_num(plane.astype(np.float32), posinf=0.0, neginf=0.0)
    return plane.astype(np.float32) / np.float32(np.iinfo(plane.dtype).max)


def _bounded(plane: Pixels) -> NDArray[np.float32]:
    return np.clip(_normal(plane), 0.0, 1.0)


def _stored(values: NDArray[np.float32], dtype: np.dtype[Any]) -> Pixels:
    """Values cut to 0..1 in a depth's own samples."""
    shown = np.clip(values, 0.0, 1.0)
    if dtype.kind == "f":
        return shown.astype(dtype)
    return np.rint(shown * np.iinfo(dtype).max).astype(dtype)
