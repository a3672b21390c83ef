"""A movie's Y'CbCr frame as an R'G'B' picture that image files hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.channels import ColorModel, PictureChannels, picture_channels
from filmrestore_core.color.video import is_video
from filmrestore_core.color.ycbcr import Matrix, is_full_range, levels, matrix_name
from filmrestore_core.errors import LockedFrameError
from filmrestore_core.frame import Frame, Part, PixelFormat

Signal = NDArray[np.float64]

_NO_TAG = frozenset({"", "unspecified", "unknown", "reserved"})
_WHITE = 65535


def rgb_frame(frame: Frame, *, samples: str = "uint16") -> Frame:
    """The frame with its picture as `rgb_part` makes it; notes say what was taken for granted.

    A frame of R, G, B or of full-range gray comes back as the same object.

    Args:
        frame: of a movie.
        samples: "uint16", or "float32" for files that hold values beyond black and white.

    Raises:
        LockedFrameError: the frame has no picture.
        EncodingError: the movie's matrix is none of Cb and Cr.
    """
    part, channels = _picture(frame)
    if not is_video(part, channels):
        return frame
    signals = _signals(part, channels)
    notes = list(frame.notes)
    if channels.model is ColorModel.YCBCR and _says_nothing(part, "movie:matrix"):
        notes.append(f"The movie does not say its color matrix; {matrix_name(part)} was taken.")
    if _says_nothing(part, "movie:range") and not is_full_range(part):
        notes.append("The movie does not say its range of codes; video range was taken.")
    if samples == "uint16" and (cut := _beyond(signals)):
        notes.append(f"{cut} samples beyond black or white were cut off.")
    return replace(frame, parts=(_with(part, signals, samples),), notes=tuple(notes))


def rgb_part(frame: Frame, *, samples: str = "uint16") -> Part:
    """The picture as R', G', B' (and A) at full size, or Y alone; full range.

    Codes become signals by H.273 (video range: black 16, white 235, Cb and Cr 16 to 240 at 8 bits,
    shifted at other depths; full range: all codes), subsampled chroma is taken linearly between
    its samples (across, these lie on the left pixel of their cell; down, in the middle of it:
    chroma location 0), and the tagged matrix is undone: BT.601 under 720 lines and BT.709 from
    there on where none is tagged. All in 64-bit floats; "uint16" is round(65535 * signal), cut off
    at 0 and 65535. The transfer curve and the primaries stay the movie's.

    Args:
        frame: of a movie.
        samples: "uint16" (65535 is white) or "float32" (1 is white, not cut off).

    Returns:
        The part; the very part of the frame where it holds R, G, B or full-range gray already.

    Raises:
        LockedFrameError: the frame has no picture.
        EncodingError: the movie's matrix is none of Cb and Cr.
    """
    part, channels = _picture(frame)
    if not is_video(part, channels):
        return part
    return _with(part, _signals(part, channels), samples)


def _signals(part: Part, channels: PictureChannels) -> dict[str, Signal]:
    """R', G', B' (or Y) and A at full size; black 0, white 1, not cut off."""
    luma = _signal(part, channels.names[0], chroma=False)
    signals = {"Y": luma}
    if channels.model is ColorModel.YCBCR:
        cb, cr = (_at_full_size(part, name) for name in channels.names[1:])
        matrix = Matrix.of(part)
        kr, kb = matrix.kr, matrix.kb
        red = luma + 2.0 * (1.0 - kr) * cr
        blue = luma + 2.0 * (1.0 - kb) * cb
        signals = {"R": red, "G": (luma - kr * red - kb * blue) / (1.0 - kr - kb), "B": blue}
    if channels.alpha is not None:
        top = part.formats[channels.alpha].maximum
        signals["A"] = part.planes[channels.alpha] / np.float64(top)
    return signals


def _with(part: Part, signals: dict[str, Signal], samples: str) -> Part:
    attributes = {**part.attributes, "movie:range": "pc"}
    if "R" in signals:
        attributes["movie:matrix"] = "gbr"
    return replace(
        part,
        planes={name: _stored(signal, samples) for name, signal in signals.items()},
        formats=dict.fromkeys(signals, PixelFormat.of(samples)),
        attributes=attributes,
        subsampling={},
    )


def _picture(frame: Frame) -> tuple[Part, PictureChannels]:
    part = frame.parts[0] if frame.parts else None
    channels = None if part is None else picture_channels(part)
    if part is None or channels is None:
        raise LockedFrameError(
            f"Frame {frame.number} holds no picture: {frame.locked or 'its channels are unknown'}.",
            frame=frame.number,
            path=frame.source,
        )
    return part, channels


def _says_nothing(part: Part, tag: str) -> bool:
    return str(part.attributes.get(tag, "")).casefold() in _NO_TAG


def _signal(part: Part, name: str, *, chroma: bool) -> Signal:
    level = levels(part.formats[name].bits, full_range=is_full_range(part), chroma=chroma)
    signal: Signal = (part.planes[name].astype(np.float64) - level.zero) / level.span
    return signal


def _at_full_size(part: Part, name: str) -> Signal:
    across, down = part.subsampling.get(name, (1, 1))
    height, width = part.data_window.shape
    small = _signal(part, name, chroma=True)
    rows = _between(small, np.arange(height), down, (down - 1) / 2)
    return _between(rows.T, np.arange(width), across, 0.0).T


def _between(samples: Signal, places: NDArray[np.intp], step: int, offset: float) -> Signal:
    """Rows at pixel places, linearly between samples at step * k + offset; the ends are held."""
    if step == 1:
        return samples
    at = np.clip((places - offset) / step, 0, len(samples) - 1)
    below = np.floor(at).astype(np.intp)
    above = np.minimum(below + 1, len(samples) - 1)
    share = (at - below)[:, None]
    mixed: Signal = samples[below] * (1.0 - share) + samples[above] * share
    return mixed


def _stored(signal: Signal, samples: str) -> NDArray[Any]:
    if samples == "float32":
        return np.ascontiguousarray(signal, np.float32)
    codes = np.floor(np.clip(signal, 0.0, 1.0) * _WHITE + 0.5)
    return np.ascontiguousarray(codes).astype(np.uint16)


def _beyond(signals: dict[str, Signal]) -> int:
    """Samples that a 16-bit file cuts off by more than half a code."""
    margin = 0.5 / _WHITE
    return sum(int(((s < -margin) | (s > 1 + margin)).sum()) for s in signals.values())
