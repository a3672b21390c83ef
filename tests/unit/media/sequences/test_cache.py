from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from filmrestore_core.media.cache import FrameCache


def test_a_kept_value_is_not_made_again() -> None:
    cache = FrameCache(100)
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return bytes(10)

    assert cache.get("a", make, len) is cache.get("a", make, len)
    assert len(made) == 1
    assert cache.nbytes == 10


def test_the_least_lately_used_leaves_first() -> None:
    cache = FrameCache(30)
    for key in "abc":
        cache.get(key, lambda: bytes(10), len)
    first = cache.get("a", lambda: bytes(1), len)
    cache.get("d", lambda: bytes(10), len)
    assert cache.get("a", lambda: bytes(1), len) is first
    assert len(cache.get("b", lambda: bytes(7), len)) == 7
    assert cache.nbytes <= 30


def test_what_is_larger_than_the_bound_is_given_but_not_kept() -> None:
    cache = FrameCache(5)
    assert len(cache.get("a", lambda: bytes(10), len)) == 10
    assert cache.nbytes == 0
    assert len(FrameCache(0).get("a", lambda: b"", len)) == 0
    with pytest.raises(ValueError, match="-1"):
        FrameCache(-1)


def test_threads_wait_for_the_one_that_makes_it() -> None:
    cache = FrameCache(10**6)
    made: list[int] = []

    def make() -> bytearray:
        made.append(threading.get_ident())
        time.sleep(0.05)
        return bytearray(10)

    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _: cache.get("a", make, len), range(8)))
    assert len(made) == 1
    assert all(v is values[0] for v in values)


def test_waiting_threads_get_a_value_that_is_too_large_to_keep() -> None:
    cache = FrameCache(1)
    started = threading.Barrier(2)

    def make() -> bytes:
        started.wait(5)
        time.sleep(0.02)
        return bytes(10)

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(cache.get, "a", make, len)
        started.wait(5)
        two = pool.submit(cache.get, "a", lambda: b"other", len)
        assert one.result() is two.result()


def test_a_failure_is_not_kept_and_not_passed_on() -> None:
    cache = FrameCache(100)
    failing = threading.Event()

    def fail() -> bytes:
        failing.set()
        time.sleep(0.05)
        raise OSError("mine")

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(cache.get, "a", fail, len)
        failing.wait(5)
        two = pool.submit(cache.get, "a", lambda: b"good", len)
        with pytest.raises(OSError, match="mine"):
            one.result()
        assert two.result() == b"good"


def test_making_may_ask_for_other_keys_but_not_its_own() -> None:
    cache = FrameCache(100)

    def outer() -> bytes:
        return cache.get("inner", lambda: b"in", len) + b"out"

    assert cache.get("outer", outer, len) == b"inout"
    with pytest.raises(RuntimeError, match="again"):
        cache.get("again", lambda: cache.get("again", lambda: b"", len), len)


def test_dropped_keys_are_made_again() -> None:
    cache = FrameCache(100)
    for number in range(4):
        cache.get((1, number), lambda: bytes(10), len)
    cache.drop(lambda key: key[1] < 2)
    assert cache.nbytes == 20
    assert cache.get((1, 0), lambda: b"new", len) == b"new"
    cache.clear()
    assert cache.nbytes == 0
