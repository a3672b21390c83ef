"""Working pixels <-> what an sRGB screen shows, in floating point."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.color.samples import from_working, to_working
from filmrestore_core.color.transfer import srgb_decode, srgb_encode


def display_values(working: NDArray[np.float32], encoding: Encoding) -> NDArray[np.float64]:
    """Working values of any shape as sRGB code values; black 0, white 1, not cut off.

    Primaries are not converted. Encodings whose curve is not known here stay as stored.

    Args:
        working: float32, working encoding, finite.
        encoding: what the stored code values mean.
    """
    values = from_working(working, encoding)
    if encoding.curve is not None:
        values = srgb_encode(encoding.curve.decode(values))
    return values


def working_of_display(
    display: NDArray[np.float32] | NDArray[np.float64], encoding: Encoding
) -> NDArray[np.float32]:
    """SRGB code values of any shape as working values; the inverse of `display_values`."""
    values = np.asarray(display, np.float64)
    if encoding.curve is not None:
        values = encoding.curve.encode(srgb_decode(values))
    return to_working(values, encoding)
