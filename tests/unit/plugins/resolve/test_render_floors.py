"""What the renderer's side imports: the facade, its own package, and each library by its door."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import filmrestore_core
import filmrestore_resolve

FOLDER = Path(filmrestore_resolve.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
DOORS = {
    "numpy": {"doctor.py"},
    "pydantic": {"job.py"},
    "typer": {"command.py", "timeline_command.py", "run_external.py"},
    "jinja2": {"job_report.py"},
    "opentimelineio": {"otio_read.py", "otio_result.py", "otio_transitions.py"},
}


def imported(path: Path) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.append((node.module or "", [alias.name for alias in node.names]))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_a_module_keeps_to_the_facade(path: Path) -> None:
    for module, names in imported(path):
        top = module.split(".")[0]
        if top == "filmrestore_core":
            assert module == "filmrestore_core", f"{path.name} imports {module}"
            assert set(names) <= set(filmrestore_core.__all__)
        elif top not in ("filmrestore_resolve", "__future__") and (
            top not in sys.stdlib_module_names
        ):
            assert path.name in DOORS.get(top, set()), f"{path.name} imports {module}"


def test_the_renderer_knows_nothing_of_the_host() -> None:
    """None of what `filmrestore resolve render` imports reaches for Resolve."""
    seen: set[str] = set()
    todo = ["render_job"]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for module, _ in imported(FOLDER / f"{name}.py"):
            assert not module.startswith("filmrestore_resolve.host"), f"{name} imports {module}"
            assert "DaVinci" not in module
            if module.startswith("filmrestore_resolve."):
                todo.append(module.split(".")[1])
    assert {"render", "render_shot", "job"} <= seen
