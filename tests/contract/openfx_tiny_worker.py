"""A worker of the shim's protocol with no picture logic, for tests of the shim alone.

Standard library only.
What it does in an action is told by the node's string parameter `mode`.
"""

import itertools
import json
import mmap
import os
import socket
import sys
import threading
import time

SIZES = {"byte": 1, "short": 2, "half": 2, "float": 4}
CHANNELS = {"rgba": 4, "rgb": 3, "alpha": 1}
HELD = {}  # pictures this worker holds: key -> bytes
SENT = []  # clips and times of the pictures that were sent


def escaped(field):
    text = str(field).replace("\\", "\\\\").replace("\t", "\\t")
    return text.replace("\n", "\\n").replace("\r", "\\r")


def plain(field):
    out, at = [], 0
    while at < len(field):
        if field[at] == "\\":
            out.append({"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}[field[at + 1]])
            at += 2
        else:
            out.append(field[at])
            at += 1
    return "".join(out)


class Ended(Exception):
    pass


class Link:
    """One connection."""

    def __init__(self, sock):
        self.sock, self.bytes, self.files, self.maps = sock, b"", [], {}

    def line(self):
        while b"\n" not in self.bytes:
            data, files, _, _ = socket.recv_fds(self.sock, 65536, 4)
            if not data:
                raise Ended
            self.bytes += data
            self.files += files
        line, self.bytes = self.bytes.split(b"\n", 1)
        return [plain(field) for field in line.decode().split("\t")]

    def send(self, *fields):
        try:
            self.sock.sendall(("\t".join(map(escaped, fields)) + "\n").encode())
        except OSError:
            raise Ended from None

    def ask(self, *fields):
        self.send(*fields)
        return self.line()

    def segment(self, size):
        answer = self.ask("segment", size)
        if answer[0] != "ok":
            return answer, None
        file = self.files.pop(0)
        self.maps[answer[1]] = mmap.mmap(file, int(answer[2]))
        os.close(file)
        return answer[1], self.maps[answer[1]]

    def drop(self, number):
        self.maps.pop(number).close()
        self.ask("drop", number)

    def picture(self, clip, at):
        """(answer of `image`, bytes or None)."""
        answer = self.ask("image", clip, at)
        if answer[0] != "ok":
            return answer, None
        key, size = answer[1], int(answer[13])
        if key not in HELD:
            number, memory = self.segment(size)
            self.ask("pixels", number, 0)
            if len(HELD) > 16:
                HELD.clear()
            HELD[key] = memory[:size]
            SENT.append((clip, at))
            self.drop(number)
        return answer, HELD[key]

    def write(self, content, box):
        number, memory = self.segment(max(len(content), 1))
        memory[: len(content)] = content
        answer = self.ask("write", number, 0, *box)
        self.drop(number)
        return answer


def inverted(link, at):
    """All bits of the source turned, cut to what must be filled."""
    answer, content = link.picture("Source", at)
    if content is None:
        return answer
    out = link.ask("output")
    x1, y1, x2, y2 = map(int, out[12:16])
    if x1 >= x2 or y1 >= y2:
        return out
    sx1, _, sx2, sy2 = map(int, answer[2:6])
    pixel = SIZES[answer[6]] * CHANNELS[answer[7]]
    row = pixel * (sx2 - sx1)
    flipped = bytes(content).translate(bytes(255 - i for i in range(256)))
    rows = []
    for y in range(y2 - 1, y1 - 1, -1):
        start = row * (sy2 - 1 - y) + pixel * (x1 - sx1)
        rows.append(flipped[start : start + pixel * (x2 - x1)])
    return link.write(b"".join(rows), (x1, y1, x2, y2))


def render(link, action, mode, args):
    at = action["time"]
    if mode == "invert":
        return 0 if inverted(link, at)[0] == "ok" else 1
    if mode == "copy":
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "copy-and-boxes":
        link.ask("copy", "Source", at)
        out = link.ask("output")
        pixel = SIZES[out[5]] * CHANNELS[out[6]]
        for box in args:
            link.write(b"\1" * (pixel * (box[2] - box[0]) * (box[3] - box[1])), box)
        return 0
    if mode == "times":  # asks other times, says what came, shows the source
        heard = []
        for offset in args:
            answer, content = link.picture("Source", float(at) + offset)
            heard.append(answer[1] if answer[0] != "ok" else f"{content[0]}")
        link.ask("persist", "message", json.dumps([heard, len(SENT)]))
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "values":
        count = int(link.ask("params", at)[1])
        values = [link.line()[1:] for _ in range(count)]
        single = link.ask("param", args, at) if args else []
        clip = link.ask("clip", "Source")
        link.ask("persist", "message", json.dumps([values, single, clip, action]))
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "nothing":
        return 0
    if mode == "half":
        out = link.ask("output")
        x1, y1, x2, y2 = map(int, out[12:16])
        pixel = SIZES[out[5]] * CHANNELS[out[6]]
        link.write(
            b"\1" * (pixel * (x2 - x1) * ((y2 - y1) // 2)), (x1, y1, x2, y1 + (y2 - y1) // 2)
        )
        return 0
    if mode == "crash":
        link.ask("copy", "Source", at)
        os.kill(os.getpid(), 9)
    if mode == "crash-once":
        try:
            os.close(os.open(args, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return 0 if inverted(link, at)[0] == "ok" else 1
        os.kill(os.getpid(), 9)
    if mode == "raise":
        link.ask("persist", "error", "model file not found")
        return 1
    if mode == "fail":
        return 1
    if mode == "warn":
        link.ask("persist", "warning", "no neighbours")
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "stubborn":  # never looks at anything for a long time
        time.sleep(args)
        return 0
    if mode == "patient":  # looks at abort between its steps
        end = time.monotonic() + args
        link.ask("copy", "Source", at)
        while time.monotonic() < end:
            if link.ask("abort") != ["ok", "0"]:
                return 1
            time.sleep(0.01)
        return 0
    if mode == "pid":
        environment = [k for k in os.environ if k.startswith(("PYTHON", "LD_", "DYLD"))]
        link.ask("persist", "message", json.dumps([os.getpid(), os.getppid(), environment]))
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "raw":  # hostile bytes, as they are
        link.sock.sendall(bytes.fromhex(args))
        time.sleep(0.3)
        return 0
    if mode == "asks":  # any requests; what was answered is told
        heard = [link.ask(*request) for request in args]
        link.ask("persist", "message", json.dumps(heard))
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "way-in":  # only as far as the worker has the picture
        size = int(link.ask("image", "Source", at)[13])
        if "way-in" not in HELD:
            HELD["way-in"] = link.segment(size)
        link.ask("pixels", HELD["way-in"][0], 0)
        return 1
    if mode == "timing":  # seconds of each step of the transport, memory used again
        took = [time.perf_counter()]
        answer = link.ask("image", "Source", at)
        took.append(time.perf_counter())
        size = int(answer[13])
        if "timing" not in HELD:
            HELD["timing"] = [link.segment(size), link.segment(size)]
        (source, pixels), (output, canvas) = HELD["timing"]
        took.append(time.perf_counter())
        link.ask("pixels", source, 0)
        took.append(time.perf_counter())
        canvas[:size] = memoryview(pixels)[:size]
        took.append(time.perf_counter())
        link.ask("write", output, 0, *answer[2:6])
        took.append(time.perf_counter())
        steps = [after - before for before, after in itertools.pairwise(took)]
        link.ask("persist", "message", json.dumps(steps))
        return 0
    if mode == "counts":  # only how often which kind of answer came
        heard = [link.ask(*request)[0] for request in args]
        link.ask(
            "persist",
            "message",
            json.dumps({word: heard.count(word) for word in dict.fromkeys(heard)}),
        )
        return 0 if link.ask("copy", "Source", at)[0] == "ok" else 1
    if mode == "flood":
        while True:
            link.send("abort")
            link.line()
    return 1


def other(link, name, mode, args):
    if name.endswith("GetFramesNeeded"):
        for index, value in enumerate(args if mode == "needs" else [1, 3]):
            link.ask("out", "d", "OfxImageClipPropFrameRange_Source", index, value)
        return 0
    if name.endswith("IsIdentity"):
        if mode != "copy":
            return 14
        link.ask("out", "s", "OfxPropName", 0, "Source")
        return 0
    if name.endswith("InstanceChanged"):
        heard = [link.ask(*request) for request in args] if mode == "asks" else []
        link.ask("persist", "message", json.dumps(heard))
        return 0
    return 0


def serve(sock):
    link = Link(sock)
    try:
        while True:
            line = link.line()
            action = dict(field.split("=", 1) for field in line[3:])
            answer = link.ask("param", "mode", action.get("time", "0"))
            mode, _, given = (answer[1] if answer[0] == "ok" else "").partition(" ")
            args = json.loads(given) if given else []
            if line[1].endswith("ActionRender"):
                status = render(link, action, mode, args)
            else:
                status = other(link, line[1], mode, args)
            link.send("done", status)
    except Ended:
        sock.close()


def main():
    os.closerange(3, 1024)
    package = sys.argv[sys.argv.index("--package") + 1]
    trick = os.environ.get("TINY_START", "")
    if trick == "silent":
        time.sleep(60)
    if trick == "exit":
        os._exit(3)
    if trick == "noise":
        os.write(0, b"\xff" * 4000)
    if trick == "failed":
        os.write(0, b"failed\tthe models are not there\n")
    if trick == "old":
        package = "0.0.9"
    control = socket.socket(fileno=os.dup(0))
    control.sendall(f"ready\t1\t{package}\t{os.getpid()}\n".encode())
    while True:
        data, files, _, _ = socket.recv_fds(control, 1, 1)
        if not data:
            os._exit(0)
        for file in files:
            threading.Thread(target=serve, args=(socket.socket(fileno=file),), daemon=True).start()


main()
