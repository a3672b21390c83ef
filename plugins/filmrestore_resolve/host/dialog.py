"""The dialog, by Fusion's UIManager, which Resolve Studio has; the documented elements only."""

import time
from typing import Any, Dict, List, Mapping, Optional

from filmrestore_resolve.host.api import has
from filmrestore_resolve.host.choices import (
    CLIP_COLORS,
    HOW_TO_CHOOSE,
    WHERE_TO_PLACE,
    checked_choices,
)
from filmrestore_resolve.host.config import Config
from filmrestore_resolve.host.messages import LOG, Refusal, Voice, count_of
from filmrestore_resolve.host.renderer import Progress
from filmrestore_resolve.host.restoring import look
from filmrestore_resolve.host.session import Session
from filmrestore_resolve.host.watching import Watcher

WINDOW = "FilmrestoreWindow"
_HOW = ("Selected clips", "Clip color", "In to out", "Clip under the playhead", "Whole track")
_WHERE = ("Track above", "Take", "Bin only")
_CHECKS = (
    ("matte", "Write mattes too"),
    ("copy_grade", "Copy the grade"),
    ("markers", "A marker for each shot"),
    ("bad_frame_markers", "Markers on the worst frames"),
    ("timeline_render", "Timeline render for what cannot be read"),
)


class Window(Watcher):
    """The open dialog; it watches the job once that runs.

    Attributes:
        choices: what the user chose; None where the window was closed.
    """

    def __init__(self, ui: Any, dispatcher: Any, session: Session, config: Config) -> None:
        Watcher.__init__(self, Voice())
        self.ui = ui
        self.dispatcher = dispatcher
        self.session = session
        self.config = config
        self.choices: Optional[Dict[str, Any]] = None
        self.window: Any = None
        self.items: Any = None
        self.base: Dict[str, Any] = {}
        self.lines: List[str] = []
        self.running = False

    def open(self, choices: Mapping[str, Any]) -> None:
        """Show it with these choices, and wait for the user."""
        self.base = dict(choices)
        self.window = self.dispatcher.AddWindow(
            {"ID": WINDOW, "WindowTitle": "filmrestore", "Geometry": [200, 150, 640, 640]},
            [self.ui.VGroup({"Spacing": 6}, self._rows())],
        )
        self.items = self.window.GetItems()
        self._fill()
        on = self.window.On
        on.Start.Clicked = self._start
        on.Stop.Clicked = self._stop
        getattr(on, WINDOW).Close = self._stop
        on.Choose.CurrentIndexChanged = self._look_again
        on.Color.CurrentIndexChanged = self._look_again
        self._look_again(None)
        self.window.Show()
        self.dispatcher.RunLoop()

    def note(self, line: str) -> None:
        """Another line below; asked for by whoever says something."""
        self.lines.append(line)
        self.items["Log"].PlainText = "\n".join(self.lines[-200:])

    def progress(self, progress: Progress) -> None:
        """The line above the log, with speed and time left."""
        self.items["Progress"].Text = progress.line()

    def pause(self, seconds: float) -> None:
        """Serve the window, where this version can do so in between."""
        if has(self.dispatcher, "StepLoop"):
            self.dispatcher.StepLoop(int(seconds * 1000))
        time.sleep(seconds)

    def _rows(self) -> List[Any]:
        ui = self.ui

        def row(label: str, *elements: Any) -> Any:
            named = [ui.Label({"Text": label, "Weight": 0.3})]
            return ui.HGroup({"Weight": 0}, named + list(elements))

        title = "%s, %s" % (self.session.project_name, self.session.timeline.name)
        checks = [
            ui.CheckBox({"ID": _element(name), "Text": text, "Weight": 0}) for name, text in _CHECKS
        ]
        return [
            ui.Label({"Text": title, "Weight": 0}),
            row("Restore", ui.ComboBox({"ID": "Choose"}), ui.ComboBox({"ID": "Color"})),
            ui.TextEdit({"ID": "Shots", "ReadOnly": True, "Weight": 1}),
            row("Preset", ui.ComboBox({"ID": "Preset"})),
            row("Sensitivity 0 to 1", ui.LineEdit({"ID": "Sensitivity"})),
            row("Place as", ui.ComboBox({"ID": "Place"})),
            row("Handles", ui.SpinBox({"ID": "Handles", "Minimum": 0, "Maximum": 999})),
            row("Folder (empty: beside the media)", ui.LineEdit({"ID": "Folder"})),
        ] + checks + [
            ui.Label({"ID": "Progress", "Text": "", "Weight": 0}),
            ui.TextEdit({"ID": "Log", "ReadOnly": True, "Weight": 1}),
            ui.HGroup(
                {"Weight": 0},
                [
                    ui.Button({"ID": "Start", "Text": "Restore"}),
                    ui.Button({"ID": "Stop", "Text": "Cancel"}),
                ],
            ),
        ]  # fmt: skip

    def _fill(self) -> None:
        items, choices = self.items, self.base
        presets = self.config.presets or [str(choices["preset"])]
        if choices["preset"] not in presets:
            presets = presets + [str(choices["preset"])]
        for name, texts, chosen in (
            ("Choose", _HOW, HOW_TO_CHOOSE.index(choices["choose"])),
            ("Color", CLIP_COLORS, CLIP_COLORS.index(choices["color"])),
            ("Place", _WHERE, WHERE_TO_PLACE.index(choices["place"])),
            ("Preset", presets, presets.index(choices["preset"])),
        ):
            for text in texts:
                items[name].AddItem(text)
            items[name].CurrentIndex = chosen
        items["Sensitivity"].Text = str(choices["changes"].get("detect.sensitivity", ""))
        items["Handles"].Value = choices["handles"]
        items["Folder"].Text = choices["output_folder"]
        for name, _ in _CHECKS:
            items[_element(name)].Checked = choices[name]

    def _read(self) -> Dict[str, Any]:
        """What the elements say.

        Raises:
            Refusal: a value is none.
        """
        items = self.items
        given = dict(self.base)
        given["choose"] = HOW_TO_CHOOSE[int(items["Choose"].CurrentIndex)]
        given["color"] = CLIP_COLORS[int(items["Color"].CurrentIndex)]
        given["place"] = WHERE_TO_PLACE[int(items["Place"].CurrentIndex)]
        given["preset"] = str(items["Preset"].CurrentText)
        given["handles"] = int(items["Handles"].Value)
        given["output_folder"] = str(items["Folder"].Text).strip()
        for name, _ in _CHECKS:
            given[name] = bool(items[_element(name)].Checked)
        changes = dict(given["changes"])
        changes.pop("detect.sensitivity", None)
        text = str(items["Sensitivity"].Text).strip().replace(",", ".")
        if text:
            try:
                changes["detect.sensitivity"] = float(text)
            except ValueError:
                raise Refusal("Sensitivity: '%s' is no number; 0 to 1 is meant." % text)
        given["changes"] = changes
        return checked_choices(given, "dialog")

    def _look_again(self, _: Any) -> None:
        """List the shots of this choice, and what is left out for which reason."""
        try:
            found = look(self.session, self._read())
        except Refusal as refusal:
            self.items["Shots"].PlainText = str(refusal)
            return
        lines = [
            "%s: frames %d-%d, %s, %d before and %d after the cut"
            % (
                shot.label, shot.first, shot.last, count_of(shot.item.duration, "frame"),
                shot.before, shot.after,
            )
            for shot in found.shots
        ]  # fmt: skip
        self.items["Shots"].PlainText = "\n".join(lines + [s.line for s in found.skipped])

    def _start(self, _: Any) -> None:
        if self.running:
            return
        try:
            self.choices = self._read()
        except Refusal as refusal:
            self.items["Progress"].Text = str(refusal)
            return
        self.running = True
        self.items["Start"].Enabled = False
        if not has(self.dispatcher, "StepLoop"):
            self.note("This window answers again when the job is done.")
        self.dispatcher.ExitLoop(0)

    def _stop(self, _: Any) -> None:
        if self.running and not self.stopped:
            self.stopped = True
            self.items["Progress"].Text = "Cancelling: the frame in work is finished first."
            return
        self.dispatcher.ExitLoop(1)


