"""Joining Mach-O files of several processors into one universal file."""

from __future__ import annotations

import struct
from typing import Final

_FAT_MAGIC: Final = 0xCAFEBABE
_THIN_MAGIC: Final = 0xFEEDFACF
_ALIGN_BITS: Final = 14  # 16 KiB pages on arm64


def join_universal(slices: list[bytes]) -> bytes:
    """A universal Mach-O file of thin 64-bit ones, in their order.

    The layout is Apple's ``fat_header`` and ``fat_arch`` (mach-o/fat.h): big-endian, each slice
    at a multiple of its alignment.

    Raises:
        ValueError: when a slice is no thin little-endian 64-bit Mach-O file.
    """
    offset = 1 << _ALIGN_BITS
    head = struct.pack(">II", _FAT_MAGIC, len(slices))
    body = bytearray()
    for content in slices:
        magic, cpu, subtype = struct.unpack_from("<III", content)
        if magic != _THIN_MAGIC:
            raise ValueError(f"a slice starts with {magic:#x}, a thin Mach-O with {_THIN_MAGIC:#x}")
        start = offset + len(body)
        head += struct.pack(">IIIII", cpu, subtype, start, len(content), _ALIGN_BITS)
        body += content
        body += bytes(-len(body) % (1 << _ALIGN_BITS))
    return head.ljust(offset, b"\0") + bytes(body)
