from itertools import pairwise

import numpy as np

from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.hair import HairSettings, free_hairs, gate_hairs
from filmrestore_core.synth.shapes import ProceduralShapes

FRAME = FilmFrame.of(Gauge.MM35, 640, 480)


def covered(marks):
    plane = np.zeros((480, 640), np.float32)
    for m in marks:
        h, w = m.opacity.shape
        for y in range(max(0, m.y), min(480, m.y + h)):
            row = m.opacity[y - m.y]
            x0, x1 = max(0, m.x), min(640, m.x + w)
            if x0 < x1:
                plane[y, x0:x1] = np.maximum(plane[y, x0:x1], row[x0 - m.x : x1 - m.x])
    return plane


def test_free_hairs_are_new_on_each_frame():
    settings = HairSettings(per_frame=6)
    a, b = (free_hairs(settings, FRAME, ProceduralShapes(), seed=1, number=n) for n in (5, 6))
    assert {(m.x, m.y) for m in a}.isdisjoint({(m.x, m.y) for m in b})
    assert all(m.damage_class is DamageClass.HAIR for m in (*a, *b))


def test_hairs_are_thin_and_long():
    settings = HairSettings(per_frame=6, length=3000, spread=0.0, width=60)
    for m in free_hairs(settings, FRAME, ProceduralShapes(), seed=1, number=5):
        area = float(m.opacity.sum())
        length = FRAME.px(3000)
        assert 0.5 < area / (length * FRAME.px(60)) < 2.2
        assert max(m.opacity.shape) > 0.3 * length


def test_a_gate_hair_stays_and_trembles():
    settings = HairSettings(in_gate=5, gate_frames=80, strongest=1.0)
    planes = [covered(gate_hairs(settings, FRAME, seed=4, number=n)) for n in range(40, 46)]
    assert all(p.max() > 0.3 for p in planes)
    for a, b in pairwise(planes):
        seen_a, seen_b = a > 0.3, b > 0.3
        assert (seen_a & seen_b).sum() > 0.3 * min(seen_a.sum(), seen_b.sum())
    assert any(not np.array_equal(a, planes[0]) for a in planes[1:])


def test_gate_hairs_come_from_an_edge():
    settings = HairSettings(in_gate=4, gate_frames=50)
    for number in (0, 90):
        for m in gate_hairs(settings, FRAME, seed=9, number=number):
            plane = covered([m])
            edges = (plane[0], plane[-1], plane[:, 0], plane[:, -1])
            assert max(e.max() for e in edges) > 0.2
