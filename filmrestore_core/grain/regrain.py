"""Put grain onto a fill: fresh on every frame, as strong and as fine as around it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.grain.model import GrainModel
from filmrestore_core.matte import Matte
from filmrestore_core.noise import generator
from filmrestore_core.places import places
from filmrestore_core.plate import Plate, luma_of

# Side of a field of grain that is drawn at once, px; fields hang on the clip's coordinates.
FIELD = 32


class Filled(Protocol):
    """A proposal to put grain on; an inpainter's Fill is one."""

    @property
    def pixels(self) -> NDArray[np.float32]:
        """(H, W, C) float32, working encoding."""
        ...

    @property
    def filled(self) -> NDArray[np.bool_]:
        """(H, W) bool, where pixels hold a proposal."""
        ...

    @property
    def detail_lost(self) -> NDArray[np.float32] | None:
        """(H, W) float32, energy of detail to make up for, as a share of the grain's."""
        ...

    @property
    def grain_kept(self) -> NDArray[np.float32]:
        """(H, W) float32 0..1, grain that is already there, as a share of its amplitude."""
        ...


def regrain(
    fill: Filled,
    plate: Plate,
    matte: Matte | None,
    model: GrainModel,
    *,
    amount: float = 1.0,
    seed: int = 0,
    number: int | None = None,
) -> NDArray[np.float32]:
    """The fill with grain on it.

    Args:
        fill: what was proposed.
        plate: the plate that was filled; says which frame this is and where it lies.
        matte: what is to be replaced; grain is put on filled pixels inside it only. None: on all
            filled pixels.
        model: the plate's grain.
        amount: strength of the grain that the result shall have, 1 for the model's; 0 adds none.
        seed: the user's seed.
        number: frame number that keys the grain; the plate's own where None.

    Returns:
        (H, W, C) float32, the fill's pixels where nothing was put on.
    """
    import cv2

    result = np.array(fill.pixels, np.float32, copy=True)
    where = fill.filled if matte is None else fill.filled & (matte.coverage > 0)
    if amount <= 0 or model.mean_strength <= 0 or not where.any():
        return result
    number = plate.number if number is None else number
    channels = result.shape[2]
    reach = model.kernel.shape[0] // 2
    mixing = model.mixing
    rows, columns = places(where)
    down, right = (rows + plate.box.y) // FIELD, (columns + plate.box.x) // FIELD
    for v, u in sorted(set(zip(down.tolist(), right.tolist(), strict=True))):
        top, left = max(0, v * FIELD - plate.box.y), max(0, u * FIELD - plate.box.x)
        bottom = min(plate.box.height, (v + 1) * FIELD - plate.box.y)
        end = min(plate.box.width, (u + 1) * FIELD - plate.box.x)
        side = FIELD + 2 * reach
        white = generator(seed, number, "grain", int(v), int(u)).standard_normal(
            (side, side, channels), dtype=np.float32
        )
        drawn = cv2.filter2D(white, cv2.CV_32F, model.kernel, borderType=cv2.BORDER_CONSTANT)
        drawn = drawn.reshape(side, side, channels)
        y, x = np.nonzero(where[top:bottom, left:end])
        y, x = y + top, x + left
        field = drawn[y + plate.box.y - v * FIELD + reach, x + plate.box.x - u * FIELD + reach]
        below = result[y, x]
        strength = model.strength_at(luma_of(below[None])[0])
        wanted = np.float32(amount * amount) - np.square(fill.grain_kept[y, x])
        if fill.detail_lost is not None:
            wanted += np.float32(amount * amount) * fill.detail_lost[y, x]
        lacking = np.sqrt(np.clip(wanted, 0.0, None))
        result[y, x] = below + (field @ mixing.T) * strength * lacking[:, None]
    return result
