from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from filmrestore_core.framerange import FrameRange
from filmrestore_core.media.sequence import SequencePattern
from filmrestore_core.media.sequence_folder import find_sequences

# Anything a file name may hold, but for digits and hyphens, which may be read as numbers.
PREFIXES = st.text(
    st.characters(exclude_characters="/\0-", exclude_categories=["Cs", "Nd"]), max_size=12
)
SUFFIXES = st.sampled_from([".exr", ".DPX", ".tif", "_v.png", ".beauty.exr"])
NUMBERS = st.integers(-(10**7), 10**7)


@given(PREFIXES, st.integers(1, 9), SUFFIXES, NUMBERS)
def test_a_file_name_gives_its_number_back(
    prefix: str, width: int, suffix: str, number: int
) -> None:
    pattern = SequencePattern(Path("in"), prefix, width, suffix)
    assert pattern.number_of(pattern.file_name(number)) == number


@given(PREFIXES, st.integers(1, 9), SUFFIXES)
def test_a_pattern_reads_its_own_text(prefix: str, width: int, suffix: str) -> None:
    for token in ("#" * width, "@" * width, f"%0{width}d", f"$F{width}"):
        # A sign of the same kind right before the padding belongs to it.
        text = f"in/{prefix}.{token}{suffix}"
        expected = SequencePattern(Path("in"), f"{prefix}.", width, suffix)
        assert SequencePattern.parse(text) == expected


@given(st.text(st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1))
def test_any_file_is_its_own_one_frame(name: str) -> None:
    pattern = SequencePattern.of_file(Path("in") / name) if name not in (".", "..") else None
    if pattern is not None:
        (number,) = pattern.frames or ()
        assert pattern.file_name(number) == name


@given(prefix=PREFIXES, numbers=st.sets(NUMBERS, min_size=2, max_size=6), width=st.integers(2, 8))
def test_a_folder_is_grouped_as_it_was_written(
    tmp_path_factory: object, prefix: str, numbers: set[int], width: int
) -> None:
    folder = tmp_path_factory.mktemp("names")  # type: ignore[attr-defined]
    pattern = SequencePattern(folder, f"x{prefix}.", width, ".png")
    for number in numbers | {1}:  # one that shows the padding
        pattern.path(number).touch()
    (found,) = find_sequences(folder)
    assert found.whole == pattern
    assert found.frames == FrameRange(numbers | {1})
