from __future__ import annotations

import json

from filmrestore_core.box import Box
from filmrestore_core.matte import DamageClass, Defect
from filmrestore_core.report import ClassTotal, ClipReport, DamageReport, RepairCost


def _report(number: int) -> DamageReport:
    return DamageReport(
        number=number,
        width=64,
        height=48,
        defects=(
            Defect(DamageClass.DIRT, Box(1, 2, 3, 4), 9, 0.75),
            Defect(DamageClass.DIRT, Box(20, 2, 3, 4), 8, 0.5),
            Defect(DamageClass.SCRATCH, Box(30, 0, 2, 48), 96, 1.0),
        ),
        covered=150,
        repaired=140,
        methods={"temporal": 100, "spatial": 40},
        costs={"first fill": RepairCost(3, 140, 0, 0.5), "net": RepairCost(1, 40, 4096, 0.25)},
        window=(number - 1, number, number + 1),
        shot=(number - 1, number + 2),
        encoding="srgb (as asked)",
        notes=("One note.",),
    )


def test_totals_count_pieces_and_area_by_class() -> None:
    assert _report(5).totals == {
        DamageClass.DIRT: ClassTotal(2, 17),
        DamageClass.SCRATCH: ClassTotal(1, 96),
    }


def test_a_report_survives_json() -> None:
    report = _report(1001)
    assert DamageReport.from_json(json.loads(json.dumps(report.to_json()))) == report


def test_the_clip_report_adds_frames_up() -> None:
    document = ClipReport("in", "out", (_report(1), _report(2))).to_json()
    assert document["totals"]["frames"] == 2
    assert document["totals"]["repaired_px"] == 280
    assert document["totals"]["classes"]["dirt"] == {"count": 4, "area": 34}
    json.dumps(document)


def test_costs_add_up_and_time_makes_no_report_unequal() -> None:
    costs = ClipReport("in", "out", (_report(1), _report(2))).costs
    assert costs["net"] == RepairCost(2, 80, 8192)
    assert costs["net"].seconds == 0.5
    assert costs["net"].seconds_per_hole == 0.25
    # Two megapixels' worth of crops would take so many times as long.
    assert costs["net"].seconds_per_megapixel * 8192 / 1e6 == 0.5
    assert RepairCost().seconds_per_hole == RepairCost().seconds_per_megapixel == 0.0
    assert RepairCost(1, 2, 3, seconds=4.0) == RepairCost(1, 2, 3, seconds=5.0)


def test_a_report_from_before_there_were_costs_is_read() -> None:
    values = _report(1001).to_json()
    del values["costs"]
    assert DamageReport.from_json(values).costs == {}
