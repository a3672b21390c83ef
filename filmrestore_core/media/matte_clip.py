"""FileMattes: mattes from image files, as a MatteSource."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.clip import Clip
from filmrestore_core.errors import MediaError, MixedSequenceError, UnreadableFrameError
from filmrestore_core.frame import Part
from filmrestore_core.media.image_file import probe_image
from filmrestore_core.media.matte_frame import coverage_of, matte_channel
from filmrestore_core.settings import MatteSettings

DisplayWindows = Callable[[int], Box | None]
"""The display window of a picture by frame number; None where it is not known."""


class FileMattes:
    """A clip of mattes; a MatteSource. Thread-safe as its clip is.

    A matte is laid with its display window on the picture's. Where it is as large as the data
    window instead, it is laid on that. What lies outside the matte is not covered, inverted or not.
    """

    def __init__(
        self,
        clip: Clip,
        settings: MatteSettings | None = None,
        *,
        display_windows: DisplayWindows | None = None,
    ) -> None:
        """Take mattes from a clip.

        Args:
            clip: the mattes, under the frame numbers of the pictures they are for.
            settings: channel, polarity, threshold; MatteSettings() where None.
            display_windows: of the pictures, see `display_windows_of`; where None, a picture's data
                window stands for it unless it begins elsewhere than the matte.
        """
        self._clip = clip
        self._settings = settings or MatteSettings()
        self._display_windows = display_windows

    @property
    def clip(self) -> Clip:
        """The mattes as frames."""
        return self._clip

    def coverage(self, number: int, box: Box) -> NDArray[np.float32] | None:
        """Coverage (H, W) float32 0 to 1 over `box`; None where there is no matte of that number.

        Raises:
            UnreadableFrameError: the matte cannot be read.
            MixedSequenceError: it is of another size than the picture.
            MediaError: it has no such channel.
        """
        if number not in self._clip.numbers:
            return None
        frame = self._clip.read(number)
        if not frame.parts:
            raise UnreadableFrameError(
                f"Frame {number}: matte '{frame.source}' is {frame.locked} and cannot be read.",
                frame=number,
                path=frame.source,
            )
        part, channel = matte_channel(frame, self._settings.channel)
        if part.subsampling.get(channel, (1, 1)) != (1, 1):
            raise MediaError(
                f"Frame {number}: channel '{channel}' of matte '{frame.source}' is subsampled.",
                frame=number,
                path=frame.source,
            )
        found = coverage_of(
            part, channel, invert=self._settings.invert, threshold=self._settings.threshold
        )
        window = self._laid(number, part, box, frame.source)
        result = np.zeros(box.shape, np.float32)
        shared = window.intersect(box)
        if not shared.is_empty:
            result[shared.slices(box)] = found[shared.slices(window)]
        return result

    def _laid(self, number: int, part: Part, box: Box, source: Path | None) -> Box:
        """Where the matte's samples lie in the picture's coordinates."""
        display = self._display_windows(number) if self._display_windows else None
        data, own = part.data_window, part.display_window
        if data == box:
            return data
        if display is not None and own.shape == display.shape:
            return data.shift(display.x - own.x, display.y - own.y)
        if data.shape == box.shape:
            return box
        if display is None and (box.x, box.y) != (own.x, own.y) and own.contains(box):
            return data
        size = display or box
        raise MixedSequenceError(
            f"Frame {number}: matte '{source}' is {own.width} x {own.height} pixels, the picture "
            f"{size.width} x {size.height}.",
            frame=number,
            path=source,
        )


def display_windows_of(clip: Clip) -> DisplayWindows:
    """The display windows of a clip's pictures, from headers where they are files."""
    path_of = getattr(clip, "path", None)

    def of_file(number: int) -> Box | None:
        try:
            return probe_image(path_of(number)).parts[0].display_window  # type: ignore[misc]
        except (MediaError, IndexError):
            return None

    if callable(path_of):
        return of_file
    known: dict[str, Box | None] = {}

    def of_clip(number: int) -> Box | None:
        # A movie's pictures are all of one size.
        if "one" not in known:
            try:
                known["one"] = clip.read(number).parts[0].display_window
            except (MediaError, IndexError):
                return None
        return known["one"]

    return of_clip
