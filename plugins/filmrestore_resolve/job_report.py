"""The job's report: one JSON file and one page over all its shots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2

from filmrestore_core import RestoreSettings
from filmrestore_resolve.job import Job
from filmrestore_resolve.whole_file import write_json, write_text

JSON_NAME = "report.json"
PAGE_NAME = "report.html"


def job_page(job: Job, document: Mapping[str, Any]) -> str:
    """The page's HTML; nothing beside it is needed to read it."""
    text = (resources.files("filmrestore_resolve") / "templates/job.html").read_text("utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["uri"] = _uri
    return environment.from_string(text).render(job=job, result=document)


def write_job_report(
    folder: Path, job: Job, document: Mapping[str, Any], settings: RestoreSettings
) -> dict[str, str]:
    """Write report.json and report.html into a folder, each whole; gives where they are.

    Raises:
        UnwritableFrameError: one cannot be written.
    """
    where = {"report_json": str(folder / JSON_NAME), "report_html": str(folder / PAGE_NAME)}
    full = {
        "kind": "filmrestore.resolve.report",
        "schema": 1,
        "project": job.project,
        "timeline": job.timeline,
        "created_by": job.created_by,
        "settings": settings.model_dump(mode="json", by_alias=True),
        **document,
        **where,
    }
    write_json(folder / JSON_NAME, full)
    write_text(folder / PAGE_NAME, job_page(job, json.loads(json.dumps(full))))
    return where


def _uri(path: str) -> str:
    """A file's address; the text itself where it is no absolute path."""
    try:
        return Path(path).as_uri()
    except ValueError:
        return path
