"""Prints which environments some packages of an image register, as one JSON object: package -> names for `sameseed run`.

Runs in a sandbox of the image. The packages' names come in PACKAGES, as JSON. A package that registers nothing when it is
imported may do so in one of its modules, or in a function that is to be called: both are looked for. Modules as PettingZoo has
them are not registered anywhere.
"""

import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
from collections.abc import Callable
from types import ModuleType

from sameseed.play.hints import with_hint
from sameseed.play.missing import why_missing


def modules_of(package: str) -> list[str]:
    """The top-level modules of a package: what its metadata says, else those that it installed, else its name.

    Images keep no list of what a package installed. There the modules that no other package says are its own and whose names
    are like the package's stand for it; where there is none, the package is passed over.
    """
    spelled = package.replace("-", "_")
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return [spelled]
    told = [name for name in (distribution.read_text("top_level.txt") or "").split() if is_module(name)]
    if told:
        return told
    if distribution.files is not None:
        return installed_modules(distribution) or [spelled]
    return [spelled] if importlib.util.find_spec(spelled) else unclaimed_modules(distribution, spelled)


def installed_modules(distribution: importlib.metadata.Distribution) -> list[str]:
    """The top-level modules among a distribution's files, for one whose builder does not write their names down."""
    found: dict[str, None] = {}
    for file in distribution.files or ():
        top, *inside = file.parts
        # `x.py`, `x.abi3.so` and `x/…` are the module x; `x-1.0.dist-info` and `../../bin` are no names.
        name = top if inside else top.partition(".")[0]
        if file.suffix in (".py", ".so") and is_module(name):
            found[name] = None
    return list(found)


def unclaimed_modules(distribution: importlib.metadata.Distribution, spelled: str) -> list[str]:
    """The modules beside a distribution that no other one names, and whose names are a part of its own."""
    site = str(distribution.locate_file(""))
    claimed = set()
    for other in importlib.metadata.distributions(path=[site]):
        claimed.update((other.read_text("top_level.txt") or other.metadata["Name"].replace("-", "_")).split())
    there = {entry.partition(".")[0] for entry in os.listdir(site) if not entry.endswith("-info")}
    like = spelled.lower().replace("_", "")
    return sorted(name for name in there - claimed if is_module(name) and name.lower().replace("_", "") in like)


# Folders that some packages install beside their modules by mistake.
BESIDE = ("test", "tests", "example", "examples", "docs", "scripts", "benchmarks")


def is_module(name: str) -> bool:
    """Whether it may be imported: others lie beside a package's modules, such as a script that somebody named by its date."""
    return name.isidentifier() and name not in BESIDE


# How many modules of a package are imported that look as if they register something.
MOST_REGISTERING = 5
# And how many that look like environments of PettingZoo's, until enough of them have been imported.
MOST_TRIED = 30


def modules_whose(package: ModuleType, fits: Callable[[str], bool]) -> list[str]:
    """The modules below one that is imported whose file fits, the outermost first."""
    found = []
    for root in getattr(package, "__path__", ()):
        for folder, folders, files in os.walk(root):
            folders[:] = [name for name in folders if name.isidentifier() and name not in ("test", "tests")]
            inside = (package.__name__, *os.path.relpath(folder, root).split(os.sep))
            for file in files:
                stem, ending = os.path.splitext(file)
                path = os.path.join(folder, file)
                if ending == ".py" and stem.isidentifier() and fits(path):
                    found.append(".".join(part for part in (*inside, stem) if part not in (".", "__init__")))
    return sorted(found, key=lambda name: (name.count("."), name))


def has_text(path: str, pattern: str) -> bool:
    """Whether a pattern is found in a file."""
    try:
        with open(path, encoding="utf-8") as text:
            return re.search(pattern, text.read()) is not None
    except (OSError, UnicodeDecodeError):
        return False


def registers(path: str) -> bool:
    """Whether a file's text registers something as Gymnasium has it."""
    return has_text(path, r"\bregister\s*\(\s*(?:id\s*=|[\"'])")


def is_parallel(path: str) -> bool:
    """Whether a file is called as PettingZoo calls its environments, with a version, and makes one whose agents act at once."""
    return re.search(r"_v\d+\.py$", path) is not None and has_text(path, r"\bparallel_env\b")


def parallel_names(package: ModuleType) -> list[str]:
    """The environments of PettingZoo's Parallel interface below a module, as `sameseed run` takes them; some of many."""
    found: list[str] = []
    for name in modules_whose(package, is_parallel)[:MOST_TRIED]:
        if len(found) == MOST_REGISTERING:
            break
        try:
            module = importlib.import_module(name)
        except (Exception, SystemExit):  # noqa: BLE001 - one that needs more than the image has says nothing about the package
            continue
        if callable(getattr(module, "parallel_env", None)):
            found.append(f"parallel:{name}")
    return found


def registering_call(module: ModuleType) -> str | None:
    """The function of a module that registers its environments, as it is called; None where there is none."""
    for name, value in vars(module).items():
        if re.fullmatch(r"register_(?:all_)?(?:gym(?:nasium)?_)?env(?:ironment)?s?", name) and inspect.isfunction(value):
            needed = [part for part in inspect.signature(value).parameters.values() if part.default is part.empty]
            if not needed:
                return f"{module.__name__}.{name}()"
    return None


def entry_module(spec: object) -> str:
    """The module that an environment is made by."""
    entry = getattr(spec, "entry_point", None)
    return entry.split(":")[0] if isinstance(entry, str) else getattr(entry, "__module__", "") or ""


def registry_of(library: str) -> dict | None:
    """What is registered with Gymnasium, or with gym, which came before it; None where the image has no such library."""
    try:
        registry = importlib.import_module(f"{library}.envs.registration").registry
    except ImportError:
        return None
    return getattr(registry, "env_specs", registry)


def look(registries: list[dict], module: str, names: dict[str, None]) -> str | None:
    """Imports a module and adds the names of what it registers; returns why it cannot be imported."""
    before = {name for registry in registries for name in registry}
    try:
        importlib.import_module(module)
    except (Exception, SystemExit) as caught:  # noqa: BLE001 - whatever a package does when it is imported
        return with_hint(why_missing(module, caught, True) or f"{type(caught).__name__}: {caught}", caught)
    for name, spec in [item for registry in registries for item in registry.items()]:
        if name not in before:
            names[f"{module}:{name}"] = None
        elif (entry_module(spec) + ".").startswith(module + "."):
            names[name] = None
    return None


def listed(registries: list[dict], package: str) -> dict:
    """What a package registers, why it cannot be imported, and what is to be called before it registers anything."""
    names: dict[str, None] = {}
    error = call = None
    modules = modules_of(package)
    for module in modules:
        error = look(registries, module, names) or error
    if not names and error is None:
        imported = [importlib.import_module(module) for module in modules]
        call = next(filter(None, map(registering_call, imported)), None)
        if call is None:
            for module in (name for outer in imported for name in modules_whose(outer, registers)[:MOST_REGISTERING]):
                # One that needs more than the image has says nothing about the package.
                look(registries, module, names)
        if not names and call is None:
            names.update((name, None) for outer in imported for name in parallel_names(outer))
    return {"names": list(names), "error": error, "call": call}


def main() -> None:
    packages = json.loads(os.environ["PACKAGES"])
    registries = [registry for registry in map(registry_of, ("gymnasium", "gym")) if registry is not None]
    if registries:
        print(json.dumps({package: listed(registries, package) for package in packages}))
    else:
        print(json.dumps({package: {"names": [], "error": None, "call": None} for package in packages}))


main()
