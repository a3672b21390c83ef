"""TemporalWindow -> AlignedWindow: neighbours brought onto the center frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.plate import Plate
from filmrestore_core.temporal.brightness import brightness_field, cells
from filmrestore_core.temporal.matching import Match, match_all
from filmrestore_core.temporal.motion import (
    MatchPicture,
    enlarge,
    match_picture,
    matching_step,
    picture_unit,
    shrink,
)
from filmrestore_core.temporal.occlusion import Seen, trust
from filmrestore_core.temporal.warp import look_up, places_of, within
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow


def align(window: TemporalWindow) -> AlignedWindow:
    """Bring each neighbour of the window onto its center frame.

    Motion is looked for at a matching size of at most about a megapixel, carried on behind damage
    of the center, and the neighbour's own pixels are warped along it once, by cubic resampling.
    Its brightness is matched locally, channel by channel. The result depends on the window alone.

    With one neighbour only nothing tells damage from motion: it is valid where it looks like the
    center.

    Args:
        window: plates of one size.

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
    step = matching_step(*center.box.shape)
    here = match_picture(shrink(center.luma, step))
    matches = match_all(
        here,
        {
            plate.number - center.number: (
                match_picture(shrink(plate.luma, step)),
                _finite(plate, step),
            )
            for plate in window.neighbors
        },
    )
    validity = _validity(here, matches)
    center_cells = cells(center.pixels)
    aligned = []
    for plate in window.neighbors:
        offset = plate.number - center.number
        aligned.append(
            _full_size(plate, offset, matches[offset], validity[offset], step, center_cells)
        )
    return AlignedWindow(window, tuple(aligned))


def _finite(plate: Plate, step: int) -> NDArray[np.float32] | None:
    return None if plate.finite.all() else shrink(plate.finite.astype(np.float32), step)


def _validity(here: MatchPicture, matches: dict[int, Match]) -> dict[int, NDArray[np.float32]]:
    unit = picture_unit(*here.luma.shape)
    seen = {o: Seen(o, m.luma, m.flow, m.inside, unit) for o, m in matches.items()}
    still = np.zeros((*here.luma.shape, 2), np.float32)
    itself = Seen(0, here.luma, still, np.ones(here.luma.shape, np.bool_), unit)
    return {
        offset: trust(one, [s for s in seen.values() if s is not one] or [itself], match.miss)
        for (offset, match), one in zip(matches.items(), seen.values(), strict=True)
    }


def _full_size(
    plate: Plate,
    offset: int,
    match: Match,
    validity: NDArray[np.float32],
    step: int,
    center_cells: NDArray[np.float32],
) -> AlignedNeighbor:
    height, width = plate.box.shape
    flow = match.flow
    if step > 1:
        flow = enlarge(flow * np.float32(step), step, height, width)
    places = places_of(flow)
    inside = within(places)
    if match.finite is not None:
        # A cubic kernel reaches two pixels.
        whole = _eroded(plate.finite)
        inside &= look_up(whole, places, kind="linear", outside=0.0) > 0.999
    pixels = look_up(plate.pixels, places, kind="cubic")
    brightness = match.brightness
    if not plate.is_monochrome:
        share = cells(match.inside.astype(np.float32)[..., None])
        brightness = brightness_field(center_cells, cells(pixels), share)
    brightness.apply(pixels)
    valid = enlarge(validity, step, height, width)
    valid[~inside] = 0.0
    return AlignedNeighbor(plate.number, offset, pixels, valid, flow)


def _eroded(finite: NDArray[np.bool_]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(
        cv2.erode(finite.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1), np.float32
    )
