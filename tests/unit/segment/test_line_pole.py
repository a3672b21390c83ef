from __future__ import annotations

import numpy as np

from filmrestore_core.color.encoding import find_encoding
from filmrestore_core.color.working import to_plate
from filmrestore_core.segment.line_scratch import find_lines
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow
from filmrestore_core.testing.scenes import code_frame, moving_scene

HEIGHT, WIDTH = 240, 256


def _window(first_row: int, last_row: int) -> AlignedWindow:
    """A wall that slides by, before it a dark line that stands from one row to another."""
    scene = moving_scene(
        range(1, 6), height=HEIGHT, width=WIDTH, velocity=(5.0, 0.0), specks=0, seed=8
    )
    plates = []
    for number, picture in scene.clean.items():
        lined = picture.copy()
        lined[first_row:last_row, 120:123] *= 0.55
        plates.append(to_plate(code_frame(number, np.clip(lined, 0, 1)), find_encoding("srgb")))
    center = plates.pop(2)
    return align(TemporalWindow(center, tuple(plates)))


def test_a_standing_line_from_edge_to_edge_is_a_scratch() -> None:
    lines = find_lines(_window(0, HEIGHT))
    assert len(lines) == 1
    assert abs(float(np.median(lines[0].columns)) - 121) < 1.5
    assert lines[0].sign == -1


def test_a_pole_that_the_camera_keeps_in_place_is_picture() -> None:
    # It begins and ends inside the picture, as no scratch along the film does.
    assert find_lines(_window(40, 190)) == []
