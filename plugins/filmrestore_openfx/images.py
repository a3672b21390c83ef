"""Host pictures <-> the core's frames: y up <-> y down, interleaved <-> planes, windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core import Box, Frame, Part, PixelFormat
from filmrestore_openfx.errors import HostError
from filmrestore_openfx.host_types import CHANNELS, Bounds, Pixels
from filmrestore_openfx.pictures import Picture

Coverage = NDArray[np.float32]
"""(H, W) float32, 0 to 1."""

# OpenFX 1.5's basic color spaces, which every host has, in names that the core knows.
_BASIC_SPACES: Mapping[str, str] = {
    "ofx_scene_linear": "scene-linear",
    "ofx_scene_log": "printing-density",
    "ofx_display_sdr": "srgb",
    "ofx_display_hdr": "pq",
    "ofx_raw": "raw",
    "lin_rec709_srgb": "linear-rec709",
    "lin_ap0": "aces2065-1",
    "srgb_tx": "srgb",
    "srgb_texture": "srgb",
    "g24_rec709_tx": "rec709",
    "g22_rec709_tx": "gamma2.2",
    "camera_rec709": "rec709",
}


def union_bounds(all_bounds: Iterable[Bounds]) -> Bounds:
    """The smallest bounds that hold all given ones.

    Raises:
        ValueError: none is given.
    """
    sides = list(zip(*all_bounds, strict=True))
    if not sides:
        raise ValueError("There are no bounds to join.")
    return min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])


def box_in(display: Bounds, bounds: Bounds) -> Box:
    """Bounds (y up) as a box (y down) whose origin is the display's top left corner."""
    x1, y1, x2, y2 = bounds
    return Box(x1 - display[0], display[3] - y2, max(0, x2 - x1), max(0, y2 - y1))


def frame_of(number: int, picture: Picture, *, display: Bounds, color_space: str = "") -> Frame:
    """A host picture as a frame, which shares its samples.

    Args:
        number: frame number.
        picture: samples of any bits.
        display: the picture's frame, y up; the frame's coordinates start at its top left.
        color_space: the host's name for the encoding; "" where it tells none.
    """
    facts = picture.facts
    formats = dict.fromkeys(picture.planes, PixelFormat.of(facts.dtype))
    attributes: dict[str, object] = {}
    if "A" in picture.planes and facts.premult:
        attributes["oiio:UnassociatedAlpha"] = int(facts.premult != "premultiplied")
    if color_space:
        known = _BASIC_SPACES.get(color_space.strip().casefold(), color_space)
        attributes["oiio:ColorSpace"] = known
    whole = Box.of_size(display[2] - display[0], display[3] - display[1])
    part = Part("", picture.planes, formats, box_in(display, facts.bounds), whole, attributes)
    return Frame(number, (part,))


def fill_canvas(
    canvas: Pixels, planes: Mapping[str, Pixels], box: Box, target: Box, components: str
) -> None:
    """Lay planes into an interleaved canvas; what they do not cover becomes 0.

    Args:
        canvas: (H, W, C) of the target, in the output's depth; written whole.
        planes: channel -> (H, W) over `box`.
        box: where the planes lie.
        target: where the canvas lies, in the same coordinates.
        components: of the canvas.

    Raises:
        HostError: depth or components of the output cannot be made from the planes.
    """
    shared = box.intersect(target)
    if shared != target:
        canvas[...] = 0
    if shared.is_empty:
        return
    here, there = shared.slices(target), shared.slices(box)
    for index, name in enumerate(CHANNELS[components]):
        plane = _plane_for(name, planes, components)
        if plane is None:
            canvas[(*here, index)] = _opaque(canvas.dtype)
            continue
        if plane.dtype != canvas.dtype:
            raise HostError(
                f"The host wants {canvas.dtype} samples of a picture that has {plane.dtype}; "
                "Source and Output must have one depth."
            )
        canvas[(*here, index)] = plane[there]


def _plane_for(name: str, planes: Mapping[str, Pixels], components: str) -> Pixels | None:
    """The plane of a channel; None for an alpha that the picture lacks."""
    if name in planes:
        return planes[name]
    if name == "A":
        return None
    if name == "Y" and "A" in planes:
        return planes["A"]
    if name in ("R", "G", "B") and "Y" in planes:
        return planes["Y"]
    raise HostError(
        f"The host wants {components.upper()} of a picture that has only {', '.join(planes)}."
    )


def _opaque(dtype: np.dtype[Any]) -> int | float:
    return 1.0 if dtype.kind == "f" else int(np.iinfo(dtype).max)


def coverage_of(picture: Picture, *, inverted: bool = False) -> Coverage:
    """A mask's or matte's picture as (H, W) float32, 0 to 1; what is not finite counts as 0.

    An alpha picture is taken as it is, of RGBA the alpha, of an opaque one or RGB the brightest
    channel.
    """
    facts, planes = picture.facts, picture.planes
    if facts.components == "rgba" and facts.premult != "opaque":
        plane = planes["A"]
    else:
        plane = np.maximum.reduce([planes[name] for name in planes if name != "A"])
    values = plane.astype(np.float32)
    if facts.dtype.kind != "f":
        values /= np.float32(np.iinfo(facts.dtype).max)
    values = np.where(np.isfinite(values), np.clip(values, 0.0, 1.0), 0.0).astype(np.float32)
    return np.asarray(1.0 - values if inverted else values, np.float32)


def placed(
    coverage: NDArray[np.float32], box: Box, wanted: Box, outside: float
) -> NDArray[np.float32]:
    """A coverage over another box; `outside` where it has none."""
    result = np.full(wanted.shape, outside, np.float32)
    shared = box.intersect(wanted)
    if not shared.is_empty:
        result[shared.slices(wanted)] = coverage[shared.slices(box)]
    return result
