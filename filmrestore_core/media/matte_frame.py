"""Mattes as frames and back: which channel holds one, and how coverage is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import MediaError
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.matte import Matte

LABEL_CHANNEL = "damage.label"

# Most specific first: a picture's own alpha or red is a matte only where nothing else can be.
_AUTO = (
    "damage.a", "damage", "matte.a", "matte", "mask.a", "mask", "dirt", "dust", "infrared", "ir",
    "i", "a", "alpha", "y", "r",
)  # fmt: skip
_COLORS = frozenset({"R", "G", "B", "Y"})


def matte_to_frame(matte: Matte, *, extension: str, display_window: Box, bits: int = 16) -> Frame:
    """A matte as an image.

    EXR: half channels "A" (coverage) and "damage.label" (the number of DamageClass.label, exact in
    half). Other formats: one channel "Y" of `bits` bits, as large as the data window. No coverage
    above 0 becomes 0, so that what may be changed is never understated.

    Args:
        matte: what to store.
        extension: of the file, ".exr" for instance.
        display_window: of the picture; only EXR keeps it.
        bits: of integer formats, 8 or 16.
    """
    kind = PixelFormat("float16", 16) if extension == ".exr" else PixelFormat(f"uint{bits}", bits)
    if kind.is_float:
        least = np.float16(6e-8)
        coverage: NDArray[Any] = matte.coverage.astype(np.float16)
        coverage[(coverage == 0) & (matte.coverage > 0)] = least
        planes = {"A": coverage, LABEL_CHANNEL: matte.labels.astype(np.float16)}
        window, display = matte.box, display_window
    else:
        scaled = np.rint(matte.coverage.astype(np.float64) * kind.maximum)
        scaled[(scaled == 0) & (matte.coverage > 0)] = 1
        planes = {"Y": scaled.astype(kind.dtype)}
        window = display = Box.of_size(matte.box.width, matte.box.height)
    formats = dict.fromkeys(planes, kind)
    return Frame(matte.number, (Part("", planes, formats, window, display),))


def matte_channel(frame: Frame, channel: str) -> tuple[Part, str]:
    """The part and channel that hold the matte.

    Args:
        frame: of the matte's file.
        channel: its name, with or without its part ("scan.IR"), in any case; or "auto": "damage.A",
            then "matte", "mask", "dirt", "infrared" and the like, then alpha unless it is opaque
            everywhere, then the only channel, then luma, then red.

    Raises:
        MediaError: there is no such channel; lists those there are.
    """
    named = [(part, name) for part in frame.parts for name in part.planes]
    wanted = _AUTO if channel == "auto" else (channel.lower(),)
    for want in wanted:
        for part, name in named:
            full = f"{part.name}.{name}".lower()
            if want not in (name.lower(), full):
                continue
            alpha = want in ("a", "alpha") and channel == "auto"
            if alpha and not _COLORS.isdisjoint(part.planes) and _is_full(part, name):
                continue  # the alpha of an opaque picture is no matte
            return part, name
    if channel == "auto" and len(named) == 1:
        return named[0]
    there = ", ".join(f"{p.name}.{n}" if p.name else n for p, n in named) or "none"
    what = "no channel that looks like a matte" if channel == "auto" else f"no channel '{channel}'"
    raise MediaError(
        f"Frame {frame.number}: '{frame.source}' has {what}; it has {there}.",
        frame=frame.number,
        path=frame.source,
        hint="name one with matte.channel",
    )


def coverage_of(
    part: Part, channel: str, *, invert: bool = False, threshold: float | None = None
) -> NDArray[np.float32]:
    """A channel as coverage.

    Args:
        part: that holds it.
        channel: its name.
        invert: black means damage.
        threshold: values from here on, after inverting, are 1, others 0; None takes them as soft.

    Returns:
        (H, W) float32 0 to 1; 0 where a sample is NaN.
    """
    plane, kind = part.planes[channel], part.formats[channel]
    if kind.is_float:
        values = plane.astype(np.float32)
    else:
        black, white = _video_range(part, channel, kind)
        values = ((plane.astype(np.float64) - black) / (white - black)).astype(np.float32)
    number = ~np.isnan(values)
    values = np.clip(np.where(number, values, 0), 0, 1).astype(np.float32)
    if invert:
        values = np.where(number, np.float32(1) - values, np.float32(0))
    if threshold is not None:
        values = ((values >= threshold) & number).astype(np.float32)
    return values


def _video_range(part: Part, channel: str, kind: PixelFormat) -> tuple[int, int]:
    """Code values of 0 and 1: those of a movie's narrow range (ITU-R BT.601, BT.709), or all."""
    said = part.attributes.get("movie:range")
    if channel == "Y" and (said == "tv" or ("Cb" in part.planes and said != "pc")):
        return 16 << (kind.bits - 8), 235 << (kind.bits - 8)
    return 0, kind.maximum


def _is_full(part: Part, name: str) -> bool:
    return bool(np.all(coverage_of(part, name) == 1))