def ask_user(
    fusion: Any, bmd: Any, session: Session, choices: Mapping[str, Any], config: Config
) -> Optional[Window]:
    """Show the dialog and wait; None where there is no UIManager here."""
    try:
        ui = fusion.UIManager if fusion is not None else None
        if ui is None or bmd is None or not has(bmd, "UIDispatcher"):
            return None
        window = Window(ui, bmd.UIDispatcher(ui), session, config)
        window.open(choices)
    except Exception:  # noqa: BLE001 - without a dialog the Console still does
        LOG.debug("the dialog does not open", exc_info=True)
        return None
    return window


def show_end(window: Window, code: int) -> None:
    """Leave the window open with what came of it, until it is closed."""
    texts = {0: "Done.", 3: "Done, but not every shot: see below.", 4: "Cancelled."}
    try:
        window.items["Progress"].Text = texts.get(code, "Nothing was restored: see below.")
        window.items["Stop"].Text = "Close"
        window.running = False
        window.dispatcher.RunLoop()
        window.window.Hide()
    except Exception:  # noqa: BLE001 - the work is done; a window must not undo that
        LOG.debug("the dialog does not close", exc_info=True)


def _element(name: str) -> str:
    """bad_frame_markers -> BadFrameMarkers: ids carry no underscore."""
    return "".join(part.capitalize() for part in name.split("_"))
