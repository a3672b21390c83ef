"""TemporalWindow -> AlignedWindow: neighbours brought onto the center frame."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import Plate
from filmrestore_core.temporal.brought import Brought
from filmrestore_core.temporal.matching import Match, match_all
from filmrestore_core.temporal.motion import MatchPicture, picture_unit
from filmrestore_core.temporal.neighbor import AlignedNeighbor
from filmrestore_core.temporal.occlusion import Seen, trust
from filmrestore_core.temporal.past_damage import carry_past_damage
from filmrestore_core.temporal.ready import ReadyPlate, ready_plate
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow


def align(
    window: TemporalWindow, ready: Callable[[Plate], ReadyPlate] = ready_plate
) -> AlignedWindow:
    """Bring each neighbour of the window onto its center frame.

    Motion is looked for at a matching size of at most about a megapixel, carried on behind damage
    of the center, and the neighbour's own pixels are warped along it once, by cubic resampling,
    where they are asked for. Their brightness is matched locally, channel by channel. The result
    depends on the window alone.

    With one neighbour only nothing tells damage from motion: it is valid where it looks like the
    center.

    Args:
        window: plates of one size.
        ready: makes a plate ready; whoever aligns several windows of a clip keeps what
            `ready_plate` gives, as each plate stands in several of them.

    Returns:
        The neighbours in frame order, as many as the window has.

    Raises:
        ValueError: a neighbour's size or channels differ from the center's.
    """
    center = window.center
    for plate in window.neighbors:
        if plate.pixels.shape != center.pixels.shape:
            raise ValueError(
                f"Plate {plate.number} is {plate.pixels.shape}, "
                f"plate {center.number} is {center.pixels.shape}; they cannot be aligned."
            )
    if not window.neighbors:
        return AlignedWindow(window, ())
    here = ready(center)
    there = {plate.number - center.number: ready(plate) for plate in window.neighbors}
    matches = match_all(here.picture, {o: (r.picture, r.finite) for o, r in there.items()})
    if len(matches) > 1:
        carry_past_damage(here.picture, matches)
    validity = _validity(here.picture, matches)
    return AlignedWindow(
        window,
        tuple(
            AlignedNeighbor.of(plate.plate.number, o, Brought(plate, here, matches[o], validity[o]))
            for o, plate in there.items()
        ),
    )


def _validity(here: MatchPicture, matches: dict[int, Match]) -> dict[int, NDArray[np.float32]]:
    unit = picture_unit(*here.luma.shape)
    seen = {o: Seen(o, m.luma, m.flow, m.inside, unit) for o, m in matches.items()}
    still = np.zeros((*here.luma.shape, 2), np.float32)
    itself = Seen(0, here.luma, still, np.ones(here.luma.shape, np.bool_), unit)
    return {
        offset: trust(one, [s for s in seen.values() if s is not one] or [itself], match.miss)
        for (offset, match), one in zip(matches.items(), seen.values(), strict=True)
    }
