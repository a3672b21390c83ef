"""OpenEXR files by their bytes: offset tables and chunks, without decoding a sample.

Layout after the OpenEXR file layout document: magic, version, header(s), offset table(s), chunks.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from filmrestore_core.media.exr_header import ExrPart, HeaderReader


@dataclass(frozen=True, slots=True)
class ExrChunk:
    """One chunk: its place in the file and what it holds.

    Attributes:
        key: (y,) of a scanline chunk, (tile x, tile y, level x, level y) of a tile.
        start: file position of the chunk's header.
        body: file position after the size field (for deep chunks: after the key).
        end: file position after the chunk.
    """

    key: tuple[int, ...]
    start: int
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class ExrFile:
    """A whole file's structure.

    Attributes:
        multipart: whether chunks carry a part number.
        head: the bytes before the offset tables.
        parts: the headers.
        chunks: part -> its chunks in the order of the offset table.
    """

    multipart: bool
    head: bytes
    parts: tuple[ExrPart, ...]
    chunks: tuple[tuple[ExrChunk, ...], ...]

    @property
    def refusal(self) -> str | None:
        """Why the file cannot be edited exactly; None where it can."""
        return next((p.refusal for p in self.parts if p.refusal), None)


def read_structure(path: Path) -> ExrFile:
    """Read and check headers, offset tables and the place of every chunk.

    Raises:
        ValueError: no OpenEXR file, impossible values, or chunks that are missing or cut short; the
            text is the reason.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        return _Structure(file).read()


class _Structure:
    """Reads one open file from its start."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._reader = HeaderReader(file)
        self._size = self._reader.size
        self._take = self._reader.take

    def read(self) -> ExrFile:
        multipart, parts = self._reader.headers()
        end = self._file.tell()
        self._file.seek(0)
        head = self._take(end)
        tables = []
        for part in parts:
            count = part.chunk_count
            if self._file.tell() + 16 * count > self._size:
                raise ValueError(
                    f"its header wants {count} chunks, more than {self._size} bytes can hold"
                )
            tables.append(struct.unpack(f"<{count}Q", self._take(8 * count)))
        first = self._file.tell()
        chunks = []
        for number, (part, table) in enumerate(zip(parts, tables, strict=True)):
            missing = sum(offset < first or offset >= self._size for offset in table)
            if missing:
                raise ValueError(f"{missing} of {len(table)} chunks are missing")
            found = tuple(self._chunk(part, number if multipart else None, o) for o in table)
            if len({c.key for c in found}) != len(found):
                raise ValueError("its offset table names a chunk twice")
            chunks.append(found)
        return ExrFile(multipart, head, parts, tuple(chunks))

    def _peek(self, at: int, count: int) -> bytes:
        """Bytes anywhere in the file; thousands of them are asked for, so without a seek."""
        if hasattr(os, "pread"):
            data = os.pread(self._file.fileno(), count, at)
        else:
            self._file.seek(at)
            data = self._file.read(count)
        if len(data) != count:
            raise ValueError(f"the file ends at byte {self._size}, inside a chunk")
        return data

    def _chunk(self, part: ExrPart, number: int | None, start: int) -> ExrChunk:
        owners = 0 if number is None else 1
        words = owners + (4 if part.tiles else 1)
        sizes = "3Q" if part.deep else "i"
        layout = struct.Struct(f"<{words}i{sizes}")
        fields = layout.unpack(self._peek(start, layout.size))
        if number is not None and fields[0] != number:
            raise ValueError(f"a chunk of part {number} says it belongs to part {fields[0]}")
        key = tuple(fields[owners:words])
        body = start + 4 * words + (0 if part.deep else 4)
        if part.deep:
            table, packed, _ = fields[words:]
            end = body + 24 + table + packed
        else:
            end = body + fields[words]
            if fields[words] < 0:
                raise ValueError(f"a chunk claims {fields[words]} bytes")
        if end > self._size:
            raise ValueError(f"the file ends at byte {self._size}, inside a chunk")
        window = part.data_window
        if not part.tiles and (
            not window.y <= key[0] < window.bottom or (key[0] - window.y) % part.lines_per_chunk
        ):
            raise ValueError(f"a chunk claims line {key[0]}")
        return ExrChunk(key, start, body, end)
