"""The bundled clip: the street on 16 mm, damaged; its files, and the truth about them.

`python -m filmrestore_core.synth.demo.clip FOLDER` draws it again (about a quarter of an hour).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.errors import MissingFrameError
from filmrestore_core.matte import DamageClass
from filmrestore_core.synth.demo.raycast import render
from filmrestore_core.synth.demo.street import LIGHT, camera, primitives, sky
from filmrestore_core.synth.film import VISIBLE, DamagedFilm, DamagedFrame
from filmrestore_core.synth.recipe import RecipeSettings

NAME = "street"
WIDTH, HEIGHT = 640, 480
FIRST, LAST = 1001, 1014
SEED = 12
# Places in the pixel and times in the open shutter that are looked at.
SAMPLES = 10
SHUTTER = 0.45
TRUTH = "truth.npz"

RECIPE = RecipeSettings.model_validate(
    {
        "gauge": "16mm",
        "grain": {"stock": "medium", "amount": 1.5, "size": 16},
        "weave": {"amount": 5},
        "flicker": {"amount": 0.006, "local": 0.003},
        "dirt": {"per_frame": 26, "area": 5200, "spread": 0.75, "large": 0.05},
        "sparkle": {"per_frame": 18, "area": 4200, "spread": 0.7, "large": 0.03},
        "hair": {"per_frame": 1.2, "in_gate": 1.0, "gate_frames": 40},
        "scratch": {"present": 2.0, "frames": 60, "faintest": 0.12, "strongest": 0.5},
    }
)


def scene_plate(number: int) -> NDArray[np.float32]:
    """The street as filmed without damage or grain: (480, 640, 1) float32 display code values.

    Args:
        number: frame number, FIRST to LAST.
    """
    import cv2

    total = np.zeros((HEIGHT, WIDTH), np.float64)
    for i in range(SAMPLES):
        time = number - FIRST + SHUTTER * (i + 0.5) / SAMPLES
        # Additive recurrence: spread evenly for any number of samples.
        shift = ((0.5 + 0.7548777 * i) % 1 - 0.5, (0.5 + 0.5698403 * i) % 1 - 0.5)
        total += render(
            camera(time), primitives(time), sky, LIGHT, width=WIDTH, height=HEIGHT, shift=shift
        )
    light = np.asarray(total / SAMPLES, np.float32)
    # A lens is a little soft, darker in the corners, and bright places glow.
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.55), np.float32)
    light += np.float32(0.05) * cv2.GaussianBlur(np.maximum(light - 0.6, 0), (0, 0), 9)
    y, x = np.mgrid[-1 : 1 : HEIGHT * 1j, -1 : 1 : WIDTH * 1j]
    light *= (1 - 0.20 * (0.64 * x * x + 0.36 * y * y)).astype(np.float32)
    # A print: long toe and shoulder about a straight line.
    code = np.clip(light * 1.2, 0, None) ** (1 / 2.2)
    code = np.clip(code, 0, 1.12) / 1.12
    steep = code * code * (3 - 2 * code)
    print_code = 0.035 + 0.93 * (0.40 * code + 0.60 * steep)
    return np.asarray(print_code, np.float32)[..., None]


def damaged_frame(plate: NDArray[np.float32], number: int) -> DamagedFrame:
    """A frame of the clip from its scene.

    Args:
        plate: what `scene_plate` gave.
        number: frame number.
    """
    return DamagedFilm(RECIPE, seed=SEED).frame(plate, number)


@dataclass(frozen=True, slots=True, eq=False)
class DemoTruth:
    """What the bundled clip looked like before it was damaged.

    Attributes:
        frames: (n,) int32 frame numbers, one for each damaged pixel of the clip.
        places: (n,) int32, row * 640 + column.
        clean: (n,) uint8 code values before the damage.
        labels: (n,) uint8: DamageClass.label where the damage is seen, 0 where it is too faint.
    """

    frames: NDArray[np.int32]
    places: NDArray[np.int32]
    clean: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def undamaged(self, number: int, damaged: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The frame before the damage.

        Args:
            number: frame number.
            damaged: (480, 640) uint8, the clip's frame.

        Raises:
            MissingFrameError: the clip has no such frame.
        """
        mine = self._of(number)
        whole = damaged.copy()
        whole.reshape(-1)[self.places[mine]] = self.clean[mine]
        return whole

    def visible(self, number: int) -> NDArray[np.uint8]:
        """(480, 640) uint8 class labels of the damage that can be seen, 0 elsewhere.

        Args:
            number: frame number.

        Raises:
            MissingFrameError: the clip has no such frame.
        """
        mine = self._of(number)
        plane = np.zeros(HEIGHT * WIDTH, np.uint8)
        plane[self.places[mine]] = self.labels[mine]
        return plane.reshape(HEIGHT, WIDTH)

    def _of(self, number: int) -> NDArray[np.bool_]:
        if not FIRST <= number <= LAST:
            raise MissingFrameError(
                f"The bundled clip has frames {FIRST} to {LAST}, not {number}.", frame=number
            )
        return np.asarray(self.frames == number)


def demo_truth() -> DemoTruth:
    """The truth that lies beside the bundled clip."""
    file = resources.files("filmrestore_core") / "demo" / TRUTH
    with resources.as_file(file) as path, np.load(path, allow_pickle=False) as arrays:
        return DemoTruth(*(arrays[n] for n in ("frames", "places", "clean", "labels")))


def file_name(number: int) -> str:
    """Name of a frame's file."""
    return f"{NAME}.{number:04d}.png"


def write_clip(folder: Path, plates: Sequence[NDArray[np.float32]]) -> None:
    """Damage the scene and write the clip: 8-bit grey PNG and the truth.

    Args:
        folder: made where it is not.
        plates: what `scene_plate` gave for FIRST to LAST.
    """
    import cv2

    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, list[NDArray[np.generic]]] = {
        "frames": [],
        "places": [],
        "clean": [],
        "labels": [],
    }
    for number, plate in zip(range(FIRST, LAST + 1), plates, strict=True):
        made = damaged_frame(plate, number)
        damaged, clean = _codes(made.damaged), _codes(made.clean)
        labels = np.zeros(damaged.shape, np.uint8)
        for damage_class, seen in made.visible(VISIBLE).items():
            labels[seen] = DamageClass(damage_class).label
        places = np.flatnonzero((damaged != clean) | (labels > 0)).astype(np.int32)
        parts["frames"].append(np.full(places.size, number, np.int32))
        parts["places"].append(places)
        parts["clean"].append(clean.ravel()[places])
        parts["labels"].append(labels.ravel()[places])
        _, data = cv2.imencode(".png", damaged, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        (folder / file_name(number)).write_bytes(data.tobytes())
    arrays = {name: np.concatenate(found) for name, found in parts.items()}
    np.savez_compressed(folder / TRUTH, **arrays)  # type: ignore[arg-type]


def _codes(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(np.clip(pixels[..., 0], 0, 1) * 255).astype(np.uint8)


if __name__ == "__main__":
    with ProcessPoolExecutor(max_workers=2) as pool:
        write_clip(Path(sys.argv[1]), list(pool.map(scene_plate, range(FIRST, LAST + 1))))
