from __future__ import annotations

import errno

import pytest

from filmrestore_core.errors import LockedFrameError, UnreadableFrameError, UnwritableFrameError
from filmrestore_core.media.frame_errors import reading, writing


def test_reading_names_frame_file_and_reason(tmp_path):
    path = tmp_path / "a.exr"
    with pytest.raises(UnreadableFrameError) as error, reading(path, 3):
        raise ValueError("it is broken.")
    assert str(error.value) == f"Frame 3 cannot be read from {path}: it is broken."
    with pytest.raises(UnreadableFrameError, match="The image cannot be read"), reading(path, None):
        raise OSError(errno.EACCES, "Permission denied")
    with pytest.raises(UnreadableFrameError, match="not enough memory"), reading(path, 3):
        raise MemoryError


def test_text_that_is_no_text_can_still_be_printed(tmp_path):
    with pytest.raises(UnreadableFrameError) as error, reading(tmp_path / "a", 3):
        raise ValueError("name \udcff")
    str(error.value).encode()


def test_writing_removes_what_it_began(tmp_path):
    path = tmp_path / "a.exr"
    for fault, wanted in (
        (OSError(errno.ENOSPC, "No space left on device"), UnwritableFrameError),
        (LockedFrameError("no"), LockedFrameError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ):
        path.write_bytes(b"half")
        with pytest.raises(wanted), writing(path, 3):
            raise fault
        assert not path.exists()


def test_a_programming_fault_is_not_dressed_up(tmp_path):
    with pytest.raises(AttributeError), reading(tmp_path / "a", 3):
        raise AttributeError("ours")
