"""Server: a thread for each connection, one effect for all of them."""

from __future__ import annotations

import logging
import threading

from filmrestore_openfx.controls import controls
from filmrestore_openfx.effect import Effect
from filmrestore_openfx.engine import Engine
from filmrestore_openfx.errors import HostGone
from filmrestore_openfx.host_types import FAILED
from filmrestore_openfx.lines import LineChannel, Transport, WireError
from filmrestore_openfx.segments import SegmentPool
from filmrestore_openfx.wire import WireHost, read_action

logger = logging.getLogger(__name__)


class Server:
    """Answers the shim's actions."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._effect = Effect(engine or Engine())
        self._pool = SegmentPool()
        self._controls = {c.name: c for c in controls() if c.holds_value}

    def accept(self, transport: Transport) -> threading.Thread:
        """Serve a connection on a thread of its own."""
        thread = threading.Thread(target=self.serve, args=(transport,), daemon=True)
        thread.start()
        return thread

    def serve(self, transport: Transport) -> None:
        """Answer actions until the connection ends; nothing of it stays."""
        channel = LineChannel(transport)
        host = WireHost(channel, self._pool, self._controls)
        try:
            while True:
                action = read_action(channel.read())
                channel.send("done", self._effect.perform(host, action))
        except WireError as error:
            logger.error("a connection ended: %s", error)
        except (EOFError, HostGone):
            pass
        except Exception:  # one connection's fault must not end the others
            logger.exception("a connection ended; status %d", FAILED)
        finally:
            host.close()
            channel.close()
