"""The worker's side of the wire, over real sockets, against a shim that is played in Python."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from filmrestore_core import __version__
from filmrestore_openfx.engine import Engine
from filmrestore_openfx.host_types import Missing
from filmrestore_openfx.lines import (
    LineChannel,
    SocketTransport,
    WireError,
    escape,
    join_fields,
    split_fields,
    unescape,
)
from filmrestore_openfx.segments import Segment, SegmentPool, rounded
from filmrestore_openfx.serve import Server
from filmrestore_openfx.testing import HostPicture, MemoryHost
from filmrestore_openfx.wire import WireHost, read_action

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets that carry descriptors")

Clips = dict[float, HostPicture]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
RENDER = "OfxImageEffectActionRender"


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_fields_come_back_as_they_were(fields: list[str]) -> None:
    line = join_fields(*fields)
    assert "\n" not in line
    assert split_fields(line) == fields


@given(TEXTS)
def test_unknown_escapes_are_refused(text: str) -> None:
    assert unescape(escape(text)) == text
    with pytest.raises(WireError):
        unescape(text.replace("\\", "") + "\\")
    with pytest.raises(WireError):
        unescape("\\x" + text.replace("\\", ""))


def test_actions_are_read_and_nonsense_is_refused() -> None:
    line = "action\tA\t3\thost=h=1\ttemporal=1\ttime=2.5\tscale=0.5,1\twindow=-1,0,4,5\tdraft=1"
    action = read_action(line.split("\t"))
    assert (action.name, action.instance, action.host, action.time) == ("A", 3, "h=1", 2.5)
    assert action.window == (-1, 0, 4, 5)
    assert action.draft
    assert action.temporal
    for bad in ("A", "action\tA", "action\tA\tx", "action\tA\t0\ttime=nan", "action\tA\t0\ttime=z",
                "action\tA\t0\twindow=1,2", "action\tA\t0\tscale=1"):  # fmt: skip
        with pytest.raises(WireError):
            read_action(bad.split("\t"))


class Shim:
    """Plays the shim's part of the protocol over a socket, for a host in memory."""

    def __init__(self, connection: socket.socket, segments: dict[int, memoryview]) -> None:
        self.socket = connection
        self.channel = LineChannel(SocketTransport(connection))
        self.segments = segments
        self.keys_sent: list[str] = []
        self.abort = False

    def act(self, host: MemoryHost, name: str, *extra: str) -> int:
        """Send an action and answer until it is done."""
        x1, y1, x2, y2 = host.output().target
        self.channel.send(
            "action", name, 1, "host=python", f"temporal={int(host.temporal)}",
            f"time={host.time!r}", "scale=1,1", f"window={x1},{y1},{x2},{y2}", *extra,
        )  # fmt: skip
        staged: Any = None
        while True:
            line = self.channel.read()
            if line[0] == "done":
                if staged is not None and line[1] == "0":
                    host.result = staged
                return int(line[1])
            made = self.answer(host, line)
            if made is not None:
                staged = made

    def answer(self, host: MemoryHost, line: list[str]) -> Any:
        send = self.channel.send
        match line:
            case ["params", _]:
                send("ok", len(host.values) + 1)
                for name, value in host.values.items():
                    send("value", name, "ok", value)
                send("value", "sensitivity", "no", "missing")
            case ["clip", name]:
                state = host.clip(name)
                if not state.connected:
                    send("no", "missing")
                else:
                    first, last = state.span or ("", "")
                    send("ok", 1, first, last, state.color_space, "rgba", "float", "", 1, 24)
            case ["image", clip, when]:
                facts = host.image(clip, float(when))
                if isinstance(facts, Missing):
                    send("no", facts.reason)
                else:
                    size = facts.dtype.itemsize * int(np.prod(facts.shape))
                    send("ok", facts.key, *facts.bounds, facts.depth, facts.components,
                         facts.premult, "uid", *facts.scale, "none", size, 1)  # fmt: skip
            case ["segment", size]:
                self._segment(int(size))
            case ["drop", number]:
                del self.segments[int(number)]
                send("ok")
            case ["pixels", number, "0"]:
                assert host._open is not None
                content = np.ascontiguousarray(host._open.pixels).tobytes()
                self.keys_sent.append(host._open.facts.key)
                self.segments[int(number)][: len(content)] = content
                send("ok", len(content))
            case ["output"]:
                facts_out = host.output()
                target = facts_out.target
                send("ok", *target, facts_out.depth, facts_out.components, "", *target, *target)
            case ["write", number, "0", *box]:
                assert tuple(map(int, box)) == host.output().target
                center = host.clips["Source"][host.time]
                count = center.pixels.size
                flat = np.frombuffer(self.segments[int(number)], center.pixels.dtype, count)
                send("ok")
                return flat.reshape(center.pixels.shape).copy()
            case ["copy", clip, when]:
                send("ok")
                return host.clips[clip][float(when)].pixels
            case ["abort"]:
                send("ok", int(self.abort))
            case ["persist", kind, text]:
                host.messages.append((kind, text))
                send("ok")
            case ["clearpersist"]:
                host.clear_message()
                send("ok")
            case ["out", kind, name, index, value]:
                host.answers[name, int(index)] = value
                send("ok")
            case ["set", name, value]:
                host.set_values[name] = value
                send("ok")
            case _:
                raise AssertionError(f"the worker asked {line}")
        return None

    def _segment(self, size: int) -> None:
        import mmap

        number = len(self.segments) + 1
        descriptor = os.memfd_create("test")
        os.ftruncate(descriptor, size)
        self.segments[number] = memoryview(mmap.mmap(descriptor, size))
        line = join_fields("ok", number, size).encode() + b"\n"
        socket.send_fds(self.socket, [line], [descriptor])
        os.close(descriptor)


