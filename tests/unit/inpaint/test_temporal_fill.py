"""What neighbours lend: who may, how well it fits, and that their grain stays behind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from filmrestore_core.inpaint.holes import holes_of
from filmrestore_core.inpaint.lender import Lender, loans_for
from filmrestore_core.inpaint.spatial_fill import SpatialFill
from filmrestore_core.inpaint.temporal_fill import TemporalFill
from filmrestore_core.inpaint.two_motions import disagreement
from filmrestore_core.matte import Matte
from filmrestore_core.plate import Plate
from filmrestore_core.temporal.warp import warp_field
from filmrestore_core.temporal.window import AlignedNeighbor, AlignedWindow, TemporalWindow
from filmrestore_core.testing.windows import known_window

ROWS, COLUMNS = np.ogrid[:96, :128]


def disc(y, x, radius):
    return (ROWS - y) ** 2 + (COLUMNS - x) ** 2 <= radius**2


HOLE = disc(48, 60, 9)


def error(fill, known, where=HOLE):
    return float(np.sqrt(np.square(fill.pixels - known.clean)[where].mean()))


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_closer_to_the_truth_than_one_frames_grain(channels):
    known = known_window(holes={100: HOLE}, channels=channels, grain=0.02)
    fill = TemporalFill().inpaint(known.aligned, known.mattes)
    assert fill.filled[HOLE].all()
    # The truth itself is 0.02 away from the clean picture; four frames and denoising halve that.
    assert error(fill, known) < 0.010


def test_it_beats_the_surroundings_in_a_textured_hole():
    known = known_window(holes={100: HOLE})
    temporal = TemporalFill().inpaint(known.aligned, known.mattes)
    spatial = SpatialFill().inpaint(known.aligned, known.mattes)
    assert error(temporal, known) < 0.5 * error(spatial, known)


def test_a_neighbour_without_a_matte_lends_nothing():
    known = known_window(holes={100: HOLE})
    fill = TemporalFill().inpaint(known.aligned, {100: known.mattes[100]})
    assert not fill.filled.any()


def test_damage_of_neighbours_is_not_lent():
    # The hole's place is covered by damage of 1.5 on all neighbours but 98 and 99.
    covered = np.ones((96, 128), bool)
    covered[:8] = False
    known = known_window(holes={100: HOLE, 101: covered, 102: covered})
    fill = TemporalFill().inpaint(known.aligned, known.mattes)
    assert fill.filled[HOLE].all()
    assert error(fill, known) < 0.015


def test_neighbours_that_disagree_lend_nothing():
    known = known_window(holes={100: HOLE}, radius=1)
    liar = known.aligned.window.neighbors[1]
    # Leveling by the ring cannot explain a difference that is in the hole alone.
    pixels = (liar.pixels + 0.2 * HOLE[..., None]).astype(np.float32)
    plate = type(liar)(liar.number, pixels, liar.box, liar.finite)
    window = type(known.aligned.window)(
        known.aligned.window.center, (known.aligned.window.neighbors[0], plate)
    )
    aligned = type(known.aligned)(window, known.aligned.neighbors)
    fill = TemporalFill().inpaint(aligned, known.mattes)
    inner = disc(48, 60, 5)
    assert not fill.filled[inner].any()


def test_untrusted_motion_lends_nothing():
    known = known_window(holes={100: HOLE})
    neighbors = tuple(
        type(n)(n.number, n.offset, n.pixels, np.zeros_like(n.validity), n.flow)
        for n in known.aligned.neighbors
    )
    aligned = type(known.aligned)(known.aligned.window, neighbors)
    assert not TemporalFill().inpaint(aligned, known.mattes).filled.any()


def test_motion_spoiled_by_the_damage_is_replaced():
    known = known_window(holes={100: HOLE}, velocity=(3.0, 1.0))
    near = disc(48, 60, 12)
    neighbors = []
    for n in known.aligned.neighbors:
        flow = n.flow.copy()
        flow[near] = -4.0 * np.sign(n.offset)
        neighbors.append(type(n)(n.number, n.offset, n.pixels, n.validity, flow))
    aligned = type(known.aligned)(known.aligned.window, tuple(neighbors))
    fill = TemporalFill().inpaint(aligned, known.mattes)
    assert fill.filled[HOLE].all()
    assert error(fill, known) < 0.012


def test_flicker_of_the_neighbours_is_taken_out():
    known = known_window(holes={100: HOLE}, gain=0.05)
    fill = TemporalFill().inpaint(known.aligned, known.mattes)
    assert fill.filled[HOLE].all()
    assert abs(float((fill.pixels - known.clean)[HOLE].mean())) < 0.005


def test_the_rim_has_no_step():
    known = known_window(holes={100: HOLE}, gain=0.03, grain=0.01)
    fill = TemporalFill().inpaint(known.aligned, known.mattes)
    rim = HOLE & ~disc(48, 60, 7)
    # Over some 120 rim pixels the grain of the ring itself averages to about 0.002.
    assert abs(float((fill.pixels - known.truth)[rim].mean())) < 0.005


def test_the_neighbours_grain_stays_behind():
    known = known_window(holes={100: disc(48, 64, 20)}, texture=0.0, velocity=(0.0, 0.0))
    fill = TemporalFill().inpaint(known.aligned, known.mattes)
    left = (fill.pixels - known.clean)[disc(48, 64, 18)]
    assert left.std() < 0.25 * 0.02
    assert not fill.grain_kept.any()


def test_holes_at_the_pictures_border_are_filled():
    corner = disc(0, 0, 5) | disc(95, 127, 5) | disc(48, 127, 3)
    known = known_window(holes={100: corner}, velocity=(0.4, 0.2))
    fill = TemporalFill().inpaint(known.aligned, known.mattes)
    assert fill.filled[corner].mean() > 0.5
    assert error(fill, known, fill.filled) < 0.02


def limb_window():
    """A bright textured limb that runs over a standing picture; the hole covers most of it."""
    background = known_window(velocity=(0.0, 0.0), grain=0.004)
    weave = np.random.default_rng(3).random((96, 128)).astype(np.float32)
    limb = 0.75 + 0.25 * (weave[::1] - 0.5)
    step = 9
    plates, flows = {}, {}
    center = background.aligned.window.center
    for plate in (center, *background.aligned.window.neighbors):
        k = plate.number - 100
        x = 50 + step * k
        pixels = plate.pixels.copy()
        pixels[38:58, x : x + 20, 0] = limb[38:58, 50:70]
        plates[plate.number] = pixels
        flow = np.zeros((96, 128, 2), np.float32)
        flow[38:58, 50:70, 0] = step * k
        flows[plate.number] = flow
    clean = plates[100].copy()
    hole = np.zeros((96, 128), bool)
    hole[36:60, 48:72] = True
    plates[100] = np.where(hole[..., None], np.float32(1.5), plates[100])
    made = {n: Plate(n, pixels, center.box, center.finite) for n, pixels in plates.items()}
    window = TemporalWindow(made[100], tuple(made[n] for n in sorted(made) if n != 100))
    aligned = tuple(
        AlignedNeighbor(
            n, n - 100, warp_field(plates[n], flows[n]), np.ones((96, 128), np.float32), flows[n]
        )
        for n in sorted(made)
        if n != 100
    )
    nothing = np.zeros((96, 128))
    mattes = {
        n: Matte(
            n,
            (hole if n == 100 else nothing).astype(np.float32),
            np.zeros((96, 128), np.uint8),
            center.box,
        )
        for n in made
    }
    return AlignedWindow(window, aligned), mattes, clean


def test_a_limb_that_runs_under_the_hole_is_followed(monkeypatch):
    """What is found under a hole is taken where what lies around it leads neighbours apart."""
    window, mattes, clean = limb_window()

    def miss():
        fill = TemporalFill().inpaint(window, mattes)
        return float(np.abs(fill.pixels - clean)[40:56, 52:68].mean())

    found = miss()
    monkeypatch.setattr("filmrestore_core.inpaint.temporal_fill.QUARREL", np.inf)
    carried = miss()
    assert found < 0.02
    assert carried > 5 * found


def test_brightness_alone_is_no_disagreement():
    known = known_window(holes={100: HOLE}, gain=0.05, grain=0.0)
    lenders = tuple(
        Lender.of(n, p, known.mattes[n.number])
        for n, p in zip(known.aligned.neighbors, known.aligned.window.neighbors, strict=True)
    )
    (hole,) = holes_of(HOLE, HOLE, margin=8)
    ring = ~hole.unknown
    around = known.aligned.window.center.pixels[hole.place]
    loans = loans_for(hole, HOLE, lenders)
    # Looked up bilinearly, waves of five pixels lose a little.
    assert disagreement(loans, hole.own, around, ring) < 0.02
    wrong = [
        replace(loan, pixels=np.roll(loan.pixels, 6 * loan.lender.aligned.offset, axis=1))
        for loan in loans
    ]
    assert disagreement(wrong, hole.own, around, ring) > 0.06
