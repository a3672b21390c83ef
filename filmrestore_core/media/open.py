"""open_clip and create_writer: what a user types becomes a clip or a writer."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, MissingFrameError, SettingsError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.image_file import FORMATS
from filmrestore_core.media.output_check import (
    prepare_folder,
    refuse_foreign_files,
    refuse_same_files,
)
from filmrestore_core.media.output_sequence import Files, OutputSequence
from filmrestore_core.media.sequence import SequencePattern, is_image, is_movie
from filmrestore_core.media.sequence_clip import SequenceClip
from filmrestore_core.media.sequence_folder import find_sequences, listing, only_sequence
from filmrestore_core.media.writer import FrameWriter, SequenceWriter

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
    companions: Files | None = None,
    resume: bool = True,
    overwrite: bool = False,
    keep_compression: bool = False,
) -> FrameWriter:
    """A writer for the frames of a clip; all that can be refused is refused here.

    Args:
        text: a folder (the files keep their names) or a pattern in the notations of `open_clip`;
            a file for a single frame. Folders are made where they do not exist.
        clip: what is restored.
        numbers: the frames that will be written; all of the clip where None.
        purpose: all that changes pixels besides the sources: digest of settings, models, versions.
        reach: frames on each side that a result depends on; a change there makes it anew.
        depends_on: further files a result depends on, such as its given matte.
        companions: files that must exist too for a frame to count as done, such as its matte.
        resume: leave frames alone that are done; False makes them anew.
        overwrite: also replace files that filmrestore did not write.
        keep_compression: keep lossy compression, see SequenceWriter.

    Raises:
        SettingsError: the text names no output.
        MediaError: the output is the input, or its format is another.
        UnwritableFrameError: the folder cannot be made or written, is full, or holds others' files.
    """
    wanted = clip.numbers if numbers is None else numbers
    pattern = resolve_output(str(text), clip, wanted)
    sources = [p for n in clip.numbers for p in source_files(clip, n)]
    refuse_same_files(
        [pattern.path(n) for n in wanted],
        sources,
        clip.pattern.whole if isinstance(clip, SequenceClip) else None,
    )
    if not overwrite:
        refuse_foreign_files(pattern, wanted)
    prepare_folder(pattern.folder, _frame_bytes(clip, wanted))

    def files(number: int) -> Iterable[Path]:
        near = clip.numbers.intersect(FrameRange.span(number - reach, number + reach))
        yield from (path for n in near for path in source_files(clip, n))
        yield from () if depends_on is None else depends_on(number)

    output = OutputSequence(
        pattern,
        purpose=purpose,
        depends_on=files if sources else None,
        companions=companions,
        resume=resume,
    )
    return SequenceWriter(output, wanted, keep_compression=keep_compression)


def resolve_output(text: str, clip: Clip, numbers: FrameRange) -> SequencePattern:
    """The files an output text means.

    Raises:
        SettingsError: it names none, or one file for several frames.
        MediaError: its format is not the clip's.
    """
    source = clip.pattern if isinstance(clip, SequenceClip) else None
    if _means_folder(text):
        if source is None:
            raise SettingsError(
                f"Output '{text}' is a folder, but '{clip.name}' has no file names to keep.",
                hint="write for instance out/shot.####.exr",
            )
        pattern = replace(source, folder=Path(text), frames=None)
    else:
        pattern = SequencePattern.parse(text)
        if pattern.is_one_file:
            pattern = SequencePattern.still(text)
        pattern = replace(pattern, frames=None)
    if pattern.width is None and len(numbers) > 1:
        stem, extension = os.path.splitext(pattern.name)
        raise SettingsError(
            f"Output '{text}' is one file for {len(numbers)} frames.",
            hint=f"write for instance {stem}.####{extension}",
        )
    _check_format(text, pattern, source)
    return pattern


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


def _means_folder(text: str) -> bool:
    if not text.strip():
        raise SettingsError("No output is named.", hint="name a folder or a pattern")
    separators = tuple(s for s in (os.sep, os.altsep) if s)
    if text.endswith(separators) or os.path.isdir(text):
        return True
    extension = os.path.splitext(text)[1]
    if is_image(text) or is_movie(text):
        return False
    if extension and extension[1:].isalpha():
        raise SettingsError(
            f"Output '{text}' ends in '{extension}', which filmrestore does not write.",
            hint=f"images end in {', '.join(FORMATS)}; end a folder's name with /",
        )
    return SequencePattern.parse(text).is_one_file


def _check_format(text: str, pattern: SequencePattern, source: SequencePattern | None) -> None:
    wanted = FORMATS.get(pattern.extension)
    if wanted is None:
        raise MediaError(
            f"Output '{text}' ends in '{pattern.extension}', which filmrestore does not write.",
            path=text,
            hint=f"images end in {', '.join(FORMATS)}",
        )
    if source is not None and wanted != FORMATS.get(source.extension):
        raise MediaError(
            f"Output '{text}' is of another format than the input's '{source.extension}'; frames "
            "are restored in their own format, so that what is not damaged keeps its bits.",
            path=text,
            hint=f"end the output in {source.extension}",
        )


def _frame_bytes(clip: Clip, numbers: FrameRange) -> int:
    for number in numbers[:3]:
        for path in source_files(clip, number):
            if isinstance(clip, SequenceClip):
                try:
                    return os.stat(path).st_size
                except OSError:
                    continue
    return _UNKNOWN_FRAME_BYTES
