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
    control = _Control(asked.control)
    try:
        from filmrestore_core import __version__
        from filmrestore_openfx.serve import Server

        server = Server()
    except Exception as error:  # the node must be able to say it
        logger.exception("the worker cannot work")
        control.say("failed", f"filmrestore cannot start: {type(error).__name__}: {error}"[:400])
        os._exit(1)
    control.say("ready", str(PROTOCOL), __version__, str(os.getpid()))
    logger.info("filmrestore %s serves host process %d", __version__, asked.host_pid)
    control.serve(server)


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

    def serve(self, server: Server) -> NoReturn:
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
