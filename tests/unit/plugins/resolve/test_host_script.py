"""The one file in Resolve's menu: for any Python from 3.6 on, and nothing but its library."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from filmrestore_core import SettingsError
from filmrestore_resolve.menu_script import ACTIONS, menu_script

VERSIONS = ["3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]
# Since when a module is there; what came later than 3.6 or went before 3.14 may not be used.
GONE_OR_NEW = {"imp", "distutils", "dataclasses", "asyncio", "contextvars", "tomllib", "graphlib"}


@pytest.fixture(scope="module")
def text() -> str:
    return menu_script()


@pytest.mark.parametrize("action", ACTIONS)
def test_it_is_one_plain_file(action: str) -> None:
    text = menu_script(action)
    assert text.isascii(), "Resolve may read it under any locale"
    assert text.count('INSTALLED_CONFIG = None  # set by "filmrestore resolve install"\n') == 1
    assert text.rstrip().endswith(f'start_from_menu("{action}", globals())')
    with pytest.raises(SettingsError, match="no menu script 'x'"):
        menu_script("x")


def test_its_syntax_is_that_of_3_6(text: str) -> None:
    ast.parse(text, feature_version=(3, 6))


def test_it_needs_the_standard_library_only_and_no_file(text: str) -> None:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "?"]
        else:
            continue
        for module in modules:
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names - GONE_OR_NEW, module
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert "__file__" not in names
    assert "hasattr" not in names, "it is true for every name there"


def test_every_open_names_its_encoding_and_no_call_names_its_arguments(text: str) -> None:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if ast.unparse(node.func) in ("open", "io.open") and not any(
            k.arg == "encoding" for k in node.keywords
        ):
            mode = node.args[1] if len(node.args) > 1 else None
            is_bytes = isinstance(mode, ast.Constant) and "b" in str(mode.value)
            assert is_bytes, ast.unparse(node)
        if called[:1].isupper() and called != "Popen":
            assert not node.keywords, ast.unparse(node)


@pytest.mark.parametrize(
    "name", ["FinalizeTake", "ReplaceClip", "DeleteAllRenderJobs", "DeleteMarkersByColor",
             "SaveProject", "SetSetting", "SetClipColor", "SetClipEnabled", "SetTrackLock"],
)  # fmt: skip
def test_it_never_calls_what_would_harm_the_project(name: str, text: str) -> None:
    assert name not in text


def test_the_names_that_resolve_sets_are_left_alone(text: str) -> None:
    given = {"resolve", "fusion", "fu", "bmd", "app", "project", "comp"}
    for node in ast.parse(text).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        assert not given & {t.id for t in targets if isinstance(t, ast.Name)}
        assert getattr(node, "name", "") not in given


@pytest.mark.parametrize("version", VERSIONS)
def test_it_runs_under_each_python_that_is_here(version: str, text: str, tmp_path: Path) -> None:
    """Without Resolve it says so in one line and ends; an ASCII locale must not stop it."""
    python = _python(version)
    if python is None:
        pytest.skip(f"no Python {version} here")
    script = tmp_path / "filmrestore.py"
    script.write_text(text, "utf-8")
    done = subprocess.run(
        [python, "-I", "-W", "error", str(script)],
        env={"LC_ALL": "C", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == (
        "filmrestore: Resolve is not there. Start this from its menu: Workspace, Scripts, "
        "filmrestore.\n"
    )


def _python(version: str) -> str | None:
    for folder in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*")):
        if (folder / "bin" / "python").is_file():
            return str(folder / "bin" / "python")
    return shutil.which(f"python{version}")
