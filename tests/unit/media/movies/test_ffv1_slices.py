import pytest

from filmrestore_core.media.ffv1_slices import slices_are_whole
from filmrestore_core.media.movie_clip import MovieClip


@pytest.fixture
def packet(maker):
    options = {"g": "1", "slices": "4", "slicecrc": "1", "level": "3"}
    with MovieClip(maker("m.mkv", "ffv1", "yuv422p10le", 1, options=options)) as clip:
        return clip.packet(0)


def test_every_changed_byte_is_seen(packet):
    assert slices_are_whole(packet)
    for at in range(0, len(packet), 7):
        changed = bytearray(packet)
        changed[at] ^= 0x10
        assert not slices_are_whole(bytes(changed)), at
    for at in range(len(packet) - 1130, len(packet)):  # the last slice, its footer included
        changed = bytearray(packet)
        changed[at] ^= 1
        assert not slices_are_whole(bytes(changed)), at


def test_a_cut_packet_is_seen(packet):
    for length in (0, 1, 7, 8, len(packet) // 2, len(packet) - 1):
        assert not slices_are_whole(packet[:length])


def test_a_movie_without_checksums_is_read_without(maker):
    options = {"g": "1", "slices": "4", "slicecrc": "0", "level": "3"}
    path = maker("m.mkv", "ffv1", "yuv422p10le", 3, options=options)
    with MovieClip(path) as clip:
        assert not slices_are_whole(clip.packet(1))
        assert maker.same(
            dict(clip.read(1).parts[0].planes), maker.picture("yuv422p10le", 48, 32, 1)
        )
