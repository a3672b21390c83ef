"""The one file that stands in Resolve's menu, made of the modules of `host/`.

Resolve's Python has no `__file__` for a menu script and nothing but its standard library, so the
modules are joined in the order in which they need each other, and their imports of one another go.
"""

from __future__ import annotations

import ast
from importlib.resources import files
from typing import Any

from filmrestore_core import SettingsError

PACKAGE = "filmrestore_resolve.host"
ACTIONS = ("restore", "remove")
_HEAD = """# filmrestore for DaVinci Resolve: {action} results.
# Made by "filmrestore resolve install" of the modules in {package}; change those, not this.
"""
_TAIL = """
# ---- start ----
start_from_menu("{action}", globals())
"""


def menu_script(action: str = "restore") -> str:
    """The text of a menu script.

    Args:
        action: "restore", or "remove" for the entry that takes results away again.

    Returns:
        Python for 3.6 and later, standard library only. It holds the line
        `INSTALLED_CONFIG = None` once, for the installer to put the config's path into.

    Raises:
        SettingsError: there is no such action.
    """
    if action not in ACTIONS:
        raise SettingsError(f"There is no menu script '{action}'.", hint=" or ".join(ACTIONS))
    sources = {name: _source(name) for name in _names()}
    taken: dict[str, str] = {}
    parts = [_HEAD.format(action=action, package=PACKAGE)]
    for name in _in_order(sources):
        tree = ast.parse(sources[name])
        for defined in _defined(tree):
            if defined in taken:
                raise SettingsError(f"'{defined}' is in {taken[defined]} and in {name}.")
            taken[defined] = name
        parts.append(f"\n# ---- {name} ----\n{_without_own_imports(sources[name], tree)}")
    parts.append(_TAIL.format(action=action))
    return "".join(parts)


def _names() -> list[str]:
    found = (entry.name for entry in files(PACKAGE).iterdir())
    return sorted(n[:-3] for n in found if n.endswith(".py") and n != "__init__.py")


def _source(name: str) -> str:
    return files(PACKAGE).joinpath(f"{name}.py").read_text("utf-8")


def _needs(tree: ast.Module) -> list[str]:
    """Modules of `host/` that one imports."""
    return [n.module.rsplit(".", 1)[1] for n in tree.body if _is_own(n)]  # type: ignore[attr-defined]


def _is_own(node: Any) -> bool:
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE + ".")


def _in_order(sources: dict[str, str]) -> list[str]:
    """Each after all that it imports; by name otherwise."""
    order: list[str] = []

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise SettingsError(f"{' imports '.join([*above, name])}: a circle.")
        if name not in order:
            for needed in _needs(ast.parse(sources[name])):
                add(needed, (*above, name))
            order.append(name)

    for name in sorted(sources):
        add(name, ())
    return order


def _defined(tree: ast.Module) -> list[str]:
    """Names that a module gives to what is its own."""
    names: list[str] = []
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.append(node.name)
        elif isinstance(node, ast.Assign):
            names += [t.id for t in node.targets if isinstance(t, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.append(node.target.id)
    return names


def _without_own_imports(source: str, tree: ast.Module) -> str:
    """The text without imports from `host/`, everything else as it is written."""
    lines = source.splitlines(keepends=True)
    for node in tree.body:
        if _is_own(node):
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return "".join(lines)
