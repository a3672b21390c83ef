"""Which part of a frame, and which of its channels, hold the picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from filmrestore_core.errors import LockedFrameError
from filmrestore_core.frame import Frame, Part


class ColorModel(StrEnum):
    """What the picture's channels are."""

    RGB = "rgb"
    GRAY = "gray"
    YCBCR = "ycbcr"


@dataclass(frozen=True, slots=True)
class PictureChannels:
    """The channels that hold the picture.

    Attributes:
        model: RGB, one gray channel, or Y'CbCr.
        names: the channels' names in the part: (R, G, B), (Y,) or (Y, Cb, Cr).
        alpha: the alpha channel of the same layer, or None.
    """

    model: ColorModel
    names: tuple[str, ...]
    alpha: str | None = None


# Channel names as written -> the role they play. OpenEXR's own are single capitals.
_ROLES: Mapping[str, str] = {
    "r": "R",
    "red": "R",
    "g": "G",
    "green": "G",
    "b": "B",
    "blue": "B",
    "a": "A",
    "alpha": "A",
    "y": "Y",
    "l": "Y",
    "gray": "Y",
    "grey": "Y",
    "luminance": "Y",
    "cb": "Cb",
    "cr": "Cr",
    "ry": "RY",
    "by": "BY",
}
_MAIN_LAYERS = frozenset({"", "rgba", "rgb", "beauty", "main", "color", "colour", "combined"})
# Layers that carry numbers, not light, although their channels may be called R, G, B.
_DATA_LAYERS = (
    "crypto",
    "depth",
    "normal",
    "position",
    "motion",
    "vector",
    "velocity",
    "matte",
    "infrared",
)
_DATA_NAMES = frozenset({"n", "p", "z", "id", "uv", "st", "mask", "forward", "backward"})


def _layers(part: Part) -> dict[str, dict[str, str]]:
    """Layer -> role -> channel name, in file order."""
    layers: dict[str, dict[str, str]] = {}
    for name in part.planes:
        layer, _, base = name.rpartition(".")
        role = _ROLES.get(base.casefold())
        if role is not None:
            layers.setdefault(layer, {}).setdefault(role, name)
    return layers


def _channels_of(part: Part, roles: Mapping[str, str]) -> PictureChannels | None:
    alpha = roles.get("A")
    wanted: tuple[str, ...]
    if {"R", "G", "B"} <= roles.keys():
        model, wanted = ColorModel.RGB, ("R", "G", "B")
    elif {"Y", "Cb", "Cr"} <= roles.keys():
        model, wanted = ColorModel.YCBCR, ("Y", "Cb", "Cr")
    elif {"RY", "BY"} & roles.keys():
        return None  # luminance-chroma EXR: gray alone would leave the colors of the damage
    elif "Y" in roles:
        model, wanted = ColorModel.GRAY, ("Y",)
    elif tuple(part.planes) == (roles.get("R"),):
        model, wanted = ColorModel.GRAY, ("R",)
    else:
        return None
    names = tuple(roles[role] for role in wanted)
    # In a file with half or float channels an unsigned integer one holds ids.
    has_float = any(fmt.is_float for fmt in part.formats.values())
    if has_float and not all(part.formats[name].is_float for name in names):
        return None
    return PictureChannels(model, names, alpha)


def _rank(label: str) -> int:
    """0 for a main layer, 1 for any other picture layer, 2 for one that carries data."""
    plain = label.casefold()
    if plain in _MAIN_LAYERS or plain.split(".")[0] in _MAIN_LAYERS:
        return 0
    if plain.startswith(_DATA_LAYERS) or plain in _DATA_NAMES:
        return 2
    return 1


def _ranked_channels(part: Part) -> tuple[int, PictureChannels] | None:
    best: tuple[int, PictureChannels] | None = None
    for layer, roles in _layers(part).items():
        channels, rank = _channels_of(part, roles), _rank(layer)
        if channels is not None and rank < 2 and (best is None or rank < best[0]):
            best = rank, channels
    return best


def picture_channels(part: Part) -> PictureChannels | None:
    """The channels of a part that hold the picture, or None where it has none.

    Channels without a layer come first, then layers such as "rgba" or "beauty", then the first
    layer in file order that has R, G, B, or Y, or Y, Cb, Cr. Layers that carry data
    (cryptomatte, depth, normals, motion) are never taken.
    """
    best = _ranked_channels(part)
    return None if best is None else best[1]


def picture_part(frame: Frame) -> int:
    """Index of the part that holds the picture: the first of the best-named ones.

    Raises:
        LockedFrameError: no part holds a picture, or it is stored with subsampled R, G, B.
    """
    found: list[tuple[int, int, PictureChannels]] = []
    for index, part in enumerate(frame.parts):
        best = _ranked_channels(part)
        part_rank = _rank(part.name) if len(frame.parts) > 1 else 0
        if best is not None and part_rank < 2:
            found.append((max(best[0], part_rank), index, best[1]))
    if not found:
        names = ", ".join(dict.fromkeys(n for part in frame.parts for n in part.planes)) or "none"
        raise LockedFrameError(
            f"Frame {frame.number} holds no picture that can be restored: its channels are "
            f"{names}; R, G and B, or Y, would be right.",
            frame=frame.number,
            path=frame.source,
        )
    _, index, channels = min(found, key=lambda item: item[:2])
    steps = frame.parts[index].subsampling
    full = channels.names[:1] if channels.model is ColorModel.YCBCR else channels.names
    small = [name for name in full if steps.get(name, (1, 1)) != (1, 1)]
    if small:
        raise LockedFrameError(
            f"Frame {frame.number} stores channel {small[0]} subsampled; only Cb and Cr may be.",
            frame=frame.number,
            path=frame.source,
        )
    return index


def is_monochrome(part: Part, channels: PictureChannels) -> bool:
    """True where one channel tells everything.

    That is a gray channel alone; R, G and B with the same bits everywhere (NaN included); or
    Cb and Cr at their neutral code everywhere.
    """
    if channels.model is ColorModel.GRAY:
        return True
    if channels.model is ColorModel.YCBCR:
        return all(
            bool(np.all(part.planes[name] == 1 << (part.formats[name].bits - 1)))
            for name in channels.names[1:]
        )
    first, *others = (part.planes[name] for name in channels.names)
    if len({part.formats[name] for name in channels.names}) > 1:
        return False
    bits = np.dtype(f"u{first.dtype.itemsize}")
    # The first row tells most color pictures apart without reading all of them.
    return all(
        np.array_equal(first[:1].view(bits), other[:1].view(bits))
        and np.array_equal(first.view(bits), other.view(bits))
        for other in others
    )
