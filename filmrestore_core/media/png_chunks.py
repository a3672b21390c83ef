"""PNG files by their chunks: checked to the last byte, and written with new samples only.

The library reads a PNG whose end is missing without a word, and drops chunks when it writes; here
every chunk but the image data stays as it is.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PALETTE = 3

Samples = Literal["keep", "check", "skip"]


@dataclass(frozen=True, slots=True)
class PngFile:
    """A whole file's structure.

    Attributes:
        header: the 13 bytes of IHDR.
        chunks: (type, data) of every chunk, in order.
    """

    header: bytes
    chunks: tuple[tuple[bytes, bytes], ...]

    @property
    def sample_bytes(self) -> int:
        """Bytes of the samples once decoded."""
        width, height, bits, kind = struct.unpack(">IIBB", self.header[:10])
        channels = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(kind, 4)
        return int(width * height * channels * max(1, bits // 8))

    @property
    def is_interlaced(self) -> bool:
        """Whether the samples come in seven passes."""
        return self.header[12] != 0

    @property
    def refusal(self) -> str | None:
        """Why its samples cannot be edited exactly; None where they can."""
        kinds = {kind for kind, _ in self.chunks}
        if self.header[9] == _PALETTE:
            return "PNG with a palette"
        if self.header[8] < 8:
            return f"PNG of {self.header[8]} bits"
        if b"tRNS" in kinds:
            return "PNG with a transparent color"
        if b"acTL" in kinds:
            return "animated PNG"
        return None


def read_chunks(path: Path, *, samples: Samples = "check") -> PngFile:
    """Read and check all chunks.

    Args:
        path: the file.
        samples: "keep" holds on to the image data, "check" leaves its chunks empty, "skip" reads
            nothing from there on.

    Raises:
        ValueError: no PNG file, a damaged chunk, or the file is cut short; the text is the reason.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise ValueError("it does not begin like a PNG file")
        chunks: list[tuple[bytes, bytes]] = []
        kind = b""
        while kind != b"IEND":
            kind, body = _read_chunk(file, size)
            if kind == b"IDAT" and samples == "skip":
                break
            chunks.append((kind, b"" if kind == b"IDAT" and samples == "check" else body))
    if chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise ValueError("it has no proper header chunk")
    width, height = struct.unpack(">II", chunks[0][1][:8])
    if not (0 < width <= 1 << 24 and 0 < height <= 1 << 24):
        raise ValueError(f"its header claims {width} x {height} pixels")
    return PngFile(chunks[0][1], tuple(chunks))


def _read_chunk(file: BinaryIO, size: int) -> tuple[bytes, bytes]:
    at = file.tell()
    if at + 12 > size:
        raise ValueError(f"the file ends at byte {size}, before its end chunk")
    length, kind = struct.unpack(">I4s", file.read(8))
    if at + 12 + length > size:
        raise ValueError(f"the file ends at byte {size}, inside a chunk")
    body = file.read(length)
    (check,) = struct.unpack(">I", file.read(4))
    if check != zlib.crc32(body, zlib.crc32(kind)):
        raise ValueError(f"its chunk {kind.decode('latin-1')} at byte {at} is damaged")
    return kind, body


def with_samples(source: PngFile, image: PngFile, texts: Mapping[str, str]) -> Iterator[bytes]:
    """The pieces of a file with all chunks of `source` but the image data of `image`.

    Args:
        source: where everything but the samples comes from.
        image: a file of the same size, bits and channels; its passes are kept.
        texts: keyword -> text to add.

    Raises:
        ValueError: the two do not have the same kind of samples.
    """
    if source.header[:10] != image.header[:10]:
        raise ValueError("the library wrote other samples than it was given")
    yield SIGNATURE
    yield _chunk(b"IHDR", source.header[:12] + image.header[12:])
    placed = False
    for kind, data in source.chunks[1:]:
        if kind != b"IDAT":
            yield _chunk(kind, data)
        elif not placed:  # readers look for texts before the samples
            yield from (_text_chunk(key, text) for key, text in texts.items())
            yield from (_chunk(k, d) for k, d in image.chunks if k == b"IDAT")
            placed = True


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def _text_chunk(key: str, text: str) -> bytes:
    keyword = key.encode("latin-1", "replace")[:79] + b"\0"
    if text.isascii():
        return _chunk(b"tEXt", keyword + text.encode())
    return _chunk(b"iTXt", keyword + b"\0\0\0\0" + text.encode("utf-8", "replace"))
