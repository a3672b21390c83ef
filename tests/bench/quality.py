"""How good the restorer is: made-up damage over clean clips, one table.

Run by hand from the repository's root:
    python tests/bench/quality.py CLIPS [--shapes FOLDER] [--frames 8] [--out table]

CLIPS holds a folder of consecutive JPEG or PNG frames for each clip. Every clip is measured twice:
with grain and no damage (group "clean": whatever is found there is wrong), and with damage.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.frame import Frame, Part, PixelFormat
from filmrestore_core.media.memory_clip import MemoryClip
from filmrestore_core.metrics.evaluate import (
    EvaluationCase,
    RestoredPicture,
    evaluate,
    holes,
)
from filmrestore_core.presets import load_preset
from filmrestore_core.restore.clip_view import ExternalMattes
from filmrestore_core.restore.restorer import Restorer
from filmrestore_core.synth.film import VISIBLE, DamagedFilm
from filmrestore_core.synth.gauge import FilmFrame, Gauge
from filmrestore_core.synth.grain import grain_sigma
from filmrestore_core.synth.library import LibraryShapes
from filmrestore_core.synth.recipe import RecipeSettings, load_recipe
from filmrestore_core.synth.shapes import ShapeSource

FULL = 65535
SHORT = [
    *("f1", "precision", "recall", "objects_found", "false_px", "changed_px", "false_objects"),
    *("psnr_hole", "psnr_low", "psnr_filled", "low_filled", "grain", "frozen", "flicker"),
    "seconds_per_mp",
]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, help="folder of folders of frames")
    parser.add_argument("--shapes", type=Path, help="artefact library; none: shapes by rule")
    parser.add_argument("--only", nargs="*", help="names of clips")
    parser.add_argument("--frames", type=int, default=8)
    parser.add_argument("--every", type=int, default=1, help="take every so-manieth clip")
    parser.add_argument("--largest", type=int, default=1000, help="crop wider clips, px")
    parser.add_argument("--groups", nargs="*", default=["clean", "damaged"])
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--restorer", choices=sorted(RESTORERS), default="restore")
    parser.add_argument("--no-temporal", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, help="also write OUT.md and OUT.json")
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    shapes = LibraryShapes(options.shapes) if options.shapes else None
    found = evaluate(
        cases(options, shapes),
        RESTORERS[options.restorer](options),
        temporal=not options.no_temporal,
    )
    text = found.to_markdown(SHORT)
    print(text)
    if options.out:
        options.out.with_suffix(".md").write_text(found.to_markdown(), encoding="utf-8")
        options.out.with_suffix(".json").write_text(found.to_json(), encoding="utf-8")


def cases(options: argparse.Namespace, shapes: ShapeSource | None) -> Iterator[EvaluationCase]:
    """Two cases for each clip; recipe, gauge and color change from clip to clip."""
    folders = sorted(p for p in options.clips.iterdir() if p.is_dir())
    for place, folder in enumerate(folders):
        if options.only and folder.name not in options.only:
            continue
        if place % options.every:
            continue
        plates = load(folder, options.frames, options.largest, monochrome=place % 3 == 1)
        preset = ("light", "medium", "heavy")[place % 3]
        gauge = (Gauge.MM35, Gauge.MM16)[(place // 3) % 2]
        recipe = load_recipe(preset).model_copy(update={"gauge": gauge})
        undamaged = RecipeSettings(
            gauge=gauge, grain=recipe.grain, weave=recipe.weave, flicker=recipe.flicker
        )
        for group, what in (("clean", undamaged), ("damaged", recipe)):
            if group in options.groups:
                name = f"{folder.name} ({preset if group == 'damaged' else 'clean'}, {gauge.value})"
                yield case(name, group, plates, what, options.seed + place, shapes)


def case(
    name: str,
    group: str,
    plates: Sequence[NDArray[np.float32]],
    recipe: RecipeSettings,
    seed: int,
    shapes: ShapeSource | None,
) -> EvaluationCase:
    """Damaged and clean frames as 16-bit code values, and the truth."""
    film = DamagedFilm(recipe, seed=seed, shapes=shapes)
    height, width = plates[0].shape[:2]
    sigma = grain_sigma(recipe.grain, FilmFrame.of(recipe.gauge, width, height))
    # Density to code values at mid grey, after the blur of lens and scanner: about a quarter.
    seen = max(VISIBLE, 2 * 0.25 * sigma)
    damaged, clean, truth, faint = [], [], [], []
    for number, plate in enumerate(plates, start=1001):
        made = film.frame(plate, number)
        damaged.append(coded(made.damaged))
        clean.append(coded(made.clean))
        truth.append(made.visible(seen))
        faint.append(made.faint(seen))
    return EvaluationCase(name, damaged, clean, truth, faint, first=1001, group=group)


def load(folder: Path, frames: int, largest: int, *, monochrome: bool) -> list[NDArray[np.float32]]:
    """The first frames of a clip, (H, W, 1 or 3) float32 0 to 1."""
    files = sorted(p for p in folder.iterdir() if p.suffix in (".jpg", ".png"))[:frames]
    plates = []
    for file in files:
        picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
        assert picture is not None, file
        picture = picture[:, :largest, ::-1]
        if monochrome:
            picture = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)[..., None]
        plates.append(np.ascontiguousarray(picture / np.float32(255), np.float32))
    return plates


def coded(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to 16 bits, as a file would hold it."""
    codes = np.round(np.clip(pixels, 0, 1) * FULL)
    return np.asarray(codes / FULL, np.float32)


