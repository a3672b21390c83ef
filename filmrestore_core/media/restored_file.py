"""A restored frame in the bytes of its source: which way for which format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media import dpx, tiff_patch
from filmrestore_core.media.exr_chunks import ExrFile
from filmrestore_core.media.exr_edit import differing, plan_edit
from filmrestore_core.media.exr_transplant import RowEncoder, transplant
from filmrestore_core.media.inspect_file import FileFacts
from filmrestore_core.media.png_chunks import PngFile, with_samples
from filmrestore_core.media.tiff_directory import TiffFile
from filmrestore_core.media.tiff_patch import LzwEncoder

Planes = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Codecs:
    """What only the library can do.

    Attributes:
        exr_rows: encodes rows of EXR chunks.
        lzw: packs rows of bytes with LZW.
        png: makes a whole PNG file of (H, W, C) samples.
    """

    exr_rows: RowEncoder
    lzw: LzwEncoder
    png: Callable[[NDArray[Any]], PngFile]


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """What was written.

    Attributes:
        parts: what a reader must get back.
        notes: what the user should know.
        compression: what the first part is stored with.
        loose: part -> (H, W) bool, where a lossy compression may give other samples.
    """

    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()
    compression: str = ""
    loose: Mapping[int, NDArray[np.bool_]] = field(default_factory=dict)


def is_changed(frame: Frame, original: Frame) -> bool:
    """Whether any sample of any part differs in its bits.

    Raises:
        ValueError: the frames do not have the same parts and channels.
    """
    return any(
        _part_is_changed(new, old) for new, old in zip(frame.parts, original.parts, strict=True)
    )


def picture_part(parts: tuple[Part, ...]) -> int:
    """Number of the first part that holds a picture (R, G and B, or Y); 0 where none does."""
    for number, part in enumerate(parts):
        names = {name.rsplit(".", 1)[-1] for name in part.planes}
        if {"R", "G", "B"} <= names or "Y" in names:
            return number
    return 0


def write(
    source: Path,
    facts: FileFacts,
    frame: Frame,
    original: Frame,
    target: Path,
    *,
    keep_compression: bool,
    extra_channels: Planes,
    attributes: Mapping[str, str],
    codecs: Codecs,
) -> Made:
    """Write `target` of the source's bytes and the frame's changed samples.

    Raises:
        ValueError: the format cannot hold what it was given; the text is the reason.
        OSError: the system refuses.
    """
    if not isinstance(facts.structure, ExrFile) and extra_channels:
        raise ValueError(f"{facts.format} files cannot carry further channels, only EXR can")
    if isinstance(facts.structure, ExrFile):
        return _exr(
            source, facts.structure, frame, original, target,
            keep_compression=keep_compression, extra=extra_channels, attributes=attributes,
            codecs=codecs,
        )  # fmt: skip
    if isinstance(facts.structure, dpx.DpxHeader):
        notes = _not_carried("DPX", attributes)
        data = np.fromfile(source, np.uint8)
        dpx.patch(facts.structure, data, frame.parts[0].planes, original.parts[0].planes)
        target.write_bytes(data.data)
        return Made(frame.parts, notes)
    if isinstance(facts.structure, TiffFile):
        changes = {
            n: (new.planes, old.planes)
            for n, (new, old) in enumerate(zip(frame.parts, original.parts, strict=True))
            if _part_is_changed(new, old)
        }
        content = bytearray(source.read_bytes())
        tiff_patch.patch(content, facts.structure, changes, codecs.lzw)
        target.write_bytes(content)
        return Made(frame.parts, _not_carried("TIFF", attributes))
    if isinstance(facts.structure, PngFile):
        image = codecs.png(np.stack(list(frame.parts[0].planes.values()), axis=-1))
        with target.open("wb") as file:
            file.writelines(with_samples(facts.structure, image, attributes))
        interlaced = facts.structure.is_interlaced and not image.is_interlaced
        notes = ("The samples are stored without interlacing now.",) if interlaced else ()
        return Made(frame.parts, notes)
    raise ValueError(facts.locked or f"{facts.format} files cannot be written")


def _exr(
    source: Path,
    structure: ExrFile,
    frame: Frame,
    original: Frame,
    target: Path,
    *,
    keep_compression: bool,
    extra: Planes,
    attributes: Mapping[str, str],
    codecs: Codecs,
) -> Made:
    picture = picture_part(frame.parts)
    edits = {}
    for number, (new, old) in enumerate(zip(frame.parts, original.parts, strict=True)):
        several = len(frame.parts) > 1
        label = f"part {number} ('{new.name}')" if several else "the picture"
        edit = plan_edit(
            structure.parts[number], label, old.planes, new.planes,
            extra if number == picture else {}, keep_compression=keep_compression,
        )  # fmt: skip
        if edit is not None:
            edits[number] = edit
    transplant(source, target, structure, edits, attributes, codecs.exr_rows)
    parts = list(frame.parts)
    for number, edit in edits.items():
        formats = {name: PixelFormat.of(plane.dtype) for name, plane in edit.planes.items()}
        parts[number] = replace(parts[number], planes=edit.planes, formats=formats)
    first = edits.get(0)
    return Made(
        tuple(parts),
        tuple(note for edit in edits.values() for note in edit.notes),
        first.compression if first else structure.parts[0].compression,
        {number: edit.loose for number, edit in edits.items() if edit.lossy},
    )


def _part_is_changed(new: Part, old: Part) -> bool:
    if set(new.planes) != set(old.planes):
        raise ValueError(f"the restored part '{new.name}' has other channels than its source")
    return any(
        plane is not old.planes[name] and bool(differing(plane, old.planes[name]).any())
        for name, plane in new.planes.items()
    )


def _not_carried(format_name: str, attributes: Mapping[str, str]) -> tuple[str, ...]:
    if not attributes:
        return ()
    return (f"{format_name} headers are kept as they are, so no attributes were added.",)
