"""FrameCache: what was read or made, kept up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class _Flight:
    """A value that a thread is making."""

    def __init__(self) -> None:
        self.maker = threading.get_ident()
        self.ended = threading.Event()
        self.value: Any = None
        self.made = False


class FrameCache:
    """Values by key, the least lately used leave first; thread-safe.

    A value is made by one thread at a time; others that ask for it meanwhile wait and get the same
    object. It changes time, never a result: what is asked for is made anew when it has left. A
    failure is not kept: who waited tries again, as another caller's reason to stop is not theirs.
    """

    def __init__(self, most_bytes: int) -> None:
        """Make an empty cache.

        Args:
            most_bytes: bound of the sizes of all kept values; 0 keeps nothing.

        Raises:
            ValueError: the bound is negative.
        """
        if most_bytes < 0:
            raise ValueError(f"A cache cannot hold {most_bytes} bytes.")
        self._most = most_bytes
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._flights: dict[Hashable, _Flight] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    @property
    def nbytes(self) -> int:
        """Bytes of the values that are kept now; never more than the bound."""
        return self._bytes

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """The value of a key, made where it is not kept.

        Args:
            key: equal keys must stand for equal values.
            make: makes the value; may ask the cache for other keys, not for its own.
            size: bytes of the value.

        Raises:
            RuntimeError: `make` asked for its own key.
            Exception: whatever `make` raised.
        """
        while True:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return cast(T, self._kept[key][0])
                flight = self._flights.get(key)
                mine = flight is None
                if flight is None:
                    flight = self._flights[key] = _Flight()
            if mine:
                return self._make(key, flight, make, size)
            if flight.maker == threading.get_ident():
                raise RuntimeError(f"Making {key!r} asks for {key!r}.")
            flight.ended.wait()
            if flight.made:
                return cast(T, flight.value)

    def drop(self, unwanted: Callable[[Any], bool]) -> None:
        """Forget the values whose keys `unwanted` says True of."""
        with self._lock:
            for key in [k for k in self._kept if unwanted(k)]:
                self._bytes -= self._kept.pop(key)[1]

    def clear(self) -> None:
        """Forget all values."""
        self.drop(lambda key: True)

    def _make(
        self, key: Hashable, flight: _Flight, make: Callable[[], T], size: Callable[[T], int]
    ) -> T:
        try:
            value = make()
            nbytes = size(value)
            flight.value, flight.made = value, True
        finally:
            with self._lock:
                del self._flights[key]
                if flight.made:
                    self._keep(key, value, nbytes)
            flight.ended.set()
        return value

    def _keep(self, key: Hashable, value: object, nbytes: int) -> None:
        if nbytes > self._most:
            return
        self._kept[key] = (value, nbytes)
        self._bytes += nbytes
        while self._bytes > self._most:
            _, (_, old) = self._kept.popitem(last=False)
            self._bytes -= old
