"""The Python process behind the node: one for a host process, started by the shim.

`python -I -m filmrestore_openfx.worker --protocol 1 --package VERSION --host-pid PID --log PATH`;
PROTOCOL.md says what goes over descriptor 0. Whatever happens, it dies with its host.
"""

from __future__ import annotations

import argparse
import faulthandler
import logging
import os
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from filmrestore_openfx.lines import Transport
    from filmrestore_openfx.serve import Server

PROTOCOL = 1

_LOOK_SECONDS = 2.0

logger = logging.getLogger("filmrestore_openfx.worker")


def main() -> NoReturn:
    """Serve until the host is gone."""
    if sys.platform != "win32":
        os.closerange(3, 65_536)
    asked = _arguments()
    faulthandler.enable()
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format=f"%(asctime)s [{os.getpid()}] %(levelname)s %(message)s",
    )
    if asked.host_pid and sys.platform != "win32":
        threading.Thread(target=_watch, args=(asked.host_pid,), daemon=True).start()
    from filmrestore_core import __version__

    control = _Control(asked.control)
    control.say("ready", str(PROTOCOL), __version__, str(os.getpid()))
    logger.info("filmrestore %s serves host process %d", __version__, asked.host_pid)
    late = _LateServer()
    # Libraries may come over a slow network, longer than a host waits for "ready".
    threading.Thread(target=late.prepare, daemon=True).start()
    control.serve(late)


class _LateServer:
    """The server, imported once; where it cannot be, every action is told so."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._server: Server | None = None
        self._fault = ""

    def prepare(self) -> Server | None:
        """The server, or None where it cannot work here."""
        with self._lock:
            if self._server is None and not self._fault:
                try:
                    from filmrestore_openfx.serve import Server

                    self._server = Server()
                except Exception as error:  # the node must be able to say it
                    logger.exception("the worker cannot work")
                    self._fault = f"filmrestore cannot start: {type(error).__name__}: {error}"
            return self._server

    def accept(self, transport: Transport) -> None:
        """Serve a connection on a thread of its own."""
        threading.Thread(target=self._serve, args=(transport,), daemon=True).start()

    def _serve(self, transport: Transport) -> None:
        server = self.prepare()
        if server is None:
            refuse(transport, self._fault)
        else:
            server.serve(transport)


def refuse(transport: Transport, fault: str) -> None:
    """Answer every action of a connection with a message on the node."""
    from filmrestore_openfx.lines import LineChannel, WireError

    channel = LineChannel(transport)
    try:
        while True:
            action = channel.read()
            if len(action) > 1 and action[1].endswith("Render"):
                channel.send("persist", "error", fault[:400])
                channel.read()
            channel.send("done", 1)
    except (EOFError, WireError):
        channel.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="filmrestore_openfx.worker", description=__doc__)
    parser.add_argument("--protocol", type=int, default=PROTOCOL)
    parser.add_argument("--package", default="")
    parser.add_argument("--host-pid", type=int, default=0)
    parser.add_argument("--log", default="")
    parser.add_argument("--control", default="", help="Windows: name of the control pipe.")
    return parser.parse_args()


def _watch(host: int) -> None:
    """End when the host did, should the control channel not tell."""
    while os.getppid() == host:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


class _Control:
    """The control channel: says ready, hands over connections, ends with the host."""

    def __init__(self, pipe: str) -> None:
        from filmrestore_openfx.lines import PipeTransport

        self._pipe = PipeTransport(pipe) if pipe else None
        self._socket = None if pipe else socket.socket(fileno=os.dup(0))

    def say(self, *fields: str) -> None:
        """Send one line; a host that is gone is noticed later."""
        from filmrestore_openfx.lines import join_fields

        data = (join_fields(*fields) + "\n").encode("utf-8", "replace")
        try:
            if self._pipe is not None:
                self._pipe.send(data)
            elif self._socket is not None:
                self._socket.sendall(data)
        except OSError:
            os._exit(0)

    def serve(self, server: _LateServer) -> NoReturn:
        """Hand over connections until the channel ends, then end at once."""
        from filmrestore_openfx.lines import PipeTransport, SocketTransport

        try:
            if self._pipe is not None:
                lines = b""
                while data := self._pipe.receive()[0]:
                    lines += data
                    while b"\n" in lines:
                        line, _, lines = lines.partition(b"\n")
                        word, _, name = line.decode("utf-8", "replace").partition("\t")
                        if word == "connect":
                            server.accept(PipeTransport(name.strip()))
            while self._socket is not None:
                data, descriptors, _, _ = socket.recv_fds(self._socket, 1, 1)
                if not data:
                    break
                for descriptor in descriptors:
                    server.accept(SocketTransport(socket.socket(fileno=descriptor)))
        except OSError:
            pass
        os._exit(0)


if __name__ == "__main__":
    main()
