"""Who may import whom: the table of the house, compared with every import in the tree."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CORE = ROOT / "filmrestore_core"

NOUNS = {
    "box", "clip", "errors", "frame", "framerange", "matte", "noise", "params", "places", "plate",
    "presets", "report", "settings", "timecode", "versions", "yamlfile",
}  # fmt: skip
FLOOR_1 = {"media", "color", "grain", "temporal", "synth", "metrics", "models", "runtime"}
FLOOR_2 = {"segment", "inpaint"}

MAY: dict[str, set[str]] = {
    "media": NOUNS,
    "color": NOUNS,
    "temporal": NOUNS,
    # Grain is measured on aligned windows too.
    "grain": NOUNS | {"temporal"},
    "synth": NOUNS | {"grain"},
    "metrics": NOUNS | {"temporal"},
    "models": NOUNS,
    "runtime": NOUNS | {"models"},
    "segment": NOUNS | {"color", "grain", "temporal", "models", "runtime"},
    "inpaint": NOUNS | {"color", "grain", "temporal", "models", "runtime"},
    "restore": NOUNS | {"media", "color", "grain", "temporal", "models", "runtime"} | FLOOR_2,
    "learning": NOUNS
    | {"segment", "inpaint", "temporal", "synth", "grain", "color", "media"}
    | {"metrics", "models", "runtime"},
    "cli": NOUNS | FLOOR_1 | FLOOR_2 | {"restore", "learning"},
    "testing": NOUNS | FLOOR_1,
    "__main__": {"cli"},
}
# Beside standard library and numpy.
LIBRARIES = {
    "annotated_types": {"params"},
    "pydantic": {"settings", "params", "presets", "synth", "models", "learning"},
    "pydantic_core": {"settings"},
    "onnxruntime": {"runtime"},
    "yaml": {"yamlfile"},
    "fileseq": {"framerange", "media"},
    "OpenImageIO": {"media"},
    "av": {"media"},
    "opentimelineio": {"temporal"},
    "cv2": FLOOR_1 | FLOOR_2 | {"cli", "learning", "testing"},
    "typer": {"cli"},
    "rich": {"cli"},
    "jinja2": {"cli"},
    "sklearn": {"learning"},
    "torch": {"learning"},
    "diffusers": {"learning"},
    "transformers": {"learning"},
    "safetensors": {"learning"},
    "pyiqa": {"learning"},
    "matplotlib": {"learning"},
    "threadpoolctl": {"learning"},
}


def _room(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def _imports(path: Path) -> list[str]:
    """Dotted names of all imports, those inside functions and TYPE_CHECKING blocks included."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the room"
            names.append(node.module or "")
    return names


FILES = sorted(p for p in CORE.rglob("*.py") if p != CORE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(CORE).as_posix())
def test_a_room_imports_only_what_its_floor_allows(path: Path) -> None:
    room = _room(path)
    allowed = NOUNS if room in NOUNS else MAY[room]
    for name in _imports(path):
        top, *rest = name.split(".")
        if top == "filmrestore_core":
            assert not rest or rest[0] in allowed | {room}, f"{room} imports {name}"
        elif top not in sys.stdlib_module_names and top != "numpy":
            assert room in LIBRARIES.get(top, set()), f"{room} imports {name}"


def test_the_facade_loads_nothing_heavy() -> None:
    code = (
        "import sys, filmrestore_core;"
        "print([m for m in ('numpy', 'cv2', 'OpenImageIO', 'av', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_rendering_loads_nothing_that_learns() -> None:
    code = (
        "import sys, filmrestore_core as f, filmrestore_core.cli.main;"
        "[getattr(f, n) for n in f.__all__];"
        "print([m for m in ('torch', 'diffusers', 'sklearn', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_public_name_resolves_and_stays() -> None:
    import filmrestore_core

    listed = (Path(__file__).parent / "public_names.txt").read_text("utf-8").split()
    assert sorted(filmrestore_core.__all__) == sorted(listed)
    for name in listed:
        assert getattr(filmrestore_core, name) is not None


def test_no_public_name_is_a_modules() -> None:
    """A module, once imported, would hide the name."""
    import filmrestore_core

    modules = {path.stem for path in CORE.iterdir()}
    assert not modules & set(filmrestore_core.__all__)
