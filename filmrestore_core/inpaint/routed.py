"""Routed: a net and diffusion, one after the other, each on the holes that are its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.color.encoding import Encoding
from filmrestore_core.grain.model import GrainModel
from filmrestore_core.inpaint.base import Bettering, Fill
from filmrestore_core.inpaint.routing import routes_of
from filmrestore_core.matte import Matte
from filmrestore_core.settings import RepairSettings
from filmrestore_core.temporal.window import AlignedWindow


class Routed:
    """Lets a net better what is its, then diffusion what is left to it.

    Diffusion is told what filled each pixel before the net came, since that says whether a
    neighbour showed it.
    """

    def __init__(
        self,
        settings: RepairSettings,
        net: Bettering | None,
        diffusion: Bettering | None,
        *,
        after_net: bool = True,
    ) -> None:
        """Name the two; either may be lacking, its holes are left to who comes before.

        Args:
            settings: say which holes are whose.
            net: who betters first.
            diffusion: who draws.
            after_net: diffusion starts from what the net made; else from the first fill, and the
                net leaves its holes alone.
        """
        self._settings, self._net, self._diffusion = settings, net, diffusion
        self._after_net = after_net or diffusion is None

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
        routes = routes_of(mattes[window.center.number], first, self._settings)

        def within(who: Bettering | None, fill: Fill, own: NDArray[np.bool_]) -> Fill:
            if who is None or not own.any():
                return fill
            made = who.better(
                window,
                mattes,
                replace(fill, filled=own),
                grain=grain,
                encoding=encoding,
                should_stop=should_stop,
            )
            return replace(made, filled=fill.filled)

        first_hand = routes.net if self._after_net else routes.net & ~routes.diffusion
        one = within(self._net, first, first_hand)
        two = within(self._diffusion, replace(one, methods=first.methods), routes.diffusion)
        if one.methods is None or two.methods is None or first.methods is None:
            return two
        methods = np.where(two.methods != first.methods, two.methods, one.methods)
        return replace(two, methods=methods.astype(np.uint8))
