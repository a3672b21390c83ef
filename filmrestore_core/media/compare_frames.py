"""Whether two frames hold the same samples, bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.frame import Frame, Part
from filmrestore_core.media.exr_edit import differing


def same_samples(
    source: Frame,
    result: Frame,
    loose: Mapping[int, NDArray[np.bool_]] | None = None,
) -> list[str]:
    """What differs between a frame and another that should hold the same.

    Args:
        source: the frame as it was.
        result: the frame as it is now; it may have further channels.
        loose: part -> (H, W) bool over its data window, True where samples may differ.

    Returns:
        One sentence for each difference; empty where there is none.
    """
    if len(source.parts) != len(result.parts):
        return [f"{len(source.parts)} parts became {len(result.parts)}."]
    found: list[str] = []
    for number, (old, new) in enumerate(zip(source.parts, result.parts, strict=True)):
        label = f"part {number} ('{old.name}')" if len(source.parts) > 1 else "the picture"
        found += _part_differences(old, new, label, (loose or {}).get(number))
    return found


def _part_differences(
    old: Part, new: Part, label: str, loose: NDArray[np.bool_] | None
) -> list[str]:
    found = []
    if old.name != new.name:
        found.append(f"The name of {label} became '{new.name}'.")
    for word, was, now in (
        ("data window", old.data_window, new.data_window),
        ("display window", old.display_window, new.display_window),
    ):
        if was != now:
            found.append(f"The {word} of {label} was {was} and became {now}.")
    if old.data_window != new.data_window:
        return found
    for name, plane in old.planes.items():
        if name not in new.planes:
            found.append(f"Channel '{name}' of {label} is gone.")
        elif old.formats[name] != new.formats[name]:
            found.append(
                f"Channel '{name}' of {label} was {_said(old, name)} and became {_said(new, name)}."
            )
        else:
            found += _plane_differences(name, plane, new.planes[name], label, loose)
    return found


def _said(part: Part, name: str) -> str:
    return f"{part.formats[name].dtype} of {part.formats[name].bits} bits"


def _plane_differences(
    name: str,
    old: NDArray[Any],
    new: NDArray[Any],
    label: str,
    loose: NDArray[np.bool_] | None,
) -> list[str]:
    if old.shape != new.shape:
        return [f"Channel '{name}' of {label} has another size."]
    differ = differing(old, new)
    if loose is not None:
        differ &= ~loose
    count = int(np.count_nonzero(differ))
    if count == 0:
        return []
    y, x = (int(v) for v in np.argwhere(differ)[0])
    return [
        f"{count} samples of channel '{name}' of {label} differ, the first at column {x}, line {y} "
        "of its data window."
    ]
