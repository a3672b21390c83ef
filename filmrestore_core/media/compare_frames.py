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
    coverage: NDArray[np.float32] | None = None,
    *,
    part: int = 0,
) -> list[str]:
    """What differs between a frame and its restored result outside the matte.

    Args:
        source: the frame as it was.
        result: the frame as it is now; it may have further channels.
        coverage: (H, W) float32 over the restored part's data window, 0 where a sample must keep
            its bits; None: everywhere.
        part: number of the restored part; in all others every sample must keep its bits.

    Returns:
        One sentence for each difference; empty where the promise holds.
    """
    if len(source.parts) != len(result.parts):
        return [f"{len(source.parts)} parts became {len(result.parts)}."]
    found: list[str] = []
    for number, (old, new) in enumerate(zip(source.parts, result.parts, strict=True)):
        label = f"part {number} ('{old.name}')" if len(source.parts) > 1 else "the picture"
        matte = coverage if number == part else None
        found += _part_differences(old, new, label, matte)
    return found


def compare_written(found: Frame, wanted: Frame, loose: Mapping[int, NDArray[np.bool_]]) -> None:
    """Compare what was read back with what was sent.

    Args:
        found: as read back.
        wanted: as sent.
        loose: part -> (H, W) bool, where a lossy compression may give other samples.

    Raises:
        OSError: they differ.
    """
    if len(found.parts) != len(wanted.parts):
        raise OSError(f"{len(found.parts)} of {len(wanted.parts)} parts came back")
    for number, (got, sent) in enumerate(zip(found.parts, wanted.parts, strict=True)):
        if got.data_window != sent.data_window or set(got.planes) != set(sent.planes):
            raise OSError("windows or channels came back differently")
        for name, plane in sent.planes.items():
            if got.formats[name] != sent.formats[name]:
                raise OSError(f"channel '{name}' came back in another format")
            differ = differing(got.planes[name], plane)
            if number in loose:
                differ &= ~loose[number]
            if differ.any():
                raise OSError(f"samples of channel '{name}' came back differently")


def _part_differences(
    old: Part, new: Part, label: str, coverage: NDArray[np.float32] | None
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
            found += _plane_differences(name, plane, new.planes[name], label, coverage)
    return found


def _said(part: Part, name: str) -> str:
    return f"{part.formats[name].dtype} of {part.formats[name].bits} bits"


def _plane_differences(
    name: str,
    old: NDArray[Any],
    new: NDArray[Any],
    label: str,
    coverage: NDArray[np.float32] | None,
) -> list[str]:
    if old.shape != new.shape:
        return [f"Channel '{name}' of {label} has another size."]
    differ = differing(old, new)
    if coverage is not None:
        if coverage.shape != old.shape:
            return [f"The matte's size does not fit channel '{name}' of {label}."]
        differ &= ~(coverage > 0)
    count = int(np.count_nonzero(differ))
    if count == 0:
        return []
    y, x = (int(v) for v in np.argwhere(differ)[0])
    return [
        f"{count} samples of channel '{name}' of {label} changed outside the matte, the first at "
        f"column {x}, line {y} of its data window."
    ]
