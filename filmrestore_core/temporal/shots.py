"""The shot around a frame: found from a bounded neighbourhood, or given."""

from __future__ import annotations

import bisect
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from filmrestore_core.errors import SettingsError
from filmrestore_core.plate import PlateSource
from filmrestore_core.temporal.cuts import CutPicture, cut_picture, cut_score

# A boundary between two frames is judged by one more frame on each side.
CUT_REACH = 1

_KEPT = 64

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shots:
    """A shot list.

    Attributes:
        starts: first frame of each shot, ascending.
    """

    starts: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse a list that is not ascending.

        Raises:
            SettingsError: it is not.
        """
        if any(b <= a for a, b in zip(self.starts, self.starts[1:], strict=False)):
            raise SettingsError("A shot list must name each shot's first frame in rising order.")

    def bounds(self, number: int, radius: int) -> tuple[int, int]:
        """First and last frame of the shot around a frame, at most `radius` away."""
        first, last = number - radius, number + radius
        index = bisect.bisect_right(self.starts, number)
        if index > 0:
            first = max(first, self.starts[index - 1])
        if index < len(self.starts):
            last = min(last, self.starts[index] - 1)
        return first, last


class ShotFinder:
    """Finds where the shot around a frame begins and ends.

    The answer for a frame depends on the plates at most radius + CUT_REACH away, never on what was
    asked before. Missing frames end no shot: the frames beside the gap are compared.
    """

    def __init__(
        self,
        plates: PlateSource,
        *,
        threshold: float | None = 0.5,
        given: Shots | None = None,
        size_of: Callable[[int], Hashable] | None = None,
    ) -> None:
        """Look for shots in plates.

        Args:
            plates: gives plates by number.
            threshold: a score above it is a cut; None looks for none.
            given: a shot list; nothing is looked for then.
            size_of: what must be equal within a shot besides the picture: the display window. None
                for the plate's own size.
        """
        self._plates = plates
        self._threshold = threshold
        self._given = given
        self._size_of = size_of
        self._pictures: _Latest[CutPicture | None] = _Latest()
        self._scores: _Latest[float] = _Latest()

    def shot_bounds(self, number: int, radius: int) -> tuple[int, int]:
        """First and last frame that belong to the shot of `number`, at most `radius` away.

        Both lie in [number - radius, number + radius]; frames between may be missing.
        """
        first, last = number - radius, number + radius
        if self._given is not None:
            first, last = self._given.bounds(number, radius)
        for step, end in ((-1, first), (1, last)):
            here = number
            for there in range(number + step, end + step, step):
                if self._picture(there) is None:
                    continue
                if self._is_cut(min(here, there), max(here, there)):
                    # What lies between the two is missing, hence of no shot.
                    first, last = (here, last) if step < 0 else (first, here)
                    break
                here = there
        return first, last

    def _is_cut(self, a: int, b: int) -> bool:
        """True where a new shot begins between two frames with none between them."""
        one, two = self._picture(a), self._picture(b)
        if one is None or two is None:
            return False
        if self._size(a, one) != self._size(b, two):
            return True
        if self._threshold is None or self._given is not None:
            return False
        if one.box != two.box:
            return self._moved_window_cut(a, b)
        sides = [p if p is not None and p.box == one.box else None for p in self._context(a, b)]
        # The windows of several frames ask about the same boundary.
        score = self._scores.get(
            (a, b), lambda: cut_score(one, two, before=sides[0], after=sides[1])
        )
        return score > self._threshold

    def _context(self, a: int, b: int) -> tuple[CutPicture | None, CutPicture | None]:
        return self._picture(a - CUT_REACH), self._picture(b + CUT_REACH)

    def _moved_window_cut(self, a: int, b: int) -> bool:
        """The same question for data windows that differ: on what both show."""
        one, two = self._plates.plate(a), self._plates.plate(b)
        if one is None or two is None or self._threshold is None:
            return False
        shared = one.box.intersect(two.box)
        if shared.width < 16 or shared.height < 16:
            return True
        pictures = cut_picture(one, shared), cut_picture(two, shared)
        return cut_score(*pictures) > self._threshold

    def _size(self, number: int, picture: CutPicture) -> Hashable:
        return picture.box.shape if self._size_of is None else self._size_of(number)

    def _picture(self, number: int) -> CutPicture | None:
        def make() -> CutPicture | None:
            plate = self._plates.plate(number)
            return None if plate is None else cut_picture(plate)

        return self._pictures.get(number, make)


class _Latest(Generic[T]):
    """What was made lately, by key; thread-safe."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        value = make()
        with self._lock:
            self._made[key] = value
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return value
