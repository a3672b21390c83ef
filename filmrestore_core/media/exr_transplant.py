"""An EXR made of its source's bytes in which only chunks with restored samples are new.

The header stays as it is to the byte, but for what has to change: compression, chunk count and
channel list where the user was told, and attributes that were asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.media.exr_chunks import ExrChunk, ExrFile
from filmrestore_core.media.exr_edit import PartEdit
from filmrestore_core.media.exr_header import (
    COMPRESSIONS,
    ExrAttribute,
    ExrPart,
    attribute_bytes,
    channel_list_bytes,
)
from filmrestore_core.media.exr_zip import OWN_COMPRESSIONS, chunk_body

_LONG_NAMES = 0x400
_COPY_BYTES = 1 << 24
_LINES_AT_ONCE = 512  # encoded in one go; bounds the memory

Planes = Mapping[str, NDArray[Any]]


RowEncoder = Callable[[ExrPart, PartEdit, Planes], list[bytes]]
"""Makes chunk data of rows of chunks, row by row, left to right: (source part, edit, planes)."""


def transplant(
    source: Path,
    target: Path,
    structure: ExrFile,
    edits: Mapping[int, PartEdit],
    attributes: Mapping[str, str],
    encode: RowEncoder,
) -> None:
    """Write `target` from the bytes of `source` and the edited parts' new chunks.

    Args:
        source: the file `structure` was read from.
        target: file to write.
        structure: headers and chunks of the source.
        edits: part number -> edit.
        attributes: name -> text to add to the first part's header.
        encode: makes chunks with the library's codecs.

    Raises:
        ValueError: the library cannot make these chunks.
        OSError: reading or writing failed.
    """
    bodies: dict[int, dict[tuple[int, ...], bytes]] = {}
    for number, edit in edits.items():
        bodies[number] = _new_chunks(structure.parts[number], edit, encode)
    head = _head(structure, edits, attributes)
    order = list(_in_file_order(structure, edits, bodies))
    tables: list[dict[tuple[int, ...], int]] = [{} for _ in structure.parts]
    counts = [
        len(bodies[n]) if n in edits and edits[n].rebuilt else len(structure.chunks[n])
        for n in range(len(structure.parts))
    ]
    at = len(head) + 8 * sum(counts)
    for number, key, old, body in order:
        tables[number][key] = at
        at += old.end - old.start if old else len(_prefix(structure, number, key, body)) + len(body)
    with source.open("rb") as read, target.open("wb") as write:
        write.write(head)
        for number, table in enumerate(tables):
            keys = _table_order(structure, edits, number, table)
            write.write(struct.pack(f"<{len(keys)}Q", *(table[k] for k in keys)))
        for number, key, old, body in order:
            if old:
                read.seek(old.start)
                left = old.end - old.start
                while left:
                    block = read.read(min(left, _COPY_BYTES))
                    if not block:
                        raise OSError(f"{source} became shorter while it was copied")
                    write.write(block)
                    left -= len(block)
            else:
                write.write(_prefix(structure, number, key, body))
                write.write(body)


_Item = tuple[int, tuple[int, ...], ExrChunk | None, bytes]


def _in_file_order(
    structure: ExrFile,
    edits: Mapping[int, PartEdit],
    bodies: Mapping[int, Mapping[tuple[int, ...], bytes]],
) -> Iterator[_Item]:
    """(part, key, chunk to copy or None, new data) in the order the source has them."""
    items: list[tuple[tuple[int, int], _Item]] = []
    for number, chunks in enumerate(structure.chunks):
        new = bodies.get(number, {})
        if number in edits and edits[number].rebuilt:
            start = min(c.start for c in chunks)
            keys = list(new)
            line_order = structure.parts[number].attributes.get("lineOrder")
            if line_order is not None and line_order.value == b"\x01":
                keys.reverse()  # bottom line first
            items += [((start, i), (number, k, None, new[k])) for i, k in enumerate(keys)]
        else:
            for c in chunks:
                old = None if c.key in new else c
                items.append(((c.start, 0), (number, c.key, old, new.get(c.key, b""))))
    items.sort(key=lambda item: item[0])
    return (item for _, item in items)


def _table_order(
    structure: ExrFile,
    edits: Mapping[int, PartEdit],
    number: int,
    table: Mapping[tuple[int, ...], int],
) -> list[tuple[int, ...]]:
    if number in edits and edits[number].rebuilt:
        return sorted(table, key=lambda key: key[1::-1] if len(key) > 1 else key)
    return [c.key for c in structure.chunks[number]]


def _prefix(structure: ExrFile, number: int, key: tuple[int, ...], body: bytes) -> bytes:
    owner = (number,) if structure.multipart else ()
    return struct.pack(f"<{len(owner) + len(key) + 1}i", *owner, *key, len(body))


def _new_chunks(part: ExrPart, edit: PartEdit, encode: RowEncoder) -> dict[tuple[int, ...], bytes]:
    """Key -> data of the touched chunks."""
    box = part.data_window
    step = edit.chunk[0]
    columns = edit.touched.shape[1]
    chunk_rows = np.flatnonzero(edit.touched.any(axis=1))
    bodies: dict[tuple[int, ...], bytes] = {}
    at_once = max(1, _LINES_AT_ONCE // step)
    for begin in range(0, len(chunk_rows), at_once):
        group = chunk_rows[begin : begin + at_once]
        starts = [int(r) * step for r in group]
        lines = np.concatenate([np.arange(y, min(y + step, box.height)) for y in starts])
        rows = {name: plane[lines] for name, plane in edit.planes.items()}
        if edit.is_mixed:
            encoded = _own_bodies(part, rows, edit.compression, step)
        else:
            encoded = encode(part, edit, rows)
        for place, row in enumerate(group.tolist()):
            for column in np.flatnonzero(edit.touched[row]).tolist():
                key = (column, row, 0, 0) if part.tiles else (box.y + row * step,)
                bodies[key] = encoded[place * columns + column]
    return bodies


def _own_bodies(part: ExrPart, rows: Planes, compression: str, step: int) -> list[bytes]:
    if compression not in OWN_COMPRESSIONS:
        raise ValueError(f"channels of different types cannot be stored with {compression} here")
    height, width = next(iter(rows.values())).shape
    across = part.tiles.width if part.tiles else width
    return [
        chunk_body({n: p[y : y + step, x : x + across] for n, p in rows.items()}, compression)
        for y in range(0, height, step)
        for x in range(0, width, across)
    ]


def _head(
    structure: ExrFile, edits: Mapping[int, PartEdit], attributes: Mapping[str, str]
) -> bytes:
    """The bytes before the offset tables; the source's own where nothing has to change."""
    rebuilt = {n: e for n, e in edits.items() if e.rebuilt}
    if not rebuilt and not attributes:
        return structure.head
    flags = struct.unpack("<I", structure.head[4:8])[0]
    out = b""
    for number, part in enumerate(structure.parts):
        held = dict(part.attributes)
        if number == 0:
            for name, text in attributes.items():
                held[name] = ExrAttribute("string", text.encode("utf-8", "surrogateescape"))
        if number in rebuilt:
            edit = rebuilt[number]
            held["compression"] = ExrAttribute(
                "compression", bytes([COMPRESSIONS.index(edit.compression)])
            )
            held["channels"] = ExrAttribute("chlist", channel_list_bytes(edit.channels))
            if "chunkCount" in held:
                held["chunkCount"] = ExrAttribute("int", struct.pack("<i", edit.touched.size))
        names = (
            [*held, *(c.name for c in edits[number].channels)] if number in edits else list(held)
        )
        if any(len(n.encode("utf-8", "surrogateescape")) > 31 for n in names):
            flags |= _LONG_NAMES
        out += b"".join(attribute_bytes(n, a) for n, a in held.items()) + b"\0"
    if structure.multipart:
        out += b"\0"
    return structure.head[:4] + struct.pack("<I", flags) + out
