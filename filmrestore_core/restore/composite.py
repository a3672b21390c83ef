"""A fill into the stored frame: the only place that writes picture pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.channels import picture_part
from filmrestore_core.color.encoding import Encoding
from filmrestore_core.color.working import encode_samples
from filmrestore_core.frame import Frame
from filmrestore_core.places import places
from filmrestore_core.plate import Plate


def composite(
    frame: Frame,
    plate: Plate,
    encoding: Encoding,
    fill: NDArray[np.float32],
    coverage: NDArray[np.float32],
) -> Frame:
    """The frame with the fill laid over it by coverage.

    The blend is made on working values, which are about even to the eye, as a print's densities
    are; a blend in linear light would let a half-covered bright rim win over dark dirt. Samples
    with coverage 0 are not touched at all: they are never decoded, blended and encoded again.

    Args:
        frame: as stored.
        plate: of the same frame.
        encoding: that the plate was made with.
        fill: (H, W, C) float32, working encoding, as the plate.
        coverage: (H, W) float32 0..1, on the plate's box; 0 where nothing was filled.

    Returns:
        The same frame object where coverage is 0 everywhere; else a frame whose changed channels
        are new arrays and all else the same objects.
    """
    rows, columns = places(coverage > 0)
    if not rows.size:
        return frame
    weight = coverage[rows, columns][:, None]
    old, new = plate.pixels[rows, columns], fill[rows, columns]
    working = np.where(weight >= 1.0, new, old + (new - old) * weight)
    index = picture_part(frame)
    part = frame.parts[index]
    return frame.with_part(
        index, part.with_planes(encode_samples(part, encoding, rows, columns, working))
    )