@pytest.fixture
def server() -> Server:
    return Server(Engine(128 * 1024**2, workers=2))


@pytest.fixture
def shim(server: Server) -> Iterator[Shim]:
    ours, theirs = socket.socketpair()
    thread = server.accept(SocketTransport(theirs))
    made = Shim(ours, {})
    yield made
    made.channel.close()
    thread.join(10)
    assert not thread.is_alive()


def test_a_render_over_the_wire_is_the_render_in_memory(
    shim: Shim, source: Clips, quick: dict[str, Any]
) -> None:
    from filmrestore_openfx.effect import Effect
    from filmrestore_openfx.host_types import Action

    plain = MemoryHost({"Source": source}, quick, time=6.0)
    effect = Effect(Engine(128 * 1024**2))
    assert effect.perform(plain, Action(RENDER, time=6.0, temporal=True)) == 0
    host = MemoryHost({"Source": source}, quick, time=6.0)
    assert shim.act(host, RENDER) == 0
    assert host.result is not None
    assert plain.result is not None
    assert host.result.tobytes() == plain.result.tobytes()
    sent = len(shim.keys_sent)
    assert shim.act(host, RENDER) == 0
    assert len(shim.keys_sent) == sent, "pictures were sent twice"
    assert len(shim.segments) <= 2


def test_errors_and_aborts_over_the_wire(shim: Shim, source: Clips) -> None:
    host = MemoryHost({"Source": source}, {"modelFile": "/no/such.onnx"}, time=6.0)
    assert shim.act(host, RENDER) == 1
    # The first words are those of a worker that has yet to load its nets.
    assert [kind for kind, _ in host.messages] == ["message", "cleared", "error"]
    assert "/no/such.onnx" in host.messages[-1][1]
    assert shim.act(MemoryHost({"Source": source}, {"strength": 0.0}, time=6.0), RENDER) == 0
    assert shim.act(host, "OfxNobodyKnowsThis") == 14


def test_connections_leave_their_memory_to_the_next(
    server: Server, source: Clips, quick: dict[str, Any]
) -> None:
    segments: dict[int, memoryview] = {}
    before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
    for _ in range(12):
        ours, theirs = socket.socketpair()
        thread = server.accept(SocketTransport(theirs))
        shim = Shim(ours, segments)
        host = MemoryHost({"Source": source}, {**quick, "view": 1}, time=6.0)
        assert shim.act(host, RENDER) == 0
        shim.channel.close()
        thread.join(10)
    assert len(segments) <= 2
    if sys.platform == "linux":
        assert len(os.listdir("/proc/self/fd")) <= before + 4


