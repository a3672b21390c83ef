"""One adaptation: windows of the film, steps of learning, figures before and after."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from filmrestore_core.errors import MediaError, SettingsError, Stopped
from filmrestore_core.learning.adapt.base_weights import BaseWeights
from filmrestore_core.learning.adapt.film import FilmSource, split_in_time, spread_over
from filmrestore_core.learning.adapt.film_scene import Finder, film_scene
from filmrestore_core.learning.adapt.plan import Extent, extent_for, read_extent, write_extent
from filmrestore_core.learning.adapt.verdict import (
    Adapted,
    Figures,
    read_report,
    write_report,
)
from filmrestore_core.learning.judge.clips import REACH
from filmrestore_core.learning.nets.build import build_net
from filmrestore_core.learning.samples.scene import Scene
from filmrestore_core.learning.samples.store import SceneStore
from filmrestore_core.learning.training.checkpoint import NET_KEY, load_tensors, save_tensors
from filmrestore_core.learning.training.config import SceneSettings, TrainingConfig
from filmrestore_core.learning.training.losses import segmenting_loss
from filmrestore_core.learning.training.scoring import score_net
from filmrestore_core.learning.training.trainer import BEST, Progress, Trainer
from filmrestore_core.runtime.device import Device
from filmrestore_core.runtime.session import Session
from filmrestore_core.segment.exported_net import ExportedSegmenter
from filmrestore_core.segment.planes import PLANES
from filmrestore_core.segment.refine import refine
from filmrestore_core.settings import DetectSettings
from filmrestore_core.synth.shapes import ShapeSource
from filmrestore_core.temporal.window import AlignedWindow

ADAPTED = "adapted.safetensors"
WORK = "work"
# What a detector this keen leaves alone counts as undamaged.
_KEEN = 0.85
# So many of the held-out windows stay undamaged, to count false alarms: one in three.
_UNDAMAGED_EVERY = 3
# Less of the picture would teach a film's dirt, not the film.
_LEAST_USABLE = 0.3
_BATCH, _CROP, _RATE, _WARM_UP = 4, 192, 2e-4, 20

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be done.

    Attributes:
        film: the film's name.
        numbers: its frames, ascending.
        minutes: the time there is; it decides how much is done where `extent` is None.
        seed: of everything random.
        extent: how much is done, whatever the time.
        device: "cpu" or "cuda", for learning.
        threads: of the processor; 0 leaves it to the library.
    """

    film: str
    numbers: tuple[int, ...]
    minutes: float
    seed: int = 1
    extent: Extent | None = None
    device: str = "cpu"
    threads: int = 0


