"""How far a net may take a fill from what it betters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Planes = NDArray[np.float32]

# Plate units. Through damage that lets light through a net sees more than neighbours show; but what
# it takes for that may be opaque damage. Where no neighbour contradicts it, it would bring it back,
# and a tenth of that is still seen as a ghost: there it is not believed at all.
MOST_SHOWN, MOST_UNSHOWN = 0.15, 0.0
_SIGMA = 2.0
# Damage that changes the picture by more than this, plate units, is taken for opaque.
OPAQUE = 0.25


def held_near(
    base: Planes,
    made: Planes,
    damaged: Planes,
    hole: NDArray[np.bool_],
    shown: NDArray[np.bool_],
) -> Planes:
    """What a net made, no further from the base than is believed of it.

    The change is looked at without its grain, as a mean over a few pixels of the hole, and made
    smaller as a whole where that is too large: detail is not clipped. What damage may hide wholly
    is left as it is.

    Args:
        base: (3, h, w) float32, the fill to be bettered.
        made: (3, h, w) float32, what the net made of it.
        damaged: (3, h, w) float32, the picture as it came.
        hole: (h, w) bool, filled pixels.
        shown: (h, w) bool, those that a neighbour showed.

    Returns:
        (3, h, w) float32; of meaning inside the hole only.
    """
    import cv2

    inside = hole.astype(np.float32)
    change = np.ascontiguousarray(np.moveaxis(made - base, 0, -1))
    mean = np.asarray(cv2.GaussianBlur(change * inside[..., None], (0, 0), _SIGMA), np.float32)
    weight = np.asarray(cv2.GaussianBlur(inside, (0, 0), _SIGMA), np.float32)
    far = np.abs(mean).max(axis=-1) / np.maximum(weight, np.float32(1e-3))
    most = np.where(
        shown & see_through(damaged, base), np.float32(MOST_SHOWN), np.float32(MOST_UNSHOWN)
    )
    share = np.minimum(np.float32(1.0), most / np.maximum(far, np.float32(1e-6)))
    return np.asarray(base + share * (made - base), np.float32)


def see_through(damaged: Planes, base: Planes) -> NDArray[np.bool_]:
    """(h, w) bool: pixels whose damage may let light through.

    Args:
        damaged: (3, h, w) float32, the picture as it came.
        base: (3, h, w) float32, a fill of its holes.
    """
    import cv2

    change = np.ascontiguousarray(np.abs(damaged - base).max(axis=0))
    near = np.asarray(cv2.blur(change, (3, 3)), np.float32)
    return np.asarray(near <= np.float32(OPAQUE), np.bool_)
