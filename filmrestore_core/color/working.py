"""A frame's picture -> Plate, and covered pixels of it back into the stored format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.channels import (
    ColorModel,
    PictureChannels,
    is_monochrome,
    picture_channels,
    picture_part,
)
from filmrestore_core.color.encoding import Encoding
from filmrestore_core.color.finite import replace_nonfinite
from filmrestore_core.color.samples import (
    from_working,
    normalized,
    stored_samples,
    to_working,
    working_samples,
)
from filmrestore_core.color.video import encode_video, is_video, video_planes
from filmrestore_core.errors import EncodingError
from filmrestore_core.frame import Frame, Part
from filmrestore_core.plate import Plate, luma_of

Plane = NDArray[Any]
Places = NDArray[np.intp]
Floats = NDArray[np.float64]


def to_plate(frame: Frame, encoding: Encoding) -> Plate:
    """The picture of a frame in the working encoding.

    Log and display pictures are code / largest code (float samples as they are), scene-linear
    ones go through the mirrored ACEScct curve. Colors that are multiplied by an alpha between
    0 and 1 are divided by it. R, G and B with the same bits everywhere, or neutral Cb and Cr,
    give one channel. Pixels with a NaN or infinite sample hold the nearest finite pixel and are
    False in `finite`.

    Raises:
        LockedFrameError: the frame has no picture that can be restored.
        EncodingError: a movie's matrix is unknown.
    """
    part = frame.parts[picture_part(frame)]
    channels = _channels(part)
    monochrome = is_monochrome(part, channels)
    if is_video(part, channels):
        planes = video_planes(part, channels, monochrome=monochrome)
        if encoding.is_linear:
            planes = [to_working(plane.astype(np.float64), encoding) for plane in planes]
    else:
        names = channels.names[:1] if monochrome else channels.names
        planes = [working_samples(part.planes[n], part.formats[n], encoding) for n in names]
        _divide_by_alpha(planes, part, channels, names, encoding)
    pixels = _interleave(planes)
    finite = replace_nonfinite(pixels)
    return Plate(frame.number, pixels, part.data_window, finite)


def with_channels(plate: Plate, count: int) -> Plate:
    """The plate with 1 or 3 channels, so that plates of one window fit together.

    One channel becomes three equal ones; three become their luma. A color clip may hold frames
    without any color (titles, fades to black).
    """
    if plate.pixels.shape[2] == count:
        return plate
    if count == 1:
        return replace(plate, pixels=luma_of(plate.pixels)[..., None])
    return replace(plate, pixels=np.repeat(plate.pixels, 3, axis=2))


def encode_pixels(
    part: Part,
    encoding: Encoding,
    coverage: NDArray[np.float32],
    working: NDArray[np.float32],
) -> dict[str, Plane]:
    """New planes of the picture's channels: `working` where covered, the stored bits elsewhere.

    `encode_samples` for all pixels with coverage above 0. They are written wholly: blending by
    coverage was done before, on working values.

    Args:
        part: the part as stored.
        encoding: the one that `to_plate` was given.
        coverage: (H, W) float32.
        working: (H, W, C) float32 in the working encoding, finite where covered; C as in the
            plate.

    Raises:
        EncodingError: a covered value is not finite.
        ValueError: a shape does not fit the part.
    """
    shape = part.data_window.shape
    if coverage.shape != shape or working.shape[:2] != shape:
        raise ValueError(f"Coverage {coverage.shape} or values do not fit the picture {shape}.")
    rows, columns = np.nonzero(coverage > 0)
    return encode_samples(part, encoding, rows, columns, working[rows, columns])


def encode_samples(
    part: Part,
    encoding: Encoding,
    rows: Places,
    columns: Places,
    working: NDArray[np.float32],
) -> dict[str, Plane]:
    """New planes of the picture's channels: encoded values at the pixels given, else stored bits.

    Values are rounded to the nearest code without dither and cut off only at what the format
    holds; a pixel whose working value is that of the stored sample keeps its bits. Where colors
    are multiplied by alpha they are so again; alpha itself never changes. A subsampled chroma
    cell is written when any of its pixels is given, with the mean over its pixels of the new
    chroma where given and the stored one elsewhere; see `touched_samples`.

    Args:
        part: the part as stored.
        encoding: the one that `to_plate` was given.
        rows: (N,) rows of the pixels, from the top of the data window; no pixel twice.
        columns: (N,) columns.
        working: (N, C) float32 in the working encoding, finite; C as in the plate.

    Returns:
        Channel -> new plane in the stored dtype and shape; empty where N is 0.

    Raises:
        EncodingError: a value is not finite.
        ValueError: the values do not fit the stored picture.
    """
    channels = _channels(part)
    if rows.size == 0:
        return {}
    _check_values(part, channels, rows, columns, working)
    if not is_video(part, channels):
        return _encode_direct(part, channels, encoding, rows, columns, working)
    return encode_video(part, channels, rows, columns, from_working(working, encoding))


def touched_samples(part: Part, coverage: NDArray[np.float32]) -> Mapping[str, NDArray[np.bool_]]:
    """Which stored samples a coverage lets change, per channel of the picture.

    Args:
        part: the part as stored.
        coverage: (H, W) float32.

    Returns:
        Channel -> bool plane of that channel's shape. A subsampled cell counts when any of its
        pixels is covered; channels that are absent (alpha, ids) never change.
    """
    rows, columns = np.nonzero(coverage > 0)
    touched: dict[str, NDArray[np.bool_]] = {}
    for name in _channels(part).names:
        across, down = part.subsampling.get(name, (1, 1))
        touched[name] = np.zeros(part.planes[name].shape, np.bool_)
        touched[name][rows // down, columns // across] = True
    return touched


def has_associated_alpha(part: Part) -> bool:
    """True where colors are stored multiplied by alpha.

    So it is in EXR and in TIFF unless the file says otherwise; PNG, DPX and movies keep them
    apart.
    """
    keys = part.attributes.keys()
    said = part.attributes.get("oiio:UnassociatedAlpha")
    if said is not None:
        return not said
    if any(key.startswith(("dpx:", "movie:")) for key in keys):
        return False
    channels = picture_channels(part)
    is_float = channels is not None and part.formats[channels.names[0]].is_float
    return is_float or any(key.startswith("tiff:") for key in keys)


def _channels(part: Part) -> PictureChannels:
    channels = picture_channels(part)
    if channels is None:
        raise ValueError(f"The part '{part.name}' holds no picture.")
    return channels


def _interleave(planes: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    if len(planes) == 1:
        return np.ascontiguousarray(planes[0])[..., None]
    import cv2

    merged: NDArray[np.float32] = np.asarray(cv2.merge(planes))
    return merged


def _thin_alpha(part: Part, channels: PictureChannels) -> tuple[Plane, NDArray[np.bool_]] | None:
    """The alpha plane and where it lies between 0 and 1, or None where nothing was multiplied."""
    if channels.alpha is None or not has_associated_alpha(part):
        return None
    alpha = part.planes[channels.alpha]
    fmt = part.formats[channels.alpha]
    if alpha.shape != part.data_window.shape:
        return None
    thin = (alpha > 0) & (alpha < (1 if fmt.is_float else fmt.maximum))
    return (alpha, thin) if thin.any() else None


def _divide_by_alpha(
    planes: list[NDArray[np.float32]],
    part: Part,
    channels: PictureChannels,
    names: tuple[str, ...],
    encoding: Encoding,
) -> None:
    found = _thin_alpha(part, channels)
    if found is None or channels.alpha is None:
        return
    alpha, thin = found
    weight = normalized(alpha[thin], part.formats[channels.alpha])
    for plane, name in zip(planes, names, strict=True):
        colors = normalized(part.planes[name][thin], part.formats[name])
        plane[thin] = to_working(colors / weight, encoding)


def _check_values(
    part: Part,
    channels: PictureChannels,
    rows: Places,
    columns: Places,
    working: NDArray[np.float32],
) -> None:
    if working.ndim != 2 or working.shape[0] != rows.size or working.shape[1] not in (1, 3):
        raise ValueError(f"Values of shape {working.shape} do not fit {rows.size} pixels.")
    if working.shape[1] == 3 and channels.model is ColorModel.GRAY:
        raise ValueError("A gray picture takes values of one channel, not of three.")
    if working.shape[1] == 1 and not is_monochrome(part, channels):
        raise ValueError("A color picture takes values of three channels, not of one.")
    bad = ~np.isfinite(working).all(axis=1)
    if bad.any():
        at = int(np.argmax(bad))
        raise EncodingError(
            f"The fill of pixel ({int(columns[at])}, {int(rows[at])}) is not a finite number."
        )


def _encode_direct(
    part: Part,
    channels: PictureChannels,
    encoding: Encoding,
    rows: Places,
    columns: Places,
    working: NDArray[np.float32],
) -> dict[str, Plane]:
    weight: Floats | None = None
    found = _thin_alpha(part, channels)
    if found is not None and channels.alpha is not None:
        alpha, thin = found[0][rows, columns], found[1][rows, columns]
        weight = np.where(thin, normalized(alpha, part.formats[channels.alpha]), 1.0)
    planes: dict[str, Plane] = {}
    for index, name in enumerate(channels.names):
        wanted = working[:, index % working.shape[1]]
        fmt = part.formats[name]
        stored = part.planes[name][rows, columns]
        values, before = from_working(wanted, encoding), normalized(stored, fmt)
        if weight is not None:
            values, before = values * weight, before / weight
        new = stored_samples(values, fmt, stored)
        # Exact even where the way there and back is not (float32, 32-bit codes, -0.0).
        kept = wanted == to_working(before, encoding)
        planes[name] = part.planes[name].copy()
        planes[name][rows, columns] = np.where(kept, stored, new)
    return planes
