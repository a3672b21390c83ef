"""While this lasts nothing can be fetched: no connection leaves the process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

# Hugging Face's libraries look no further than the disk, and torch reads no pickled code.
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1",
}


@contextmanager
def offline() -> Iterator[None]:
    """Refuse every connection and name look-up of this process with ConnectionError."""
    kept = {name: os.environ.get(name) for name in _ENVIRONMENT}
    # A name look-up alone would tell someone that we are here.
    doors: list[tuple[Any, str]] = [
        (socket.socket, "connect"),
        (socket.socket, "connect_ex"),
        (socket, "getaddrinfo"),
    ]
    was = [getattr(owner, name) for owner, name in doors]
    os.environ.update(_ENVIRONMENT)
    for owner, name in doors:
        setattr(owner, name, _refuse)
    try:
        yield
    finally:
        for (owner, name), before in zip(doors, was, strict=True):
            setattr(owner, name, before)
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise ConnectionError("Nothing is fetched from a network here.")
