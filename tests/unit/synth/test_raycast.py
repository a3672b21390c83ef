import numpy as np
import pytest

from filmrestore_core.synth.demo.raycast import Block, Camera, Capsule, Light, render

UP = Light((0.0, 1.0, 0.0), sun=1.0, sky=0.0, haze=0.0)
AHEAD = Camera((0.0, 1.0, 0.0), 0.0, 0.0, np.pi / 2)


def white(surface):
    return np.ones(len(surface.points), np.float32)


def black_sky(ways):
    return np.zeros(len(ways), np.float32)


def picture(things, light=UP, camera=AHEAD, side=64):
    return render(camera, things, black_sky, light, width=side, height=side, shift=(0, 0))


def test_a_block_is_where_it_should_be():
    # At z = 10 a quarter turn sees 20 m over 64 px: 2 m are 6.4 px around the middle.
    light = Light((0.0, 0.0, -1.0), sun=1.0, sky=0.0, haze=0.0)
    seen = picture([Block((-1, 0, 10), (1, 2, 12), white)], light) > 0.5
    rows, columns = np.nonzero(seen)
    assert (rows.min(), rows.max()) == (29, 34)
    assert (columns.min(), columns.max()) == (29, 34)


def test_nearer_things_hide_farther_ones():
    def grey(surface):
        return np.full(len(surface.points), 0.25, np.float32)

    light = Light((0.0, 0.0, -1.0), sun=1.0, sky=0.0, haze=0.0)
    far, near = Block((-9, -9, 20), (9, 9, 21), white), Block((-1, 0, 5), (1, 2, 6), grey)
    for order in ([far, near], [near, far]):
        seen = picture(order, light)
        assert seen[32, 32] == pytest.approx(0.25, abs=0.01)
        assert seen[32, 20] == pytest.approx(1, abs=0.01)


def test_a_ball_is_round_and_shaded_by_its_normal():
    seen = picture([Capsule((0, 1, 8), (0, 1, 8), 2.0, white)])
    lit = seen > 0
    assert lit[:32].sum() > 0.9 * np.pi * 8.26**2 / 2  # 2 m at 8 m, seen a little larger
    assert lit[33:].sum() == 0
    assert seen[26, 32] > seen[30, 32]


def test_a_roof_casts_its_shadow():
    floor = Block((-20, -1, 0.5), (20, 0, 40), white)
    roof = Block((-1, 4, 9), (1, 4.2, 11), white)
    open_floor, shaded = picture([floor]), picture([floor, roof])
    # The floor at z = 10 lies 1 m below the eye: 3.2 px below the middle.
    assert open_floor[35, 32] == pytest.approx(1, abs=1e-3)
    assert shaded[35, 32] == 0
    assert shaded[35, 48] == pytest.approx(1, abs=1e-3)


def test_a_camera_that_turns_right_sees_things_move_left():
    light = Light((0.0, 0.0, -1.0), sun=1.0, sky=0.0, haze=0.0)
    post = [Block((-0.2, 0, 10), (0.2, 3, 10.4), white)]
    columns = [
        np.nonzero(picture(post, light, Camera((0.0, 1.0, 0.0), pan, 0.0, np.pi / 2)) > 0)[1].mean()
        for pan in (-0.1, 0.0, 0.1)
    ]
    assert columns[0] > columns[1] + 2 > columns[2] + 4


def test_what_lies_behind_is_not_seen():
    assert picture([Block((-1, 0, -12), (1, 2, -10), white)]).max() == 0
