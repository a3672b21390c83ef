"""One image file <-> Frame; the only module that imports OpenImageIO.

OpenImageIO answers failure with None or False and keeps the text aside, multiplies straight alpha
into the colors unless told not to, and scales 10-bit codes up to 16; none of this leaves here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from filmrestore_core.box import Box
from filmrestore_core.errors import UnreadableFrameError, UnwritableFrameError
from filmrestore_core.frame import AttributeValue, Frame, Part, PixelFormat
from filmrestore_core.media.image_header import ImageHeader, PartHeader, WriteNotes

FORMATS = {
    ".exr": "openexr",
    ".dpx": "dpx",
    ".cin": "cineon",
    ".tif": "tiff",
    ".tiff": "tiff",
    ".png": "png",
}

# The largest picture a frame may be; a header that claims more is taken for a bomb.
LARGEST_PICTURE_MB = 4096

oiio.attribute("limits:imagesize_MB", LARGEST_PICTURE_MB)
oiio.attribute("limits:channels", 1024)
oiio.attribute("try_all_readers", 0)  # or a TIFF named .exr opens as TIFF

_DTYPES = {
    "uint8": "uint8",
    "uint16": "uint16",
    "uint": "uint32",
    "uint32": "uint32",
    "int16": "int16",
    "int": "int32",
    "int32": "int32",
    "half": "float16",
    "float": "float32",
}


def read_image(path: Path, number: int) -> Frame:
    """Read one file in its stored formats.

    Args:
        path: the file; its extension says the format.
        number: frame number the Frame gets and errors name.

    Returns:
        The frame. Planes hold code values of `PixelFormat.bits` (a 10-bit file: 0 to 1023). A kind
        of file that cannot be edited exactly has `locked` set.

    Raises:
        UnreadableFrameError: the file is missing, no plain file, damaged, cut short, too large, or
            not what its extension says.
    """
    try:
        _check_file(path)
        with _Reader(path) as reader:
            parts = tuple(reader.part(i, spec) for i, spec in enumerate(reader.specs()))
    except UnreadableFrameError as e:
        raise _unreadable(path, number, e.message) from e
    return Frame(number, parts, path)


def probe_image(path: Path) -> ImageHeader:
    """Read what a file's header says; no samples.

    Raises:
        UnreadableFrameError: as for `read_image`, as far as the header shows it.
    """
    try:
        nbytes = _check_file(path)
        with _Reader(path) as reader:
            parts = tuple(_part_header(s) for s in reader.specs())
    except UnreadableFrameError as e:
        raise _unreadable(path, None, e.message) from e
    return ImageHeader(path, FORMATS[path.suffix.lower()], nbytes, parts)


def write_new(path: Path, frame: Frame) -> WriteNotes:
    """Write a fresh file of a frame's parts: EXR (zip), PNG, TIFF or DPX by extension.

    Raises:
        UnwritableFrameError: the format cannot hold these samples, or the file did not come out.
    """
    specs = [_new_spec(part) for part in frame.parts]
    output = oiio.ImageOutput.create(path.name)
    if output is None:
        raise UnwritableFrameError(
            f"Frame {frame.number} cannot be written to {path}: {_text(oiio.geterror)}.",
            frame=frame.number, path=path,
        )  # fmt: skip
    try:
        opened = output.open(str(path), tuple(specs) if len(specs) > 1 else specs[0])
        good = bool(opened)
        for i, part in enumerate(frame.parts):
            if i and good:
                good = bool(output.open(str(path), specs[i], "AppendSubimage"))
            good = good and bool(output.write_image(_stored_samples(part)))
    finally:
        closed = bool(output.close())
    complaint = _text(output.geterror)
    if not (good and closed) or complaint:
        raise UnwritableFrameError(
            f"Frame {frame.number} could not be written to {path}: {complaint}.",
            frame=frame.number, path=path,
        )  # fmt: skip
    return WriteNotes(compression=specs[0].get_string_attribute("compression"))


class _Reader:
    """An open file."""

    def __init__(self, path: Path) -> None:
        config = oiio.ImageSpec()
        config.attribute("oiio:UnassociatedAlpha", 1)
        config.attribute("oiio:RawColor", 1)
        self._input = oiio.ImageInput.open(str(path), config)
        if self._input is None:
            raise UnreadableFrameError(_text(oiio.geterror))

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self._input.close()

    def specs(self) -> Iterator[Any]:
        index = 0
        while self._input.seek_subimage(index, 0):
            yield self._input.spec()
            index += 1

    def part(self, index: int, spec: Any) -> Part:
        header = _part_header(spec)
        planes: dict[str, NDArray[Any]] = {}
        start = 0
        types = [str(t) for t in spec.get_channelformats()]
        for kind, run in groupby(types):
            count = len(list(run))
            samples = self._input.read_image(index, 0, start, start + count, oiio.TypeDesc(kind))
            if samples is None:
                raise UnreadableFrameError(_text(self._input.geterror))
            for c in range(count):
                name = spec.channelnames[start + c]
                fmt = header.formats[name]
                plane = np.ascontiguousarray(samples[..., c])
                spare = plane.dtype.itemsize * 8 - fmt.bits
                planes[name] = plane >> spare if spare and not fmt.is_float else plane
            start += count
        return Part(
            header.name,
            planes,
            header.formats,
            header.data_window,
            header.display_window,
            header.attributes,
        )


def _part_header(spec: Any) -> PartHeader:
    formats = {}
    for name, kind in zip(spec.channelnames, spec.get_channelformats(), strict=True):
        dtype = _DTYPES.get(str(kind))
        if dtype is None:
            raise UnreadableFrameError(f"its samples are of type {kind}")
        bits = int(spec.get_int_attribute("oiio:BitsPerSample", 0))
        whole = np.dtype(dtype).itemsize * 8
        formats[name] = PixelFormat(dtype, bits if 0 < bits < whole else whole)
    return PartHeader(
        spec.get_string_attribute("oiio:subimagename") or spec.get_string_attribute("name"),
        formats,
        Box(spec.x, spec.y, spec.width, spec.height),
        Box(spec.full_x, spec.full_y, spec.full_width, spec.full_height),
        spec.get_string_attribute("compression"),
        {a.name: _plain(a.value) for a in spec.extra_attribs},
    )


def _plain(value: Any) -> AttributeValue:
    if isinstance(value, np.ndarray):
        return value.tobytes() if value.dtype == np.uint8 else tuple(value.tolist())
    return value


def _check_file(path: Path) -> int:
    """Size in bytes of a plain, non-empty file of a known extension."""
    if path.suffix.lower() not in FORMATS:
        raise UnreadableFrameError(f"'{path.suffix}' is none of {', '.join(FORMATS)}")
    try:
        info = os.stat(path)
    except OSError as e:
        raise UnreadableFrameError(e.strerror or str(e)) from e
    if not stat.S_ISREG(info.st_mode):
        raise UnreadableFrameError("it is no plain file")  # a FIFO would hang the reader
    if info.st_size == 0:
        raise UnreadableFrameError("the file is empty")
    return info.st_size


def _unreadable(path: Path, number: int | None, reason: str) -> UnreadableFrameError:
    who = "The image" if number is None else f"Frame {number}"
    reason = reason.strip().rstrip(".") or "the reader gives no reason"
    return UnreadableFrameError(
        f"{who} cannot be read from {path}: {reason}.", frame=number, path=path
    )


def _text(geterror: Any) -> str:
    """What the library complains about; garbage in a header may not even be text."""
    try:
        return str(geterror()).strip()
    except UnicodeDecodeError:
        return "the file holds garbage where text should be"


def _new_spec(part: Part) -> Any:
    kinds = {str(p.dtype): p.dtype for p in part.planes.values()}
    box, display = part.data_window, part.display_window
    dtype = next(iter(kinds.values()))
    spec = oiio.ImageSpec(box.width, box.height, len(part.planes), _type_name(dtype))
    spec.x, spec.y = box.x, box.y
    spec.full_x, spec.full_y = display.x, display.y
    spec.full_width, spec.full_height = display.width, display.height
    spec.channelnames = tuple(part.planes)
    bits = next(iter(part.formats.values())).bits
    if bits != dtype.itemsize * 8:
        spec.attribute("oiio:BitsPerSample", bits)
    if part.name:
        spec.attribute("oiio:subimagename", part.name)
    spec.attribute("oiio:UnassociatedAlpha", 1)
    spec.attribute("DateTime", "")
    spec.attribute("compression", "zip")
    return spec


def _type_name(dtype: np.dtype[Any]) -> str:
    return {"float16": "half", "float32": "float", "uint32": "uint", "int32": "int"}.get(
        dtype.name, dtype.name
    )


def _stored_samples(part: Part) -> NDArray[Any]:
    """(H, W, C) as the library wants them: codes of fewer bits spread over the whole word."""
    planes = []
    for name, plane in part.planes.items():
        fmt = part.formats[name]
        spare = plane.dtype.itemsize * 8 - fmt.bits
        if spare and not fmt.is_float:
            plane = (plane << spare) | (plane >> (fmt.bits - spare))
        planes.append(plane)
    return np.stack(planes, axis=-1)
