"""What an image file's own bytes say before a decoder sees them: kind, wholeness, what is locked.

A FIFO would hang a decoder, a header bomb would fill the memory, and some files that are cut short
are read without a word; all of them are found here.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from filmrestore_core.frame import Part
from filmrestore_core.media.dpx import HEADER_BYTES, DpxHeader, parse_header
from filmrestore_core.media.exr_chunks import ExrFile, read_structure
from filmrestore_core.media.exr_header import SAMPLE_BYTES, ExrPart, read_headers
from filmrestore_core.media.png_chunks import PngFile, read_chunks
from filmrestore_core.media.tiff_directory import TiffFile, read_directories

FORMATS = {
    ".exr": "openexr",
    ".dpx": "dpx",
    ".cin": "cineon",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".png": "png",
}
"""Extension -> format name, as the library calls it."""

_MAGICS = {
    b"\x76\x2f\x31\x01": "openexr",
    b"SDPX": "dpx",
    b"XPDS": "dpx",
    b"\x80\x2a\x5f\xd7": "cineon",
    b"\xd7\x5f\x2a\x80": "cineon",
    b"II*\0": "tiff",
    b"MM\0*": "tiff",
    b"II+\0": "tiff",
    b"MM\0+": "tiff",
    b"\x89PNG": "png",
}

LARGEST_PICTURE_BYTES = 4096 << 20
"""The most a part's samples may take in memory; a header that claims more is taken for a bomb."""

# How much smaller than its samples a file can be at the very most (measured on black pictures:
# deflate 1024, PIZ 404, LZW 672, DWA 13666, HTJ2K 30784), and from what size on it is asked.
_DENSEST = {
    "dwaa": 20_000,
    "dwab": 20_000,
    "htj2k256": 60_000,
    "htj2k32": 60_000,
    "unknown": 60_000,
}
_DENSEST_OTHERS = 3000
_ASKED_FROM = 160 << 20


@dataclass(frozen=True, slots=True, eq=False)
class FileFacts:
    """What is known of a file before it is decoded.

    Attributes:
        format: one of the names in FORMATS.
        nbytes: size of the file.
        structure: its parsed bytes; None for Cineon.
        locked: why it cannot be edited exactly; None where it can.
        readable: whether the library can be asked for the parts at all.
        notes: what the user should know.
    """

    format: str
    nbytes: int
    structure: DpxHeader | ExrFile | tuple[ExrPart, ...] | TiffFile | PngFile | None
    locked: str | None = None
    readable: bool = True
    notes: tuple[str, ...] = ()


def format_of(path: Path) -> str:
    """Format name by extension.

    Raises:
        ValueError: the extension is none of FORMATS.
    """
    try:
        return FORMATS[path.suffix.lower()]
    except KeyError:
        known = ", ".join(FORMATS)
        raise ValueError(f"its extension '{path.suffix}' is none of {known}") from None


def inspect_file(path: Path, *, header_only: bool = False) -> FileFacts:
    """Look at a file's bytes.

    Args:
        path: the file.
        header_only: leave out what has to look at the samples' bytes.

    Raises:
        ValueError: the file cannot be read or not whole; the text is the reason.
        OSError: the system refuses.
    """
    wanted = format_of(path)
    info = os.stat(path)
    if stat.S_ISDIR(info.st_mode):
        raise ValueError("it is a folder")
    if not stat.S_ISREG(info.st_mode):
        raise ValueError("it is no plain file")
    size = info.st_size
    if size == 0:
        raise ValueError("the file is empty")
    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    found = _MAGICS.get(head[:4])
    if found != wanted:
        kind = f"a file of the format {found}" if found else f"no {wanted} file"
        raise ValueError(f"it begins like {kind}, which its name does not say")
    if wanted == "dpx":
        return _dpx(head, size)
    if wanted == "openexr":
        return _exr(path, size, header_only=header_only)
    if wanted == "tiff":
        return _tiff(path, size)
    if wanted == "png":
        png = read_chunks(path, samples="skip" if header_only else "check")
        _refuse_bomb(png.sample_bytes, size)
        return FileFacts(wanted, size, png, png.refusal)
    return FileFacts(wanted, size, None, "Cineon file")


def disagreement(facts: FileFacts, parts: tuple[Part, ...]) -> str | None:
    """Why a file whose bytes and whose reader tell different tales is not edited."""
    if isinstance(facts.structure, ExrFile):
        same = len(parts) == len(facts.structure.parts) and all(
            set(p.planes) == {c.name for c in e.channels} and p.data_window == e.data_window
            for p, e in zip(parts, facts.structure.parts, strict=True)
        )
        return None if same else "EXR whose channels the reader names differently"
    pages = getattr(facts.structure, "pages", None)
    if pages is not None:
        same = len(parts) == len(pages) and all(
            p.data_window.shape == (t.height, t.width) and len(p.planes) == len(t.bits)
            for p, t in zip(parts, pages, strict=True)
        )
        return None if same else "TIFF whose pages the reader counts differently"
    return None


def _dpx(head: bytes, size: int) -> FileFacts:
    header = parse_header(head, size)
    _refuse_bomb(header.width * header.height * 4 * 4, size)
    return FileFacts("dpx", size, header, header.locked, header.locked is None)


def _exr(path: Path, size: int, *, header_only: bool) -> FileFacts:
    if header_only:
        parts = read_headers(path)
    else:
        structure = read_structure(path)
        parts = structure.parts
    for part in parts:
        if 16 * part.chunk_count > size:
            raise ValueError(
                f"its header wants {part.chunk_count} chunks, more than {size} bytes can hold"
            )
        if not part.deep:
            pixel = sum(SAMPLE_BYTES[c.kind] for c in part.channels)
            ratio = _DENSEST.get(part.compression, _DENSEST_OTHERS)
            _refuse_bomb(part.data_window.area * pixel, size, ratio)
    refusals = [p.refusal for p in parts if p.refusal]
    # The library cannot open subsampled channels at all, and deep samples are no picture.
    readable = not any(p.deep or any(c.sampling != (1, 1) for c in p.channels) for p in parts)
    return FileFacts(
        "openexr",
        size,
        parts if header_only else structure,
        refusals[0] if refusals else None,
        readable,
    )


def _tiff(path: Path, size: int) -> FileFacts:
    tiff = read_directories(path)
    for page in tiff.pages:
        _refuse_bomb(page.width * page.height * -(-sum(page.bits) // 8), size)
    locked = tiff.refusal
    # These come back as other samples than are stored, or other ones at each reading.
    doubtful = locked is not None and any(
        word in locked for word in ("64 bits", "JPEG", "child", "Log", "YCbCr")
    )
    return FileFacts("tiff", size, tiff, locked, not doubtful)


def _refuse_bomb(samples: int, nbytes: int, ratio: int = _DENSEST_OTHERS) -> None:
    if samples > LARGEST_PICTURE_BYTES:
        raise ValueError(
            f"its header claims {samples >> 20} MB of samples, more than a frame may have "
            f"({LARGEST_PICTURE_BYTES >> 20} MB)"
        )
    if samples > _ASKED_FROM and samples > ratio * nbytes:
        raise ValueError(
            f"its header claims {samples >> 20} MB of samples, more than {nbytes} bytes can hold"
        )
