"""Lines of the wire and of the manifest: fields with escapes, and a socket that gives them."""

from __future__ import annotations

import os
import socket
from typing import BinaryIO, Protocol

from filmrestore_openfx.errors import HostGone

LONGEST_SENT = 8191
LONGEST_READ = 65_535
MOST_FIELDS = 16

_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_BACK = {"\\": "\\", "t": "\t", "n": "\n", "r": "\r"}


class WireError(HostGone):
    """The other side sent what is no line of the protocol, or is gone."""


def escape(field: str) -> str:
    """A field as it stands in a line; NUL, which no host can show, is left out."""
    for plain, written in _ESCAPES.items():
        field = field.replace(plain, written)
    return field.replace("\0", "")


def unescape(field: str) -> str:
    """The field that was written.

    Raises:
        WireError: an escape is unknown or not whole.
    """
    if "\\" not in field:
        return field
    made: list[str] = []
    letters = iter(field)
    for letter in letters:
        if letter != "\\":
            made.append(letter)
            continue
        meant = _BACK.get(next(letters, ""))
        if meant is None:
            raise WireError("A field holds an unknown escape.")
        made.append(meant)
    return "".join(made)


def join_fields(*fields: object) -> str:
    """One line, without its end; doubles keep all their digits."""
    return "\t".join(escape(repr(f) if isinstance(f, float) else str(f)) for f in fields)


def split_fields(line: str) -> list[str]:
    """The fields of a line without its end.

    Raises:
        WireError: an escape is wrong.
    """
    return [unescape(field) for field in line.split("\t")]


class Transport(Protocol):
    """Bytes to and from the shim, and descriptors from it."""

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        ...

    def receive(self) -> tuple[bytes, list[int]]:
        """Some bytes, none at the end, and the descriptors that came with them."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class SocketTransport:
    """A Unix stream socket."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        self._socket.sendall(data)

    def receive(self) -> tuple[bytes, list[int]]:
        """Some bytes, none at the end, and the descriptors that came with them."""
        data, descriptors, _, _ = socket.recv_fds(self._socket, 65_536, 4)
        return data, list(descriptors)

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


class PipeTransport:
    """A Windows named pipe; written from its description, never run there."""

    def __init__(self, name: str) -> None:
        self._pipe: BinaryIO = open(name, "r+b", buffering=0)  # noqa: SIM115 (closed by close)

    def send(self, data: bytes) -> None:
        """Send all bytes."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._pipe.write(rest) :]

    def receive(self) -> tuple[bytes, list[int]]:
        """Some bytes, none at the end; pipes carry no descriptors."""
        return self._pipe.read(65_536), []

    def close(self) -> None:
        """End the connection."""
        self._pipe.close()


class LineChannel:
    """Lines over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._descriptors: list[int] = []

    def send(self, *fields: object) -> None:
        """Send a line.

        Raises:
            WireError: the line is too long, or nobody is there.
        """
        if len(fields) > MOST_FIELDS:
            raise WireError(f"A line of {len(fields)} fields is too long.")
        line = join_fields(*fields).encode("utf-8", "replace") + b"\n"
        if len(line) > LONGEST_SENT:
            raise WireError(f"A line of {len(line)} bytes is too long.")
        try:
            self._transport.send(line)
        except OSError as error:
            raise WireError("The host's side is gone.") from error

    def read(self) -> list[str]:
        """The fields of the next line.

        Raises:
            WireError: it is no line of the protocol.
            EOFError: the other side ended.
        """
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST_READ:
                raise WireError("The host's side sent a line that is too long.")
            try:
                data, descriptors = self._transport.receive()
            except OSError as error:
                raise EOFError("The host's side is gone.") from error
            self._descriptors += descriptors
            if not data:
                raise EOFError("The host's side ended.")
            self._buffer += data
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            return split_fields(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise WireError("The host's side sent what is no text.") from error

    def descriptor(self) -> int:
        """The descriptor that came with the last line.

        Raises:
            WireError: there was none.
        """
        if not self._descriptors:
            raise WireError("A descriptor was announced and did not come.")
        return self._descriptors.pop(0)

    def close(self) -> None:
        """End the connection and close descriptors that nobody took."""
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        self._transport.close()
