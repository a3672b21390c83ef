"""Gauge and FilmFrame: how large a pixel is on the film."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Gauge(StrEnum):
    """Width of the film; dust has the same size on all, so it looks larger on narrow film."""

    MM35 = "35mm"
    MM16 = "16mm"
    SUPER8 = "super8"
    MM8 = "8mm"

    @property
    def picture_um(self) -> float:
        """Width of the picture on the film, micron (academy; camera apertures)."""
        return {"35mm": 21950.0, "16mm": 10260.0, "super8": 5790.0, "8mm": 4800.0}[self.value]


@dataclass(frozen=True, slots=True)
class FilmFrame:
    """Size of a picture in pixels and on the film.

    Attributes:
        width: px.
        height: px.
        um_per_px: side of a pixel on the film, micron.
    """

    width: int
    height: int
    um_per_px: float

    @classmethod
    def of(cls, gauge: Gauge, width: int, height: int) -> FilmFrame:
        """A picture that fills the width of its gauge."""
        return cls(width, height, gauge.picture_um / width)

    def px(self, micron: float) -> float:
        """A length on the film in pixels."""
        return micron / self.um_per_px
