"""The job the renderer gets, and its result, as `JOB.md` has them."""

import os
import re
import time
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from filmrestore_resolve.host.disk import on_disk
from filmrestore_resolve.host.jsonfile import read_json, write_json
from filmrestore_resolve.host.messages import Refusal
from filmrestore_resolve.host.rates import SequencePath
from filmrestore_resolve.host.shots import Shot, unlike
from filmrestore_resolve.host.timeline import Timeline


class Sequence(NamedTuple):
    """Files that are there: folder, name, first and last number."""

    folder: str
    prefix: str
    padding: int
    suffix: str
    first: int
    last: int

    @property
    def frames(self) -> int:
        """How many files."""
        return self.last - self.first + 1

    def path(self) -> SequencePath:
        """With the folder before the name."""
        head = os.path.join(self.folder, self.prefix)
        return SequencePath(head, self.suffix, self.padding, self.first, self.last)


class Result(NamedTuple):
    """What came of one shot.

    Attributes:
        state: done, incomplete, failed or cancelled; only done is placed.
        head: frames of the files before the cut.
        values: the shot as the renderer wrote it.
    """

    key: str
    state: str
    message: str
    files: Optional[Sequence]
    head: int
    matte: Optional[Sequence]
    values: Dict[str, Any]


def job_document(
    shots: List[Shot],
    timeline: Timeline,
    project: str,
    choices: Mapping[str, Any],
    created_by: str,
    job_id: str,
) -> Dict[str, Any]:
    """The document for these shots; a range that is used twice stands in it once."""
    rate = "%d/%d" % (timeline.rate.numerator, timeline.rate.denominator)
    folder = choices["output_folder"]
    handles = choices["handles"]
    return {
        "kind": "filmrestore.resolve.job",
        "schema": 1,
        "id": job_id,
        "created_by": created_by,
        "project": project,
        "timeline": timeline.name,
        "settings": {
            "preset": choices["preset"],
            "changes": choices["changes"],
            "encoding": choices["encoding"],
        },
        "output": {
            "place": "folder" if folder else "beside_media",
            "folder": folder or None,
            "handles": {"head": handles, "tail": handles},
            "matte": choices["matte"],
        },
        "shots": [
            {
                "key": shot.key,
                "name": shot.item.name,
                "source": {
                    "kind": shot.kind,
                    "path": shot.path,
                    "rate": rate,
                    "origin": shot.origin,
                },
                "first": shot.first,
                "last": shot.last,
                "context": {"before": shot.before, "after": shot.after},
            }
            for shot in unlike(shots)
        ],
    }


def new_job_folder(jobs_folder: str, timeline: str) -> str:
    """A folder of its own for a job.

    Raises:
        Refusal: it cannot be made.
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", timeline).strip("_")[:32] or "timeline"
    stamp = time.strftime("%Y%m%d-%H%M%S")
    for attempt in range(1000):
        folder = os.path.join(jobs_folder, "%s-%s%s" % (stamp, name, attempt or ""))
        try:
            os.makedirs(on_disk(folder))
        except OSError as error:
            if os.path.isdir(on_disk(folder)):
                continue
            raise Refusal("The job folder %s cannot be made: %s." % (folder, error))
        return folder
    raise Refusal("No job folder can be made in %s." % jobs_folder)


def write_job(folder: str, document: Mapping[str, Any]) -> str:
    """Write the job; an old cancel flag goes."""
    path = os.path.join(folder, "job.json")
    flag = on_disk(os.path.join(folder, "cancel"))
    if os.path.exists(flag):
        os.remove(flag)
    write_json(path, document)
    return path


def read_results(folder: str) -> Tuple[Dict[str, Result], Dict[str, Any]]:
    """What came of each shot by its key, and the whole result.

    Raises:
        Refusal: there is no result.
    """
    values = read_json(os.path.join(folder, "result.json"))
    results: Dict[str, Result] = {}
    for shot in values.get("shots", []):
        result = _result_of(shot)
        results[result.key] = result
    return results, values


def _result_of(values: Dict[str, Any]) -> Result:
    files = _sequence_of(values) if values.get("state") == "done" else None
    matte = values.get("matte")
    head = 0
    if files is not None:
        head = int(values["cut"]["first"]) - files.first
    return Result(
        str(values.get("key")), str(values.get("state")), str(values.get("message") or ""), files,
        head, _sequence_of(matte) if isinstance(matte, dict) else None, values,
    )  # fmt: skip


def _sequence_of(values: Mapping[str, Any]) -> Optional[Sequence]:
    try:
        return Sequence(
            str(values["folder"]), str(values["prefix"]), int(values["padding"]),
            str(values["suffix"]), int(values["first"]), int(values["last"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None
