"""What differs between two headers that should be the same, by their bytes where we know them."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filmrestore_core.frame import Frame, Part
from filmrestore_core.media.exr_header import ExrPart, read_headers

OWN_CHANNEL_LAYER = "damage"
"""Channels of this layer are ours: a delivered matte."""

OWN_ATTRIBUTE = "filmrestore"
"""The attribute that says where a restored frame comes from."""

# They follow from channel list, compression and chunk layout, which are compared on their own.
_FOLLOW = frozenset({"channels", "chunkCount", "compression", "dwaCompressionLevel"})
_FOLLOW_IN_READER = frozenset(
    {
        "compression",
        "oiio:RowsPerChunk",
        "openexr:chunkCount",
        "openexr:dwaCompressionLevel",
        OWN_ATTRIBUTE,
    }
)
_LOSSY = frozenset({"dwaa", "dwab", "b44", "b44a", "pxr24"})


class Differences:
    """Found differences: faults break the promise, notes are what was asked for."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.notes: list[str] = []


def compare_headers(source: Frame, result: Frame) -> Differences:
    """Parts, channels, sample types, windows and metadata of two frames.

    EXR and DPX headers are also compared by their bytes, where the frames have files: what the
    reader does not know counts too. A lossy EXR compression may have become lossless, and channels
    of the layer "damage" and the attribute "filmrestore" may have been added: these are notes.

    Raises:
        OSError, ValueError: a file cannot be read any more.
    """
    found = Differences()
    if len(source.parts) != len(result.parts):
        found.faults.append(f"has {len(result.parts)} parts in place of {len(source.parts)}")
        return found
    for old, new in zip(source.parts, result.parts, strict=True):
        _compare_parts(old, new, found)
    if source.source is not None and result.source is not None:
        kinds = {source.source.suffix.lower(), result.source.suffix.lower()}
        if kinds == {".exr"}:
            _compare_exr(source.source, result.source, found)
        elif kinds == {".dpx"}:
            _compare_dpx(source.source, result.source, found)
    return found


def same_value(one: Any, other: Any) -> bool:
    """Equality of metadata in which NaN equals NaN."""
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and bool(one == other)


def _compare_parts(old: Part, new: Part, found: Differences) -> None:
    where = f"part '{old.name}': " if old.name else ""
    if old.name != new.name:
        found.faults.append(f"{where}is called '{new.name}' now")
    for name in new.planes:
        if name not in old.planes:
            ours = name.partition(".")[0] == OWN_CHANNEL_LAYER
            (found.notes if ours else found.faults).append(f"{where}channel '{name}' was added")
    for name, kind in old.formats.items():
        if name not in new.formats:
            found.faults.append(f"{where}channel '{name}' is gone")
        elif new.formats[name] != kind:
            now = new.formats[name]
            found.faults.append(
                f"{where}channel '{name}' is {now.dtype} of {now.bits} bits in place of "
                f"{kind.dtype} of {kind.bits}"
            )
    kept = [n for n in new.planes if n in old.planes]
    if kept != [n for n in old.planes if n in new.planes]:
        found.faults.append(f"{where}channels are in another order")
    if old.data_window != new.data_window:
        found.faults.append(f"{where}data window is {new.data_window}, was {old.data_window}")
    if old.display_window != new.display_window:
        found.faults.append(
            f"{where}display window is {new.display_window}, was {old.display_window}"
        )
    _compare_metadata(where, old.attributes, new.attributes, found)


def _compare_metadata(
    where: str, old: Mapping[str, Any], new: Mapping[str, Any], found: Differences
) -> None:
    was, now = old.get("compression"), new.get("compression")
    if was != now:
        to_lossless = str(was).partition(":")[0] in _LOSSY and now in ("zip", "zips", "piz", "none")
        text = f"{where}compression is {now}, was {was}"
        (found.notes if to_lossless else found.faults).append(text)
    for name in sorted({*old, *new} - _FOLLOW_IN_READER):
        if name not in new:
            found.faults.append(f"{where}attribute '{name}' is gone")
        elif name not in old:
            found.faults.append(f"{where}attribute '{name}' was added")
        elif name == "movie:codec" and not same_value(old[name], new[name]):
            # How the samples are packed; the samples themselves are compared.
            found.notes.append(f"{where}codec is {new[name]}, was {old[name]}")
        elif not same_value(old[name], new[name]):
            found.faults.append(f"{where}attribute '{name}' changed")
    if OWN_ATTRIBUTE in new and OWN_ATTRIBUTE not in old:
        found.notes.append(f"{where}attribute '{OWN_ATTRIBUTE}' was added")


def _compare_exr(source: Path, result: Path, found: Differences) -> None:
    for old, new in zip(read_headers(source), read_headers(result), strict=False):
        _compare_exr_parts(old, new, found)


def _compare_exr_parts(old: ExrPart, new: ExrPart, found: Differences) -> None:
    for name, attribute in old.attributes.items():
        if name in _FOLLOW:
            continue
        if name not in new.attributes:
            found.faults.append(f"header attribute '{name}' is gone")
        elif new.attributes[name] != attribute:
            found.faults.append(f"the bytes of header attribute '{name}' changed")
    for name in new.attributes:
        if name not in old.attributes and name not in _FOLLOW and name != OWN_ATTRIBUTE:
            found.faults.append(f"header attribute '{name}' was added")
    kept = [c for c in new.channels if c in old.channels]
    if kept != list(old.channels):
        found.faults.append("the channel list changed")


def _compare_dpx(source: Path, result: Path, found: Differences) -> None:
    old, new = _dpx_header(source), _dpx_header(result)
    count = sum(a != b for a, b in zip(old, new, strict=False)) + abs(len(old) - len(new))
    if count:
        found.faults.append(f"{count} bytes of the DPX header changed")
    if source.stat().st_size != result.stat().st_size:
        found.faults.append(f"is {result.stat().st_size} bytes, was {source.stat().st_size}")


def _dpx_header(path: Path) -> bytes:
    """The bytes in front of the samples."""
    with path.open("rb") as file:
        head = file.read(2048)
        order = ">" if head[:4] == b"SDPX" else "<"
        (start,) = struct.unpack_from(order + "I", head, 4)
        if not 2048 < start < 1 << 20:
            return head
        return head + file.read(start - 2048)
