"""Colour tags of movies: the numbers of ITU-T H.273 and the names ffmpeg gives them.

A number that has no name here is written "reserved" and still carried over as its number.
"""

from __future__ import annotations

from dataclasses import dataclass

UNSPECIFIED = "unspecified"

RANGES = {0: UNSPECIFIED, 1: "tv", 2: "pc"}

# H.273 table 4, MatrixCoefficients.
MATRICES = {
    0: "gbr",
    1: "bt709",
    2: UNSPECIFIED,
    4: "fcc",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "ycgco",
    9: "bt2020nc",
    10: "bt2020c",
    11: "smpte2085",
    12: "chroma-derived-nc",
    13: "chroma-derived-c",
    14: "ictcp",
    15: "ipt-c2",
    16: "ycgco-re",
    17: "ycgco-ro",
}

# H.273 table 2, ColourPrimaries.
PRIMARIES = {
    1: "bt709",
    2: UNSPECIFIED,
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "film",
    9: "bt2020",
    10: "smpte428",
    11: "smpte431",
    12: "smpte432",
    22: "ebu3213",
}

# H.273 table 3, TransferCharacteristics.
TRANSFERS = {
    1: "bt709",
    2: UNSPECIFIED,
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    8: "linear",
    9: "log100",
    10: "log316",
    11: "iec61966-2-4",
    12: "bt1361e",
    13: "iec61966-2-1",
    14: "bt2020-10",
    15: "bt2020-12",
    16: "smpte2084",
    17: "smpte428",
    18: "arib-std-b67",
}


@dataclass(frozen=True, slots=True)
class ColorTags:
    """The four tags of a movie's picture, as the file has them; 2 (0 for range) is unspecified."""

    matrix: int = 2
    range: int = 0
    primaries: int = 2
    transfer: int = 2

    def attributes(self) -> dict[str, str]:
        """The tags by name, as a Part carries them."""
        return {
            "movie:matrix": MATRICES.get(self.matrix, "reserved"),
            "movie:range": RANGES.get(self.range, "reserved"),
            "movie:primaries": PRIMARIES.get(self.primaries, "reserved"),
            "movie:transfer": TRANSFERS.get(self.transfer, "reserved"),
        }
