"""Working pixels -> an 8-bit sRGB picture, for reports and for looking at."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.display import display_values
from filmrestore_core.color.encoding import Encoding


def preview_pixels(working: NDArray[np.float32], encoding: Encoding) -> NDArray[np.uint8]:
    """A picture as it would look on an sRGB screen, cut off at white.

    Primaries are not converted. Encodings whose curve is not known here are shown as stored,
    which for a camera log is the flat picture its users know.

    Args:
        working: (H, W, 1 or 3) float32, working encoding, finite.
        encoding: what the stored code values mean.

    Returns:
        (H, W, 1 or 3) uint8 sRGB.
    """
    values = display_values(working, encoding)
    return np.rint(np.clip(values, 0.0, 1.0) * 255.0).astype(np.uint8)
