"""Reaching Resolve: from its menu by the names it sets, from outside by its scripting library.

Connect once: a second connection in one process can be a dead one.
"""

import importlib
import os
import subprocess
import sys
from typing import Any, Dict, List, Mapping, NamedTuple, Optional

from filmrestore_resolve.host.api import ask, edition_is_studio, has
from filmrestore_resolve.host.messages import LOG, Refusal


class Reached(NamedTuple):
    """What a script is given.

    Attributes:
        fusion: None outside, or where there is none.
        bmd: the module with UIDispatcher; None where there is none.
    """

    resolve: Any
    fusion: Any
    bmd: Any


def reach_from_menu(names: Mapping[str, Any]) -> Reached:
    """Resolve by the globals of a menu script.

    Args:
        names: the script's globals.

    Raises:
        Refusal: none of them leads to Resolve.
    """
    bmd = names.get("bmd")
    found = names.get("resolve")
    if found is None:
        found = ask(names.get("app"), "GetResolve")
    if found is None and bmd is not None:
        found = ask(bmd, "scriptapp", "Resolve")
    if found is None:
        raise Refusal(
            "Resolve is not there. Start this from its menu: Workspace, Scripts, filmrestore."
        )
    fusion = names.get("fusion") or names.get("fu")
    return Reached(found, ask(found, "Fusion") if fusion is None else fusion, bmd)


def script_places(
    system: Optional[str] = None, environment: Optional[Mapping[str, str]] = None
) -> Dict[str, str]:
    """RESOLVE_SCRIPT_API and RESOLVE_SCRIPT_LIB: as set, else where installers put them."""
    system = sys.platform if system is None else system
    given = os.environ if environment is None else environment
    vendor = "Blackmagic Design/DaVinci Resolve"
    if system.startswith("win"):
        shared = given.get("PROGRAMDATA") or r"C:\ProgramData"
        programs = given.get("PROGRAMFILES") or r"C:\Program Files"
        vendor = vendor.replace("/", "\\")
        api = shared + "\\" + vendor + r"\Support\Developer\Scripting"
        library = programs + "\\" + vendor + r"\fusionscript.dll"
    elif system == "darwin":
        api = "/Library/Application Support/" + vendor + "/Developer/Scripting"
        library = (
            "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/"
            "fusionscript.so"
        )
    else:
        homes = [h for h in ("/opt/resolve", "/home/resolve") if os.path.isdir(h)]
        home = homes[0] if homes else "/opt/resolve"
        api = home + "/Developer/Scripting"
        library = home + "/libs/Fusion/fusionscript.so"
    return {
        "RESOLVE_SCRIPT_API": given.get("RESOLVE_SCRIPT_API") or api,
        "RESOLVE_SCRIPT_LIB": given.get("RESOLVE_SCRIPT_LIB") or library,
    }


def reach_from_outside() -> Reached:
    """Resolve by its scripting library; Studio with external scripting switched on.

    Raises:
        Refusal: the library is not there or does not load, or Resolve does not answer.
    """
    places = script_places()
    os.environ.update(places)
    modules = os.path.join(places["RESOLVE_SCRIPT_API"], "Modules")
    if modules not in sys.path:
        sys.path.append(modules)
    _probe(modules)
    module = _scripting_module(places)
    try:
        found = module.scriptapp("Resolve")
    except Exception as error:  # noqa: BLE001 - a library of another's may throw anything
        raise Refusal("Resolve's scripting library failed: %s." % error)
    if found is None:
        raise Refusal(_why_silent())
    if has(found, "GetProductName") and not edition_is_studio(found):
        raise Refusal(
            "This is the free edition; scripts from outside need DaVinci Resolve Studio. "
            "Use the menu: Workspace, Scripts, filmrestore (up to version 21.0)."
        )
    return Reached(found, None, None)


def _probe(modules: str) -> None:
    """Load the library in another process first: on some systems it takes the process with it.

    Raises:
        Refusal: that process crashed.
    """
    code = "import sys; sys.path.append(%r)\nimport DaVinciResolveScript" % modules
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        LOG.debug("the library was not tried in another process", exc_info=True)
        return
    try:
        code_of = process.wait(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Refusal("Resolve's scripting library does not load: it hangs.")
    if code_of not in (0, 1):
        raise Refusal(
            "Resolve's scripting library crashes this Python (%s, exit code %d). Set "
            "FUSION_PYTHON3_HOME to the folder of a Python that Resolve supports."
            % (sys.executable, code_of)
        )


def _scripting_module(places: Mapping[str, str]) -> Any:
    try:
        return importlib.import_module("DaVinciResolveScript")
    except Exception as error:  # noqa: BLE001 - it runs code of another's while it loads
        LOG.debug("DaVinciResolveScript does not load", exc_info=True)
        # Older ones need `imp`, which Python 3.12 has no more; the library itself still loads.
        library = places["RESOLVE_SCRIPT_LIB"]
        if os.path.isfile(library):
            return _load_library(library)
        raise Refusal(
            "DaVinci Resolve's scripting library is not found (%s; looked for %s and %s). Is "
            "Resolve installed? Else set RESOLVE_SCRIPT_API and RESOLVE_SCRIPT_LIB."
            % (error, os.path.join(places["RESOLVE_SCRIPT_API"], "Modules"), library)
        )


def _load_library(path: str) -> Any:
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import module_from_spec, spec_from_file_location

    try:
        loader = ExtensionFileLoader("fusionscript", path)
        spec = spec_from_file_location("fusionscript", path, loader=loader)
        if spec is None:
            raise ImportError("no module in it")
        module = module_from_spec(spec)
        loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - a library of another's may throw anything
        raise Refusal("Resolve's scripting library %s does not load: %s." % (path, error))
    return module


def _why_silent() -> str:
    running = resolve_is_running()
    if running is False:
        return "DaVinci Resolve is not running. Start it, open the project, and try again."
    causes = (
        "external scripting is off (Preferences, System, General, External scripting using: "
        "Local), or this is the free edition, which takes no scripts from outside"
    )
    if running:
        return "DaVinci Resolve is running but does not answer: it is still starting, %s." % causes
    return "DaVinci Resolve does not answer: it is not running, %s." % causes


def resolve_is_running() -> Optional[bool]:
    """Whether a process of that name is there; None where the system does not tell."""
    if sys.platform.startswith("win"):
        command, names = ["tasklist", "/FO", "CSV", "/NH"], ['"resolve.exe"']
    else:
        command, names = ["ps", "-A", "-o", "comm="], ["resolve"]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        out = process.communicate()[0]
    except OSError:
        return None
    if process.returncode != 0:
        return None
    lines: List[str] = out.decode("utf-8", "replace").lower().splitlines()
    if sys.platform.startswith("win"):
        return any(line.startswith(names[0]) for line in lines)
    return any(line.strip().rsplit("/", 1)[-1] in names for line in lines)
