"""A net of one multiplication that finds spikes, and windows to try it on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from filmrestore_core.box import Box
from filmrestore_core.models.card import ModelCard
from filmrestore_core.plate import Plate
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.mark_crops import CROP_PLANES, PLANES_NAME, SIDE
from filmrestore_core.segment.mark_measure import MeasuredMarks
from filmrestore_core.segment.spike_planes import PLANE_NAMES
from filmrestore_core.temporal.align import align
from filmrestore_core.temporal.window import AlignedWindow, TemporalWindow

SpikeNet = Callable[..., Session]


@pytest.fixture(scope="session")
def spike_net(tiny_card: Callable[..., ModelCard]) -> SpikeNet:
    """Dirt where a dark spike exceeds one unit of noise, sparkle where a bright one does.

    With all of its classes the three others are found nowhere.
    """
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def make(*, all_classes: bool = False, **calibration: float) -> Session:
        count = len(PLANE_NAMES)
        more = ["hair", "scratch", "stain"] if all_classes else []
        kinds = 2 + len(more)
        card = tiny_card(
            planes="t5-v2",
            inputs=[{"name": "planes", "shape": [1, count, "H", "W"]}],
            outputs=[{"name": "damage", "shape": [1, kinds, "H", "W"], "range": [0, 1]}],
            classes=["dirt", "sparkle", *more],
            temporal={"size": 5, "center": 2},
            calibration=calibration,
        )
        kernel = np.zeros((kinds, count, 1, 1), np.float32)
        kernel[0, 7], kernel[1, 7] = -8.0, 8.0
        bias = np.full(kinds, -4.0, np.float32)
        bias[2:] = -20.0
        graph = helper.make_graph(
            [
                helper.make_node("Conv", ["planes", "w", "b"], ["logit"]),
                helper.make_node("Sigmoid", ["logit"], ["damage"]),
            ],
            "spikes",
            [helper.make_tensor_value_info("planes", 1, [1, count, "H", "W"])],
            [helper.make_tensor_value_info("damage", 1, [1, kinds, "H", "W"])],
            [numpy_helper.from_array(kernel, "w"), numpy_helper.from_array(bias, "b")],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return Session(card, bytes(model.SerializeToString()))

    return make


@pytest.fixture(scope="session")
def speck_window() -> Callable[..., AlignedWindow]:
    """Five frames of a pan; a dark disk at (60, 40) on the center, a bright one at (100, 60)."""

    def make(offsets: tuple[int, ...] = (-2, -1, 1, 2), *, channels: int = 1) -> AlignedWindow:
        import cv2

        rng = np.random.default_rng(5)
        wide = cv2.GaussianBlur(rng.standard_normal((96, 400)).astype(np.float32), (0, 0), 5)
        wide = 0.45 + 0.1 * wide / wide.std()
        plates = {}
        for step in (0, *offsets):
            place = np.asarray([[1, 0, -120 - 1.5 * step], [0, 1, 0]])
            view = cv2.warpAffine(wide, place, (144, 96), flags=cv2.INTER_CUBIC)
            noise = np.random.default_rng([7, step + 9]).standard_normal(view.shape)
            picture = (view + 0.008 * noise).astype(np.float32)
            if step == 0:
                cv2.circle(picture, (60, 40), 4, 0.1, -1)
                cv2.circle(picture, (100, 60), 4, 0.95, -1)
            pixels = np.repeat(picture[..., None], channels, axis=2)
            box = Box.of_size(144, 96)
            plates[step] = Plate(10 + step, pixels, box, np.ones((96, 144), np.bool_))
        return align(TemporalWindow(plates[0], tuple(plates[o] for o in sorted(offsets))))

    return make


@pytest.fixture(scope="session")
def crop_net(tiny_card: Callable[..., ModelCard]) -> Callable[..., Session]:
    """Says of each crop `gain` times the share of its near plane that the mark covers."""
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    def make(gain: float = 1.0, **more: object) -> Session:
        count = 2 * len(CROP_PLANES)
        card = tiny_card(
            **{
                "task": "judge",
                "planes": PLANES_NAME,
                "inputs": [{"name": "planes", "shape": [1, count, "H", "W"]}],
                "outputs": [{"name": "logit", "shape": [1, 1, "H", "W"]}],
                "classes": [],
                "size": {"multiple_of": SIDE, "minimum": SIDE},
                "tiles": {"size": 3 * SIDE, "overlap": SIDE},
                **more,
            }
        )
        kernel = np.zeros((1, count, 1, 1), np.float32)
        kernel[0, CROP_PLANES.index("mark")] = gain
        graph = helper.make_graph(
            [
                helper.make_node("Conv", ["planes", "w"], ["mark"]),
                helper.make_node(
                    "AveragePool",
                    ["mark"],
                    ["mean"],
                    kernel_shape=[SIDE, SIDE],
                    strides=[SIDE, SIDE],
                ),
                helper.make_node(
                    "Resize",
                    ["mean", "", "scales"],
                    ["logit"],
                    mode="nearest",
                    coordinate_transformation_mode="asymmetric",
                    nearest_mode="floor",
                ),
            ],
            "crops",
            [helper.make_tensor_value_info("planes", 1, [1, count, "H", "W"])],
            [helper.make_tensor_value_info("logit", 1, [1, 1, "H", "W"])],
            [
                numpy_helper.from_array(kernel, "w"),
                numpy_helper.from_array(np.asarray([1, 1, SIDE, SIDE], np.float32), "scales"),
            ],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        return Session(card, bytes(model.SerializeToString()))

    return make


def marks_at(shape: tuple[int, int], *parts: tuple[slice, slice]) -> MeasuredMarks:
    """Marks that cover these parts, of which nothing is known."""
    labels = np.zeros(shape, np.int32)
    for number, part in enumerate(parts, 1):
        labels[part] = number
    ys, xs = np.nonzero(labels)
    owner = (labels[ys, xs] - 1).astype(np.intp)
    return MeasuredMarks(labels, ys, xs, owner, np.zeros((len(parts), 1)))


@pytest.fixture(name="marks_at")
def _marks_at() -> Callable[..., MeasuredMarks]:
    return marks_at
