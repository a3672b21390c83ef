"""`filmrestore synth`: a clean clip becomes a damaged one, with the truth about the damage."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from filmrestore_core.cli import arguments
from filmrestore_core.cli.exit_code import ExitCode
from filmrestore_core.clip import Clip
from filmrestore_core.color.channels import picture_part
from filmrestore_core.color.encoding import Encoding, EncodingKind
from filmrestore_core.color.suggest import choose_encoding
from filmrestore_core.color.working import to_plate
from filmrestore_core.errors import MixedSequenceError, SettingsError
from filmrestore_core.frame import Frame
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.image_file import write_new
from filmrestore_core.media.journal import journal_path
from filmrestore_core.media.open import open_clip
from filmrestore_core.media.output_check import prepare_folder, refuse_foreign_files
from filmrestore_core.media.output_sequence import OutputSequence
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.synth.dataset import dataset_frames, recipe_document
from filmrestore_core.synth.density import Tone
from filmrestore_core.synth.film import DamagedFilm
from filmrestore_core.synth.gauge import Gauge
from filmrestore_core.synth.library import LibraryPart, LibraryShapes
from filmrestore_core.synth.negatives.kinds import NegativeKind
from filmrestore_core.synth.negatives.stretches import STRETCH, NegativePlan
from filmrestore_core.synth.recipe import recipe_names
from filmrestore_core.synth.recipe_file import find_recipe
from filmrestore_core.yamlfile import write_yaml

_KINDS = ("damaged", "clean", "matte")
# Most bytes that a frame's file may take: half floats, at most eight channels.
_BYTES_A_PIXEL = 16


def synth(
    clip: arguments.Input,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="FOLDER",
            help="Where damaged/, clean/, matte/ and recipe.yaml go.",
            show_default=False,
        ),
    ],
    recipe: Annotated[
        str,
        typer.Option(
            "--recipe",
            "-r",
            metavar="NAME",
            help=f"Which damage: {', '.join(recipe_names())}; or a .yaml file of your own; or the "
            "recipe.yaml of an earlier run, which makes the same film again.",
        ),
    ] = "medium",
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Of everything random; else the recipe's, else 1."),
    ] = None,
    gauge: Annotated[
        Gauge | None, typer.Option("--gauge", help="Width of the film; else the recipe's.")
    ] = None,
    shapes: Annotated[
        Path | None,
        typer.Option(
            "--shapes",
            metavar="FOLDER",
            help="Pictures of real dirt and hairs, a folder for each kind. Without it shapes are "
            "drawn by rule.",
        ),
    ] = None,
    part: Annotated[
        LibraryPart,
        typer.Option("--part", help="Which of the pictures in --shapes are used."),
    ] = LibraryPart.ALL,
    negatives: Annotated[
        list[NegativeKind] | None,
        typer.Option(
            "--negatives",
            metavar="KIND",
            help=f"What looks like damage and is none: {', '.join(NegativeKind)}. May be given "
            f"again: they take turns, {STRETCH} frames each.",
        ),
    ] = None,
    frames: arguments.Frames = None,
    encoding: arguments.EncodingName = "auto",
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier data set in FOLDER.")
    ] = False,
) -> int:
    """Damage CLIP and write what it was and where it was damaged: three sequences of EXR files.

    The same clip, frames, recipe and seed give the same bytes. Pictures are half-float code values
    of the clip's own encoding (a scene-linear clip's are ACEScct), tagged as such. Mattes have a
    channel for each class, 0 to 1, and 'visible': the number of the class where the damage can be
    told from grain.
    """
    found = find_recipe(recipe)
    source = open_clip(clip)
    numbers = arguments.frames_of(frames, source.numbers).intersect(source.numbers)
    curve = _encoding_of(source, numbers, encoding)
    tone = Tone.DISPLAY if curve.kind is EncodingKind.DISPLAY else Tone.LOG
    settings = found.recipe.model_copy(
        update={"tone": tone, "gauge": found.recipe.gauge if gauge is None else gauge}
    )
    chosen = next(s for s in (seed, found.seed, 1) if s is not None)
    plan = NegativePlan(tuple(negatives or found.negatives), chosen)
    library = None if shapes is None else LibraryShapes(shapes, part=part)
    film = DamagedFilm(settings, seed=chosen, shapes=library)
    name = "acescct" if curve.is_linear else curve.name
    document = {
        "source": os.path.basename(os.path.normpath(source.name)),
        "frames": numbers.format(),
        "encoding": name,
        **recipe_document(settings, seed=chosen, negatives=plan),
    }
    text = write_yaml(document)
    console = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    with ExitStack() as stack:
        sinks = {
            k: stack.enter_context(_sink(out, k, source, numbers, text, force)) for k in _KINDS
        }
        plates = _plates(source, numbers, curve)
        tags = {"colorInteropID": name}
        for made in dataset_frames(plates, film, negatives=plan, attributes=tags):
            for kind, frame in zip(_KINDS, (made.damaged, made.clean, made.matte), strict=True):
                _write(sinks[kind], frame)
            console.print(f"frame {made.damaged.number}", markup=False)
    for kind, sink in sinks.items():
        # A data set is its bytes; when and in which run they were written is none of it.
        journal_path(out / kind, sink.pattern.name).unlink(missing_ok=True)
    (out / "recipe.yaml").write_text(text, encoding="utf-8", newline="\n")
    console.print(f"{len(numbers)} frames in {out}", markup=False)
    return ExitCode.DONE


def _encoding_of(source: Clip, numbers: FrameRange, name: str) -> Encoding:
    frame = source.read(numbers.first)
    return choose_encoding(name, frame.parts[picture_part(frame)], frame.source)[0]


def _plates(
    source: Clip, numbers: FrameRange, curve: Encoding
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The pictures, all of one size and as many channels.

    Raises:
        MixedSequenceError: one has another size.
    """
    shape: tuple[int, ...] | None = None
    for number in numbers:
        pixels = to_plate(source.read(number), curve).pixels
        if shape is not None and pixels.shape[:2] != shape[:2]:
            raise MixedSequenceError(
                f"Frame {number} of '{source.name}' is {pixels.shape[1]}x{pixels.shape[0]}, the "
                f"first one {shape[1]}x{shape[0]}; frames of one film have one size.",
                frame=number,
            )
        if shape is not None and pixels.shape != shape:
            # A colorless frame of a color film, or the other way.
            pixels = (
                np.repeat(pixels, 3, axis=2)
                if shape[2] == 3
                else np.ascontiguousarray(pixels[..., 1:2])
            )
        shape = pixels.shape if shape is None else shape
        yield number, pixels


def _sink(
    out: Path, kind: str, source: Clip, numbers: FrameRange, purpose: str, force: bool
) -> OutputSequence:
    pattern = SequencePattern(out / kind, f"{kind}.", 4, ".exr")
    if os.path.realpath(pattern.folder) == os.path.realpath(os.path.dirname(source.name)):
        raise SettingsError(f"'{pattern.folder}' is where the clip itself lies.")
    if not force and pattern.folder.is_dir():
        refuse_foreign_files(pattern, numbers)
    part = source.read(numbers.first).parts[0]
    height, width = part.data_window.shape
    prepare_folder(pattern.path(numbers.first), height * width * _BYTES_A_PIXEL)
    return OutputSequence(pattern, purpose=purpose, depends_on=None, resume=False)


def _write(sink: OutputSequence, frame: Frame) -> None:
    sink.place(frame.number, lambda temp: write_new(temp, frame), needed=2 * frame.nbytes)
