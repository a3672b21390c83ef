"""Which files an output text means."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, SettingsError
from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.inspect_file import FORMATS
from filmrestore_core.media.matte_writer import MATTE_EXTENSIONS
from filmrestore_core.media.sequence import SequencePattern, is_image, is_movie
from filmrestore_core.media.sequence_clip import SequenceClip


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
        pattern = _parsed(text)
    _check_count(text, pattern, numbers)
    _check_format(text, pattern, source)
    return pattern


def resolve_matte_output(text: str, clip: Clip, numbers: FrameRange) -> SequencePattern:
    """The files a matte output's text means; in a folder, PNG files under the clip's names.

    Raises:
        SettingsError: it names none, one file for several frames, or no format of mattes.
    """
    if _means_folder(text):
        if isinstance(clip, SequenceClip):
            source = clip.pattern
            end = source.prefix if source.width is None else source.suffix
            renamed = end.rpartition(".")[0] + ".png"
            pattern = replace(source, folder=Path(text), frames=None)
            if source.width is None:
                pattern = replace(pattern, prefix=renamed)
            else:
                pattern = replace(pattern, suffix=renamed)
        else:
            stem = os.path.splitext(os.path.basename(clip.name))[0]
            pattern = SequencePattern(Path(text), f"{stem}.", 6, ".png")
    else:
        pattern = _parsed(text)
    _check_count(text, pattern, numbers)
    if pattern.extension not in MATTE_EXTENSIONS:
        raise SettingsError(
            f"Matte output '{text}' ends in '{pattern.extension}'.",
            hint=f"mattes end in {', '.join(MATTE_EXTENSIONS)}",
        )
    return pattern


def _parsed(text: str) -> SequencePattern:
    pattern = SequencePattern.parse(text)
    if pattern.is_one_file:
        return replace(SequencePattern.still(text), frames=None)
    return replace(pattern, frames=None)


def _check_count(text: str, pattern: SequencePattern, numbers: FrameRange) -> None:
    if pattern.width is None and len(numbers) > 1:
        stem, extension = os.path.splitext(pattern.name)
        raise SettingsError(
            f"Output '{text}' is one file for {len(numbers)} frames.",
            hint=f"write for instance {stem}.####{extension}",
        )


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
