"""Box: a half-open pixel rectangle."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """A pixel rectangle; x right, y down, covering [x, x + width) x [y, y + height).

    Used for data windows, display windows, render windows, tiles and defects. May have negative
    origins; width and height are never negative.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        """Refuse negative sizes.

        Raises:
            ValueError: width or height is negative.
        """
        if self.width < 0 or self.height < 0:
            raise ValueError(f"A box of {self.width} x {self.height} pixels has a negative side.")

    @classmethod
    def of_size(cls, width: int, height: int) -> Box:
        """The box of a picture of that size with its origin at (0, 0)."""
        return cls(0, 0, width, height)

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.y + self.height

    @property
    def area(self) -> int:
        """Number of pixels."""
        return self.width * self.height

    @property
    def is_empty(self) -> bool:
        """True where the box covers no pixel."""
        return self.area == 0

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width), as numpy wants it."""
        return self.height, self.width

    def shift(self, dx: int, dy: int) -> Box:
        """The same box moved by (dx, dy) pixels."""
        return Box(self.x + dx, self.y + dy, self.width, self.height)

    def grow(self, pixels: int) -> Box:
        """The box with `pixels` added on each side (taken away where negative, down to empty)."""
        width = max(0, self.width + 2 * pixels)
        height = max(0, self.height + 2 * pixels)
        return Box(self.x - pixels, self.y - pixels, width, height)

    def intersect(self, other: Box) -> Box:
        """What both boxes cover; an empty box where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        width = min(self.right, other.right) - x
        height = min(self.bottom, other.bottom) - y
        if width <= 0 or height <= 0:
            return Box(x, y, 0, 0)
        return Box(x, y, width, height)

    def union(self, other: Box) -> Box:
        """The smallest box that covers both; an empty box adds nothing."""
        if self.is_empty:
            return other
        if other.is_empty:
            return self
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Box(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def contains(self, other: Box) -> bool:
        """True where every pixel of `other` lies in this box."""
        return self.intersect(other) == other or other.is_empty

    def slices(self, origin: Box) -> tuple[slice, slice]:
        """Index (rows, columns) of this box in an array whose pixel [0, 0] is `origin`'s corner.

        Raises:
            ValueError: this box is not inside `origin`.
        """
        if not origin.contains(self):
            raise ValueError(f"{self} does not lie inside {origin}.")
        top, left = self.y - origin.y, self.x - origin.x
        return slice(top, top + self.height), slice(left, left + self.width)
