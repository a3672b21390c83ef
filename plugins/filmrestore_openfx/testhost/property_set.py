"""A property set of the host, as Python reads and writes it."""

from __future__ import annotations

import ctypes
from ctypes import byref, c_double, c_int, create_string_buffer
from types import TracebackType
from typing import Self

from filmrestore_openfx.testhost.library import TEXT_ROOM

Value = int | float | str


class PropertySet:
    """One set; as a context manager it is freed at the end."""

    def __init__(self, library: ctypes.CDLL, handle: int | None = None) -> None:
        self._library = library
        self.handle: int = library.th_props_new() if handle is None else handle

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._library.th_props_free(self.handle)

    def set(self, name: str, *values: Value) -> None:
        """Sets all values; their Python type is the property's: int, float or str."""
        for index, value in enumerate(values):
            key = name.encode()
            if isinstance(value, str):
                self._library.th_set_string(self.handle, key, index, value.encode())
            elif isinstance(value, float):
                self._library.th_set_double(self.handle, key, index, value)
            else:
                self._library.th_set_int(self.handle, key, index, value)

    def get(self, name: str) -> list[Value]:
        """All values; an empty list when the property was never set."""
        values: list[Value] = []
        integer, real, text = c_int(), c_double(), create_string_buffer(65536)
        for index in range(1000):
            kind = self._library.th_get(
                self.handle, name.encode(), index, byref(integer), byref(real), text, len(text)
            )
            if kind == 0:
                break
            if kind == ord("s"):
                values.append(text.value.decode())
            elif kind == ord("d"):
                values.append(real.value)
            elif kind == ord("i"):
                values.append(integer.value)
        return values

    def all(self) -> dict[str, tuple[str, list[Value]]]:
        """Every property: name to type letter (s, i, d, p) and values, in order of setting."""
        found: dict[str, tuple[str, list[Value]]] = {}
        line = create_string_buffer(TEXT_ROOM)
        place = 0
        while self._library.th_prop_at(self.handle, place, line, len(line)):
            name, kind, _ = line.value.decode().split("\t")
            found[name] = (kind, self.get(name))
            place += 1
        return found
