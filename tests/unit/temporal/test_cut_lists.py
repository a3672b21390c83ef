from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from filmrestore_core.errors import SettingsError
from filmrestore_core.temporal.cut_lists import read_cuts

RATE = Fraction(24)

EDL = """TITLE: reel two
FCM: NON-DROP FRAME

001  AX       V     C        00:00:10:00 00:00:11:12 01:00:00:00 01:00:01:12
002  AX       V     C        00:01:00:00 00:01:02:00 01:00:01:12 01:00:03:12
003  AX       V     C        00:00:00:00 00:00:01:00 01:00:03:12 01:00:04:12
"""


def _read(path: Path, text: str, first_frame: int = 1001) -> tuple[int, ...]:
    path.write_text(text, encoding="utf-8")
    return read_cuts(path, rate=RATE, first_frame=first_frame).starts


def test_an_edl_is_laid_on_the_clips_first_frame(tmp_path: Path) -> None:
    assert _read(tmp_path / "cut.edl", EDL) == (1001, 1037, 1085)


def test_an_otio_timeline_says_the_same(tmp_path: Path) -> None:
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    for frames in (36, 48, 24):
        length = otio.opentime.RationalTime(frames, 24)
        start = otio.opentime.RationalTime(86400, 24)
        track.append(otio.schema.Clip(source_range=otio.opentime.TimeRange(start, length)))
    timeline = otio.schema.Timeline("reel")
    timeline.tracks.append(track)
    otio.adapters.write_to_file(timeline, str(tmp_path / "cut.otio"))
    starts = read_cuts(tmp_path / "cut.otio", rate=RATE, first_frame=0).starts
    assert starts == (0, 36, 84)


def test_text_has_frames_or_time_codes(tmp_path: Path) -> None:
    text = "# reel 2\n1001\n1037  # second shot\n\n00:00:03:12\n"
    assert _read(tmp_path / "cut.txt", text) == (1001, 1037, 1085)


def test_pyscenedetect_lists_count_from_one(tmp_path: Path) -> None:
    text = (
        "Timecode List:,00:00:01.500\n"
        "Scene Number,Start Frame,Start Timecode,End Frame\n"
        "1,1,00:00:00.000,36\n2,37,00:00:01.500,84\n"
    )
    assert _read(tmp_path / "list.csv", text) == (1001, 1037)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "1001\nlater\n", "line 2: 'later'"),
        ("a.txt", "# nothing\n", "names no shot"),
        ("a.csv", "a,b\n1,2\n", "Start Frame"),
        ("a.csv", "Start Frame\nx\n", "line 2"),
        ("a.otio", "{}", "no video track"),
        ("a.otio", "no json", "cannot be read"),
        ("a.edl", "001 nonsense\n", "a.edl"),
    ],
)
def test_a_wrong_list_is_refused_with_its_line(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        _read(tmp_path / name, text)


def test_a_missing_list_or_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_cuts(tmp_path / "no.edl", rate=RATE, first_frame=0)
    with pytest.raises(SettingsError, match="no file"):
        read_cuts(tmp_path, rate=RATE, first_frame=0)
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(SettingsError, match="readable text"):
        read_cuts(tmp_path / "b.txt", rate=RATE, first_frame=0)
