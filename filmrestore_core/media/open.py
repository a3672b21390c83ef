"""open_clip and create_writer: what a user types becomes a clip or a writer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, MissingFrameError, SettingsError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.inspect_file import FORMATS
from filmrestore_core.media.matte_clip import display_windows_of
from filmrestore_core.media.matte_writer import MatteWriter
from filmrestore_core.media.output_check import (
    prepare_folder,
    refuse_foreign_files,
    refuse_same_files,
    refuse_shared_names,
    unwritable_folder,
)
from filmrestore_core.media.output_pattern import resolve_matte_output, resolve_output
from filmrestore_core.media.output_sequence import Files, OutputSequence
from filmrestore_core.media.pixel_layout import layout_of
from filmrestore_core.media.sequence import SequencePattern, is_image, is_movie
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.media.sequence_folder import find_sequences, listing, only_sequence
from filmrestore_core.media.writer import AsImage, FrameWriter, SequenceWriter

# Without a file to go by: what one frame may take on disk.
_UNKNOWN_FRAME_BYTES = 50_000_000


def open_clip(text: str | Path, *, frames: FrameRange | None = None) -> Clip:
    """Open a pattern, a folder, a file or a movie.

    Args:
        text: `shot.####.exr`, `shot.%04d.exr`, `shot.@@@@.exr`, `shot.$F4.exr`,
            `shot.[1001-1100].exr`, a folder with one sequence, one image file, or a movie. A
            single file is a clip of that frame alone; a range in the notation bounds the clip.
        frames: frames that will be asked for. The clip keeps its others: they are neighbors.

    Raises:
        MediaError: nothing is there, or a folder holds several sequences; says which.
        MissingFrameError: none of `frames` exists.
        SettingsError: the text names nothing.
    """
    clip = _open(str(text))
    if frames is not None and frames and not clip.numbers.intersect(frames):
        raise MissingFrameError(
            f"'{text}' has none of the frames {frames.format()}; it has {clip.numbers.format()}."
        )
    return clip


def create_writer(
    text: str | Path,
    clip: Clip,
    *,
    numbers: FrameRange | None = None,
    purpose: str = "",
    reach: int = 0,
    depends_on: Files | None = None,
    also_done: Callable[[int], bool] | None = None,
    resume: bool = True,
    overwrite: bool = False,
    keep_compression: bool = False,
    codec: str = "auto",
    as_image: AsImage | None = None,
) -> FrameWriter:
    """A writer for the frames of a clip; all that can be refused is refused here.

    Args:
        text: a folder (the files keep their names) or a pattern in the notations of `open_clip`;
            a file for a single frame; a movie for a movie. Folders are made where they do not
            exist.
        clip: what is restored.
        numbers: the frames that will be written; all of the clip where None.
        purpose: all that changes pixels besides the sources: digest of settings, models, versions.
        reach: frames on each side that a result depends on; a change there makes it anew.
        depends_on: further files a result depends on, such as its given matte.
        also_done: asked too before a frame counts as done, such as `MatteWriter.is_done`.
        resume: leave frames alone that are done; False makes them anew.
        overwrite: also replace files that filmrestore did not write.
        keep_compression: keep lossy compression, see SequenceWriter.
        codec: of a movie, see MovieWriter.
        as_image: for frames without a file into image files, see SequenceWriter. Without it a
            movie's samples go into image files as they are, which Y'CbCr cannot.

    Raises:
        SettingsError: the text names no output, or the movie cannot be.
        MediaError: the output is the input, or its format is another.
        UnwritableFrameError: the folder cannot be made or written, is full, or holds others' files.
    """
    wanted = clip.numbers if numbers is None else numbers
    if is_movie(str(text)) and not os.path.isdir(text):
        return _movie_writer(
            Path(text),
            clip,
            numbers=wanted,
            codec=codec,
            purpose=purpose,
            depends_on=depends_on,
            also_done=also_done,
            resume=resume,
            overwrite=overwrite,
        )
    pattern = resolve_output(str(text), clip, wanted)
    if as_image is None:
        _refuse_ycbcr(text, clip)
    output = _open_output(
        pattern,
        clip,
        wanted,
        purpose=f"{purpose}\0{keep_compression}",
        depends_on=_all_files(clip, reach, depends_on),
        also_done=also_done,
        resume=resume,
        overwrite=overwrite,
    )
    return SequenceWriter(output, wanted, keep_compression=keep_compression, as_image=as_image)


def create_matte_writer(
    text: str | Path,
    clip: Clip,
    *,
    numbers: FrameRange | None = None,
    purpose: str = "",
    reach: int = 0,
    depends_on: Files | None = None,
    resume: bool = True,
    overwrite: bool = False,
    apart_from: FrameWriter | None = None,
    bits: int = 16,
) -> MatteWriter:
    """A writer for the mattes of a clip; all that can be refused is refused here.

    Args:
        text: a folder (PNG files under the names of the clip's), a pattern ending in .exr, .png or
            .tif, or a file for a single matte.
        clip: the pictures the mattes are for.
        numbers: the mattes that will be written; all of the clip where None.
        purpose: all that changes mattes besides the sources.
        reach: frames on each side that a matte depends on.
        depends_on: further files a matte depends on.
        resume: leave mattes alone that are done, where `claim` is asked.
        overwrite: also replace files that filmrestore did not write.
        apart_from: writer of the pictures, which must not go to the same files.
        bits: of PNG and TIFF, 8 or 16.

    Raises:
        SettingsError: the text names no output.
        MediaError: the output is the input or the pictures' output.
        UnwritableFrameError: the folder cannot be made or written, is full, or holds others' files.
    """
    wanted = clip.numbers if numbers is None else numbers
    pattern = resolve_matte_output(str(text), clip, wanted)
    if apart_from is not None:
        refuse_shared_names(map(pattern.path, wanted), map(apart_from.path, apart_from.numbers))
    output = _open_output(
        pattern,
        clip,
        wanted,
        purpose=f"{purpose}\0{bits}",
        depends_on=_all_files(clip, reach, depends_on),
        also_done=None,
        resume=resume,
        overwrite=overwrite,
    )
    return MatteWriter(output, wanted, display_windows=display_windows_of(clip), bits=bits)


def _open_output(
    pattern: SequencePattern,
    clip: Clip,
    wanted: FrameRange,
    *,
    purpose: str,
    depends_on: Files | None,
    also_done: Callable[[int], bool] | None,
    resume: bool,
    overwrite: bool,
) -> OutputSequence:
    refuse_same_files(
        [pattern.path(n) for n in wanted],
        dict.fromkeys(p for n in clip.numbers for p in source_files(clip, n)),
        clip.pattern.whole if isinstance(clip, SequenceClip) else None,
    )
    if not overwrite:
        refuse_foreign_files(pattern, wanted)
    first = wanted.first if wanted else 0
    prepare_folder(pattern.path(first), _frame_bytes(clip, wanted))
    try:
        return OutputSequence(
            pattern, purpose=purpose, depends_on=depends_on, also_done=also_done, resume=resume
        )
    except OSError as error:
        raise unwritable_folder(pattern.folder, error) from error


def _movie_writer(target: Path, clip: Clip, **options: Any) -> FrameWriter:
    from filmrestore_core.media.movie_clip import MovieClip
    from filmrestore_core.media.movie_writer import MovieWriter

    if isinstance(clip, MovieClip):
        return MovieWriter(target, clip, **options)
    raise MediaError(
        f"Output '{target}' is a movie, but '{clip.name}' is not; frames are restored in their own "
        "format, so that what is not damaged keeps its bits.",
        path=target,
        hint="name a folder",
    )


def _refuse_ycbcr(text: str | Path, clip: Clip) -> None:
    """A movie says what its frames will be before one is read."""
    facts = getattr(clip, "facts", None)
    if facts is None:
        return
    layout = layout_of(facts.pix_fmt)
    if layout is not None and "Cb" in layout.places:
        raise MediaError(
            f"Output '{text}' is an image sequence, but '{clip.name}' holds Y'CbCr samples "
            f"({facts.pix_fmt}), which image files cannot hold unchanged.",
            path=text,
            hint="write a movie: .mkv keeps every sample",
        )


def _all_files(clip: Clip, reach: int, further: Files | None) -> Files | None:
    """The files that a frame's result depends on; None where the clip is not on disk."""
    if not clip.numbers or not source_files(clip, clip.numbers.first):
        return None

    def files(number: int) -> Iterable[Path]:
        near = clip.numbers.intersect(FrameRange.span(number - reach, number + reach))
        yield from (path for n in near for path in source_files(clip, n))
        if further is not None:
            yield from further(number)

    return files


def source_files(clip: Clip, number: int) -> tuple[Path, ...]:
    """The files a frame is read from; none where the clip is not on disk."""
    if isinstance(clip, SequenceClip):
        return (clip.path(number),)
    path = getattr(clip, "path", None)
    return (path,) if isinstance(path, Path) else ()


def _open(text: str) -> Clip:
    if not text.strip():
        raise SettingsError("No input is named.", hint="name a folder, a pattern or a movie")
    if os.path.isdir(text):
        return SequenceClip(only_sequence(Path(text)), name=text)
    if is_movie(text):
        if not os.path.exists(text):
            raise MediaError(f"'{text}' does not exist.", path=text)
        from filmrestore_core.media.movie_clip import MovieClip

        return MovieClip(Path(text))
    pattern = SequencePattern.parse(text)
    if not is_image(pattern.name):
        what = "does not exist" if not os.path.lexists(text) else "is no image or movie"
        raise MediaError(f"'{text}' {what}.", path=text, hint=f"images end in {', '.join(FORMATS)}")
    if not pattern.scan():
        what = "does not exist" if pattern.is_one_file else "matches no file"
        raise MediaError(f"'{text}' {what}.", path=text, hint=_instead(pattern))
    return SequenceClip(pattern, name=text)


def _instead(pattern: SequencePattern) -> str | None:
    found = find_sequences(pattern.folder)
    return f"the folder holds {listing(found)}" if found else None


def _frame_bytes(clip: Clip, numbers: FrameRange) -> int:
    for number in numbers[:3]:
        for path in source_files(clip, number):
            if isinstance(clip, SequenceClip):
                try:
                    return os.stat(path).st_size
                except OSError:
                    continue
    return _UNKNOWN_FRAME_BYTES
