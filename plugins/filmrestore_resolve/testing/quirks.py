"""What differs between versions and editions of Resolve, or is disputed: one switch each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quirks:
    """How this Resolve behaves.

    Attributes:
        end_frame: whether AppendToTimeline and AddTake count `endFrame` in.
        sequence_start: whether `startFrame` of a sequence counts from 0 or from its first number.
        source_start_off: what GetSourceStartFrame is off by.
        source_end: whether GetSourceEndFrame counts its frame in.
        empty_list: what stands for an empty list.
        rate_form: how timelineFrameRate comes back.
        fps_form: how a clip's FPS comes back.
        import_rate: what an imported sequence runs at; "project" or a number.
        rate_fixed: SetClipProperty("FPS") answers False.
        has_speed: TimelineItem.GetSpeed is there (21.1).
        has_type: TimelineItem.GetType is there (21.1).
        has_selected_clips: Timeline.GetSelectedClips is there (21.0.4).
        has_source_time: TimelineItem.GetSourceStartTime is there.
        add_track_index: AddTrack takes a place; else the track lands on top.
        track_overflow: where an append above the last track goes: "first", "refused".
        append_page: AppendToTimeline and DeleteClips work on the Edit page only.
        append_needs_selection: AppendToTimeline needs a selected clip in the pool (before 20.3.2).
        append_short: how many frames every append is too short, whatever is asked.
        append_moved: how many frames late every append lands, whatever is asked.
        track_enable_lies: SetTrackEnable answers True and does nothing (21.0.4.5).
        bin_opens_new: AddSubFolder makes the new bin the current one.
        take_selected_on_add: AddTake selects the take it adds.
        take_selector_stays: a take selector with one take left stays one.
        third_party: pool clips keep free-form metadata.
        status_language: JobStatus is translated.
        studio: the edition.
        ui_manager: Fusion has a UIManager.
        step_loop: its dispatcher has StepLoop.
        version: as GetVersion gives it.
        page: the page that is open; None for headless Resolve.
    """

    end_frame: str = "exclusive"
    sequence_start: str = "zero"
    source_start_off: int = 0
    source_end: str = "inclusive"
    empty_list: str = "list"
    rate_form: str = "number"
    fps_form: str = "float"
    import_rate: str = "project"
    rate_fixed: bool = False
    has_speed: bool = True
    has_type: bool = True
    has_selected_clips: bool = True
    has_source_time: bool = True
    add_track_index: bool = True
    track_overflow: str = "first"
    append_page: bool = False
    append_needs_selection: bool = False
    append_short: int = 0
    append_moved: int = 0
    track_enable_lies: bool = False
    bin_opens_new: bool = False
    take_selected_on_add: bool = False
    take_selector_stays: bool = False
    third_party: bool = True
    status_language: str = "en"
    studio: bool = True
    ui_manager: bool = False
    step_loop: bool = True
    version: tuple[int, int, int, int, str] = (21, 1, 0, 12, "")
    page: str | None = "edit"
