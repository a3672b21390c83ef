"""InTurn: two that better a fill, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import Bettering, Fill
from filmrestore_core.matte import Matte
from filmrestore_core.temporal.window import AlignedWindow


class InTurn:
    """Lets a second better what a first has bettered.

    The second is told what filled each pixel before the first came, since that says whether a
    neighbour showed it.
    """

    def __init__(self, first: Bettering, second: Bettering) -> None:
        """Name the two."""
        self._first, self._second = first, second

    def better(
        self,
        window: AlignedWindow,
        mattes: Mapping[int, Matte],
        first: Fill,
        *,
        grain: GrainModel,
        encoding: Encoding,
        should_stop: Callable[[], bool],
    ) -> Fill:
        """See `Bettering.better`."""
        one = self._first.better(
            window, mattes, first, grain=grain, encoding=encoding, should_stop=should_stop
        )
        told = Fill(one.pixels, one.filled, one.grain_kept, first.methods)
        two = self._second.better(
            window, mattes, told, grain=grain, encoding=encoding, should_stop=should_stop
        )
        if one.methods is None or two.methods is None or first.methods is None:
            return two
        methods = np.where(two.methods != first.methods, two.methods, one.methods)
        return Fill(two.pixels, two.filled, two.grain_kept, methods)