LINES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"action\tOfxImageEffectActionRender\t1\ttime=1\n",
            b"action\tOfxImageEffectActionIsIdentity\t1\ttime=1\tscale=0,0\n",
            b"ok\n", b"ok\t1\n", b"ok\t99999999999\n", b"ok\t-1\nvalue\n", b"no\tmissing\n",
            b"ok\t0\nok\t1\t2\t3\t4\tfloat\trgba\t\t0\t0\t9\t9\t0\t0\t9\t9\n",
            b"ok\t0\nok\t0\t0\t9\t9\tfloat\trgba\t\t0\t0\t9\t9\t0\t0\t9\t9\n",
            b"ok\tkey\t0\t0\t1000000\t1000000\tfloat\trgba\t\tu\t1\t1\tnone\t1\t1\n",
            b"ok\tkey\t0\t0\t9\t9\tfloat\trgba\t\tu\t1\t1\tnone\t1\t1\n",
            b"ok\tkey\t9\t9\t0\t0\tfloat\trgba\t\tu\tx\t1\tnone\t1\t1\n",
            b"\\q\n", b"\n", b"\xff\xfe\n", b"bad\tno\n", b"\t\t\t\n",
        ]
    ),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_nonsense_ends_a_connection_and_nothing_else(lines: list[bytes]) -> None:
    server = Server(Engine(1 << 24, workers=1))
    ours, theirs = socket.socketpair()
    thread = server.accept(SocketTransport(theirs))
    try:
        for line in lines:
            ours.sendall(line)
    except OSError:
        pass
    ours.close()
    thread.join(20)
    assert not thread.is_alive()


def test_lines_that_are_too_long_are_not_sent_and_not_read() -> None:
    ours, theirs = socket.socketpair()
    channel = LineChannel(SocketTransport(theirs))
    with pytest.raises(WireError):
        channel.send("x" * 9000)
    with pytest.raises(WireError):
        channel.send(*range(17))

    def write() -> None:
        # The other end closes before all of it is taken.
        with contextlib.suppress(OSError):
            ours.sendall(b"y" * 200_000)

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with pytest.raises(WireError):
        channel.read()
    channel.close()
    writer.join(5)
    ours.close()


def test_segments_are_used_again_and_dropped_when_too_many(tmp_path: Any) -> None:
    pool = SegmentPool()
    segments = []
    for number in range(12):
        descriptor = os.memfd_create("x")
        os.ftruncate(descriptor, 65536)
        segments.append(Segment.from_descriptor(number, 65536, descriptor))
        pool.give_back(segments[-1])
    assert rounded(1) == 65536
    assert rounded(65537) == 131072
    assert pool.take(70_000) is None
    assert pool.superfluous() is segments[0]
    taken = pool.take(100)
    assert taken is not None
    assert taken is not segments[0]
    kept = 0
    while pool.superfluous() is not None:
        kept += 1
    assert kept == 2


@pytest.fixture
def worker() -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """The worker as the shim starts it."""
    ours, theirs = socket.socketpair()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "LD_"))}
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "filmrestore_openfx.worker", "--protocol", "1", "--package",
         __version__, "--host-pid", str(os.getpid()), "--log", os.devnull],
        stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=clean,
    )  # fmt: skip
    theirs.close()
    yield process, ours
    ours.close()
    process.kill()
    process.wait(10)
    if process.stderr is not None:
        process.stderr.close()


def test_the_process_says_ready_serves_and_dies_with_its_host(
    worker: tuple[subprocess.Popen[bytes], socket.socket], source: Clips, quick: dict[str, Any]
) -> None:
    process, control = worker
    control.settimeout(60)
    ready = control.recv(1000).decode().rstrip("\n").split("\t")
    assert ready == ["ready", "1", __version__, str(process.pid)]
    ours, theirs = socket.socketpair()
    socket.send_fds(control, [b"c"], [theirs.fileno()])
    theirs.close()
    shim = Shim(ours, {})
    host = MemoryHost({"Source": source}, {**quick, "strength": 0.0}, time=6.0)
    assert shim.act(host, RENDER) == 0
    assert host.result is not None
    assert host.result.tobytes() == source[6.0].pixels.tobytes()
    shim.channel.close()
    began = time.monotonic()
    control.close()
    assert process.wait(10) == 0
    assert time.monotonic() - began < 5


def test_wire_host_reads_values_by_their_kind() -> None:
    ours, theirs = socket.socketpair()
    from filmrestore_openfx.controls import controls

    host = WireHost(
        LineChannel(SocketTransport(theirs)),
        SegmentPool(),
        {c.name: c for c in controls() if c.holds_value},
    )
    ours.sendall(b"ok\t4\nvalue\tstrength\tok\t0.5\nvalue\tmodelFile\tok\ta\\tb\n"
                 b"value\tview\tok\tnonsense\nvalue\tseed\tno\tmissing\n")  # fmt: skip
    assert host.params(1.0) == {
        "strength": 0.5, "modelFile": "a\tb", "view": None, "seed": None,
    }  # fmt: skip
    assert ours.recv(100) == b"params\t1.0\n"
    ours.close()
    theirs.close()