def adapt(
    source: FilmSource,
    base: BaseWeights,
    shapes: ShapeSource,
    wish: Wish,
    out: Path,
    *,
    tell: Tell = lambda what, at, of: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Adapted:
    """Teach weights a film, and say whether that was for the better.

    What was stopped goes on from OUT/work. At the end that is removed; adapt.md and adapt.json
    stay, and adapted.safetensors where there was a gain.

    Args:
        source: the film.
        base: the weights to begin with.
        shapes: outlines of damage.
        wish: what is to be done.
        out: the folder.
        tell: called with what is being done, how far it is and of how much.
        should_stop: asked between windows and steps.

    Raises:
        SettingsError: too few frames, too much of them damaged, or the folder belongs to another
            adaptation.
        MediaError: no frame of the film can be used.
        Stopped: should_stop said so; what was done is kept.
    """
    asked = asked_for(base, wish)
    extent = read_extent(out, asked)
    known = read_report(out)
    if extent is not None and known is not None:
        return known
    if wish.threads:
        torch.set_num_threads(wish.threads)
    maker = _Maker(source, base, shapes, wish)
    if extent is None:
        extent = wish.extent or _measured_extent(maker, base, wish)
        write_extent(out, asked, extent)
    work = out / WORK
    held_out, learned = SceneStore(work / "held_out"), SceneStore(work / "learned")
    _fill(held_out, extent.held_out, "held_out", maker, tell, should_stop)
    usable = _usable(held_out, extent.held_out)
    _fill(learned, extent.learned, "learned", maker, tell, should_stop)
    trainer = Trainer(
        _config(base, extent, wish),
        learned,
        held_out,
        work,
        device=wish.device,
        threads=wish.threads,
        start=base.checkpoint,
    )

    def passed(progress: Progress) -> None:
        tell("steps", progress.step, progress.of)

    trainer.run(tell=passed, should_stop=should_stop)
    if trainer.step < extent.steps:
        raise Stopped("Stopped as asked.")
    state, _ = load_tensors(work / BEST)
    adapted = Adapted(
        film=wish.film,
        model=base.model.card.name,
        extent=extent,
        usable=usable,
        before=_measured(base, base.state, held_out, extent.held_out),
        after=_measured(base, state, held_out, extent.held_out),
        threshold=base.threshold,
    )
    if adapted.gained:
        save_tensors(out / ADAPTED, state, {NET_KEY: base.spec, "adapted": adapted.values()})
    write_report(out, adapted)
    rmtree(work, ignore_errors=True)
    return adapted


def asked_for(base: BaseWeights, wish: Wish) -> dict[str, Any]:
    """What tells one adaptation from another; it stands in a folder's plan."""
    return {
        "film": wish.film,
        "frames": f"{wish.numbers[0]}-{wish.numbers[-1]} ({len(wish.numbers)})",
        "model": f"{base.model.card.name} {base.model.sha256[:16]}",
        "seed": wish.seed,
        "extent": None if wish.extent is None else asdict(wish.extent),
    }


def _fill(
    store: SceneStore,
    count: int,
    side: str,
    maker: _Maker,
    tell: Tell,
    should_stop: Callable[[], bool],
) -> None:
    for index in range(count):
        if not store.has(index):
            _check(should_stop)
            scene = maker.scene(side, index, count)
            store.write(index, scene.planes, scene.facts)
        tell(f"{side.replace('_', ' ')} windows", index + 1, count)


class _Maker:
    """Makes windows; frames follow each other, so that the film is read once and forwards."""

    def __init__(
        self, source: FilmSource, base: BaseWeights, shapes: ShapeSource, wish: Wish
    ) -> None:
        self._source, self._shapes, self._seed = source, shapes, wish.seed
        learned, held_out = split_in_time(wish.numbers, REACH)
        self._numbers = {"learned": learned, "held_out": held_out}
        self._find = _finder(base)

    def scene(self, side: str, index: int, count: int) -> Scene:
        """The scene of that index, of `count` on that side."""
        numbers = self._numbers[side]
        wanted = spread_over(numbers, count)[index]
        apart = side == "held_out"
        window, number = self._window(numbers, numbers.index(wanted))
        return film_scene(
            window,
            self._find,
            self._shapes,
            tone=self._source.tone(number),
            seed=2 * self._seed + int(apart),
            index=index,
            damaged=not apart or index % _UNDAMAGED_EVERY != 0,
        )

    def _window(self, numbers: Sequence[int], at: int) -> tuple[Any, int]:
        """The window of that place; where it cannot be read, of the next one that can."""
        fault: MediaError | None = None
        for step in range(len(numbers)):
            number = numbers[(at + step) % len(numbers)]
            try:
                return self._source.window(number), number
            except MediaError as error:
                fault = fault or error
        raise fault or SettingsError("The film has no frames to learn from.")


def _finder(base: BaseWeights) -> Finder:
    settings = DetectSettings(
        sensitivity=_KEEN, motion_protection=0.0, max_area=100.0, min_area=0.0, stain=True
    )
    session = Session(base.model.card, base.model.content, device=Device.CPU)
    segmenter = ExportedSegmenter(session, settings)

    def find(window: AlignedWindow) -> NDArray[np.bool_]:
        return np.asarray(refine(segmenter.segment(window), settings).coverage > 0)

    return find


def _config(base: BaseWeights, extent: Extent, wish: Wish) -> TrainingConfig:
    """A short training at a low rate; the held-out windows choose nothing, they only measure."""
    return TrainingConfig(
        net=base.spec,
        scenes=SceneSettings(
            train=extent.learned, validation=extent.held_out, seed=wish.seed, apart=()
        ),
        seed=wish.seed,
        steps=extent.steps,
        batch=_BATCH,
        crop=_CROP,
        rate=_RATE,
        warm_up=_WARM_UP,
        average=0.99,
        every=extent.steps,
        save_every=max(1, min(50, extent.steps // 10)),
    )


def _measured_extent(maker: _Maker, base: BaseWeights, wish: Wish) -> Extent:
    """As much as fits into the time, by how long a window and a step take here."""
    maker.scene("learned", 0, 2)
    began = time.monotonic()
    maker.scene("learned", 1, 2)
    window = time.monotonic() - began
    return extent_for(wish.minutes, window_seconds=window, step_seconds=_step_seconds(base, wish))


def _step_seconds(base: BaseWeights, wish: Wish) -> float:
    device = torch.device(wish.device)
    net = build_net(base.spec).to(device)
    planes = torch.zeros(_BATCH, PLANES[base.spec["planes"]], _CROP, _CROP, device=device)
    target = torch.zeros(_BATCH, _CROP, _CROP, dtype=torch.long, device=device)
    weight = torch.ones(_BATCH, _CROP, _CROP, device=device)
    spent = []
    for _ in range(4):
        began = time.monotonic()
        loss = segmenting_loss(
            net.logits(planes),  # type: ignore[operator]
            target,
            weight,
            positive=2.0,
            dice=0.5,
            kinds=0.3,
        )
        loss.backward()  # type: ignore[no-untyped-call]
        float(loss.detach())
        spent.append(time.monotonic() - began)
    # The first fills caches; drawing a batch and the optimizer take some more.
    return 1.3 * float(np.median(spent[1:])) + 0.02


def _measured(
    base: BaseWeights, state: dict[str, torch.Tensor], store: SceneStore, count: int
) -> Figures:
    net = build_net(base.spec)
    net.load_state_dict(state)
    net.eval()

    def run(planes: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return np.asarray(net(torch.from_numpy(planes[None]))[0].numpy(), np.float32)

    kind = str(base.spec["planes"])
    found = score_net(run, store, range(count), kind, thresholds=(base.threshold,))
    return Figures.of(found["thresholds"][0])


def _usable(store: SceneStore, count: int) -> float:
    shares = [float(store.facts(i)["usable"]) for i in range(count)]
    usable = float(np.mean(shares))
    if usable < _LEAST_USABLE:
        raise SettingsError(
            f"Only {100 * usable:.0f} % of the film counts as undamaged; adapting needs "
            f"{100 * _LEAST_USABLE:.0f} %.",
            hint="choose cleaner frames with --range",
        )
    return usable


def _check(should_stop: Callable[[], bool]) -> None:
    if should_stop():
        raise Stopped("Stopped as asked.")
