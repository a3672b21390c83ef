"""Hostile messages: whatever a worker sends, the host neither crashes nor hangs nor gets a byte."""

import json
import os
import random
import time

import numpy as np
import pytest

from filmrestore_openfx.testhost import FAILED, OK, HostImage

# How many fields a request has beyond its word.
REQUESTS = {
    "hostprop": 3,
    "effectprop": 3,
    "param": 2,
    "params": 1,
    "clip": 1,
    "set": 2,
    "paramprop": 5,
    "out": 4,
    "abort": 0,
    "persist": 2,
    "clearpersist": 0,
    "progress": 2,
    "image": 2,
    "pixels": 2,
    "segment": 1,
    "drop": 1,
    "output": 0,
    "copy": 2,
    "write": 6,
    "action": 2,
    "ok": 1,
    "": 0,
}
NUMBERS = (
    "0 1 -1 16 64 4096 2147483647 -2147483648 4294967296 99999999999999999999 1e308 -1e308 nan inf"
    " 0x10 1.5"
)
NAMES = (
    "s i d Source Output Mask strength mode tint button OfxPropLabel OfxImagePropData"
    " OfxPropInstanceData error start update %s%n%d äö"
)
FIELDS = [*NUMBERS.split(), *NAMES.split(), "", " 1", "1 ", "x" * 500, "\\\\", "\\n"]


@pytest.fixture
def node(open_host):
    node = open_host().create()
    source = HostImage(np.full((8, 8, 4), 7, np.uint8))
    node.connect("Source", lambda _: source, first=0, last=9)
    return node


def render(node, mode):
    node.set("mode", mode)
    output = HostImage.blank_like(node.footage["Source"](1))
    began = time.monotonic()
    node.stop = lambda: time.monotonic() - began > 3  # the user gives up
    status = node.render(1, output)
    assert time.monotonic() - began < 6
    if status != OK:
        assert not output.changed()
    return status


def works_again(node):
    time.sleep(0.4)  # what the tiny worker still says after its raw bytes must have arrived
    node.stop = lambda: False
    node.set("mode", "invert")
    source = node.footage["Source"](1)
    output = HostImage.blank_like(source)
    assert node.render(1, output) == OK, node.message()
    assert np.array_equal(output.pixels(), 255 - source.pixels())


RAW = {
    "nothing but a line feed": b"\n",
    "no line feed": b"abort",
    "a line too long": b"x" * 9000,
    "a long line with its end": b"persist\terror\t" + b"x" * 8180 + b"\n",
    "zero bytes": b"\0\0\0\n",
    "a zero in a line": b"persist\terror\ta\0b\n",
    "bad escape": b"persist\terror\ta\\z\n",
    "escape at the end": b"persist\terror\ta\\\n",
    "many tabs": b"\t" * 500 + b"\n",
    "not UTF-8": b"persist\terror\t\xff\xfe\xc3\n",
    "format letters": b"persist\terror\t%s%s%n%p\n",
    "done with a word": b"done\tfine\n",
    "done with a huge number": b"done\t99999999999999\n",
    "done with nothing": b"done\n",
    "done twice": b"done\t1\ndone\t0\n",
    "a thousand requests at once": b"abort\n" * 1000,
    "requests behind done": b"done\t1\nwrite\t1\t0\t0\t0\t8\t8\n",
}


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_no_conversation(node, name):
    render(node, f'raw "{RAW[name].hex()}"')
    works_again(node)


def test_noise(node):
    rng = random.Random(0)
    for _ in range(12):
        raw = rng.randbytes(rng.randrange(1, 3000)).replace(b"\n", b" ") + b"\n"
        render(node, f'raw "{raw.hex()}"')
    works_again(node)


@pytest.mark.parametrize("seed", range(int(os.environ.get("FILMRESTORE_FUZZ_SEEDS", "12"))))
def test_random_requests_are_all_answered_or_end_the_connection(node, seed):
    """Well-formed lines of random words and values, many with the right number of fields."""
    rng = random.Random(seed)
    for _ in range(6):
        lines = []
        for _ in range(60):
            word = rng.choice(list(REQUESTS))
            number = REQUESTS[word] if rng.random() < 0.9 else rng.randrange(0, 20)
            lines.append("\t".join([word, *(rng.choice(FIELDS) for _ in range(number))]))
        lines.append(f"done\t{rng.choice(FIELDS)}")
        render(node, f'raw "{(chr(10).join(lines) + chr(10)).encode().hex()}"')
    works_again(node)


def test_limits_on_shared_memory(node):
    asked = [
        ["segment", 0], ["segment", -5], ["segment", 1 << 40], ["segment", 64],
        ["image", "Source", 1], ["pixels", 1, 0], ["pixels", 999, 0],
        ["drop", 999], ["drop", "x"],
    ]  # fmt: skip
    assert render(node, "asks " + json.dumps(asked)) == OK
    heard = [answer[0] for answer in json.loads(node.message()[1])]
    assert heard == ["bad", "bad", "bad", "ok", "ok", "bad", "bad", "bad", "bad"]


def test_a_write_must_fit_its_segment(node):
    asked = [
        ["segment", 256],
        ["write", 1, 0, 0, 0, 8, 8],
        ["write", 1, 16, 0, 0, 8, 8],
        ["write", 1, 3, 0, 0, 1, 1],
        ["write", 1, -16, 0, 0, 1, 1],
        ["write", 1, 0, 8, 8, 0, 0],
        ["write", 1, 0, -2000000, 0, 1, 1],
        ["write", 1, 0, -900000, -900000, 900000, 900000],
        ["write", 1, 9223372036854775807, 0, 0, 1, 1],
    ]
    assert render(node, "asks " + json.dumps(asked)) == FAILED  # a copy cannot follow a write
    heard = [answer[0] for answer in json.loads(node.message()[1])]
    assert heard == ["ok", "ok", *["bad"] * 7]


def test_too_many_segments_are_refused(node):
    asked = [["segment", 4096]] * 260
    assert render(node, "counts " + json.dumps(asked)) == OK
    assert json.loads(node.message()[1]) == {"ok": 256, "no": 4}


def test_a_worker_that_makes_only_mistakes_is_given_up(node):
    assert render(node, "asks " + json.dumps([["nonsense"]] * 40)) == FAILED
    works_again(node)


def test_a_flood_of_requests_can_be_aborted(node):
    began = time.monotonic()
    assert render(node, "flood") == FAILED
    assert time.monotonic() - began < 5
    works_again(node)
