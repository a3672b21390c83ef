from __future__ import annotations

import zlib

import numpy as np

from filmrestore_core.media.exr_zip import chunk_body


def test_uncompressed_rows_are_channel_after_channel():
    planes = {
        "b": np.array([[1, 2], [3, 4]], np.uint32),
        "A": np.array([[1.0, 2.0], [3.0, 4.0]], np.float16),
    }
    body = chunk_body(planes, "none")
    rows = [planes["A"][i].astype("<f2").tobytes() + planes["b"][i].astype("<u4").tobytes()
            for i in range(2)]  # fmt: skip
    assert body == b"".join(rows)


def test_noise_that_does_not_shrink_is_stored_as_it_is():
    noise = np.random.default_rng(0).integers(0, 1 << 32, (1, 64), dtype=np.uint32)
    assert chunk_body({"id": noise}, "zips") == noise.tobytes()


def test_bytes_come_back():
    plane = np.linspace(0, 1, 512, dtype=np.float32).reshape(16, 32)
    packed = np.frombuffer(zlib.decompress(chunk_body({"Y": plane}, "zip")), np.uint8)
    sums = np.cumsum(packed.astype(np.int64) - np.r_[0, np.full(packed.size - 1, 128)]) % 256
    half = (sums.size + 1) // 2
    raw = np.empty(sums.size, np.uint8)
    raw[0::2], raw[1::2] = sums[:half], sums[half:]
    assert raw.tobytes() == plane.tobytes()