class TrueMattes:
    """The truth as a matte from outside, grown by a pixel."""

    def __init__(self, case: EvaluationCase) -> None:
        self._case = case

    def coverage(self, number: int, box: Box) -> NDArray[np.float32]:
        """Coverage over the whole frame."""
        index = number - self._case.first
        hole = holes(self._case.truth[index], box.shape) | self._case.faint[index]
        return np.asarray(
            cv2.dilate(hole.astype(np.float32), np.ones((3, 3), np.uint8)), np.float32
        )


def restore_with(options: argparse.Namespace, *, true_matte: bool) -> Callable[..., list]:
    """The product itself, finding damage or told where it is."""
    changes: dict[str, object] = dict(item.split("=", 1) for item in options.set)
    if true_matte:
        changes["detect.detector"] = "none"
    settings = load_preset(options.preset, changes=changes)

    def restorer(case: EvaluationCase) -> list[RestoredPicture]:
        external = ExternalMattes(matte=TrueMattes(case)) if true_matte else None
        engine = Restorer(settings, external=external)
        clip = MemoryClip(frame_of(d, case.first + i) for i, d in enumerate(case.damaged))
        pictures = []
        for number in clip.numbers:
            made = engine.restore(clip, number)
            assert made.matte is not None
            pictures.append(RestoredPicture(pixels_of(made.frame), made.matte.coverage))
        return pictures

    return restorer


def telea(case: EvaluationCase) -> list[RestoredPicture]:
    """OpenCV's Telea at 8 bits, given the true matte."""
    pictures = []
    for i, damaged in enumerate(case.damaged):
        coverage = TrueMattes(case).coverage(case.first + i, Box.of_size(*damaged.shape[1::-1]))
        hole = (coverage > 0).astype(np.uint8)
        codes = np.round(damaged * 255).astype(np.uint8)
        filled = cv2.inpaint(np.ascontiguousarray(codes.squeeze()), hole, 3, cv2.INPAINT_TELEA)
        filled = filled.reshape(damaged.shape) / np.float32(255)
        pixels = np.where(hole[..., None] > 0, filled, damaged).astype(np.float32)
        pictures.append(RestoredPicture(pixels, coverage))
    return pictures


RESTORERS: dict[str, Callable[[argparse.Namespace], Callable[..., list]]] = {
    "restore": lambda options: restore_with(options, true_matte=False),
    "true-matte": lambda options: restore_with(options, true_matte=True),
    "telea": lambda options: telea,
}


def frame_of(pixels: NDArray[np.float32], number: int) -> Frame:
    """A 16-bit frame."""
    names = ("Y",) if pixels.shape[2] == 1 else ("R", "G", "B")
    codes = np.round(pixels * FULL).astype(np.uint16)
    planes = {n: np.ascontiguousarray(codes[..., i]) for i, n in enumerate(names)}
    box = Box.of_size(pixels.shape[1], pixels.shape[0])
    formats = {n: PixelFormat("uint16", 16) for n in names}
    return Frame(number, (Part("", planes, formats, box, box),))


def pixels_of(frame: Frame) -> NDArray[np.float32]:
    """(H, W, C) float32 of a 16-bit frame."""
    stacked = np.stack(list(frame.parts[0].planes.values()), axis=-1)
    return np.asarray(stacked / FULL, np.float32)


if __name__ == "__main__":
    main()
