"""What was done, for people and programs: JSON and one HTML page in the job folder."""

import html
import os
from typing import Any, Dict, List, NamedTuple

from filmrestore_resolve.host.jsonfile import write_json, write_text


class Line(NamedTuple):
    """One shot of the report.

    Attributes:
        outcome: placed, there already, in the bin, skipped, failed.
    """

    name: str
    timecode: str
    key: str
    outcome: str
    text: str
    folder: str
    report: str


def write_report(
    folder: str, about: Dict[str, Any], lines: List[Line], renderer: Dict[str, Any]
) -> str:
    """Write `placed.json` and `placed.html`.

    Args:
        folder: the job folder.
        about: project, timeline, settings and versions.
        lines: one for each item that was meant.
        renderer: the renderer's result, {} where it was not started.

    Returns:
        The page's path.
    """
    values = dict(about)
    values["kind"] = "filmrestore.resolve.placed"
    values["schema"] = 1
    values["shots"] = [line._asdict() for line in lines]
    values["renderer"] = {
        name: renderer.get(name) for name in ("state", "report_json", "report_html", "versions")
    }
    write_json(os.path.join(folder, "placed.json"), values)
    page = os.path.join(folder, "placed.html")
    write_text(page, _page(about, lines, renderer))
    return page


def _page(about: Dict[str, Any], lines: List[Line], renderer: Dict[str, Any]) -> str:
    rows = [
        "<tr>%s</tr>"
        % "".join(
            "<td>%s</td>" % cell
            for cell in (
                html.escape(line.timecode),
                html.escape(line.name),
                html.escape(line.outcome),
                html.escape(line.text),
                _link(line.folder, "frames") + " " + _link(line.report, "report"),
            )
        )
        for line in lines
    ]
    title = "filmrestore: %s, %s" % (about.get("project", ""), about.get("timeline", ""))
    return (
        "<!DOCTYPE html>\n<html><head><meta charset='utf-8'><title>%s</title>\n"
        "<style>body{font:14px sans-serif;margin:2em}td,th{text-align:left;padding:.2em .8em;"
        "border-bottom:1px solid #ccc;vertical-align:top}</style></head><body>\n"
        "<h1>%s</h1>\n<p>%s</p>\n<table><tr><th>at</th><th>shot</th><th>outcome</th><th>what</th>"
        "<th></th></tr>\n%s\n</table></body></html>\n"
        % (
            html.escape(title),
            html.escape(title),
            _link(str(renderer.get("report_html") or ""), "What was found and done, with pictures"),
            "\n".join(rows),
        )
    )


def _link(path: str, text: str) -> str:
    if not path:
        return ""
    address = "file:///" + path.replace(os.sep, "/").lstrip("/")
    return "<a href='%s'>%s</a>" % (html.escape(address, quote=True), html.escape(text))
