"""The node takes from the core its public names only, and loads nothing heavy before it must."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import filmrestore_openfx

ROOM = Path(filmrestore_openfx.__file__).parent
FILES = sorted(ROOM.rglob("*.py"))
LIBRARIES = {"numpy", "typer"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(ROOM).as_posix())
def test_only_the_facade_is_imported(path: Path) -> None:
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names.append(node.module or "")
    for name in names:
        top = name.split(".")[0]
        assert name == "filmrestore_core" or top != "filmrestore_core", name
        known = {"filmrestore_core", "filmrestore_openfx"} | LIBRARIES | sys.stdlib_module_names
        assert top in known, name


def test_ready_needs_no_library() -> None:
    code = (
        "import sys, filmrestore_openfx.worker, filmrestore_openfx.lines;"
        "from filmrestore_core import __version__;"
        "print([m for m in ('numpy', 'pydantic', 'cv2', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_is_light() -> None:
    code = (
        "import sys, filmrestore_openfx.command;"
        "print([m for m in ('numpy', 'pydantic', 'cv2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
