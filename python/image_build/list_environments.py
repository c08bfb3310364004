"""Prints which environments some packages of an image register, as one JSON object: package -> names for `sameseed run`.

Runs in a sandbox of the image. The packages' names come in PACKAGES, as JSON.
"""

import importlib
import importlib.metadata
import json
import os

from sameseed.play.missing import why_missing


def modules_of(package: str) -> list[str]:
    """The top-level modules of a package: what its metadata says, else its name spelled as modules are."""
    try:
        told = importlib.metadata.distribution(package).read_text("top_level.txt") or ""
    except importlib.metadata.PackageNotFoundError:
        told = ""
    return [line.strip() for line in told.splitlines() if line.strip()] or [package.replace("-", "_")]


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


def main() -> None:
    packages = json.loads(os.environ["PACKAGES"])
    registries = [registry for registry in map(registry_of, ("gymnasium", "gym")) if registry is not None]
    if not registries:
        print(json.dumps({package: {"names": [], "error": None} for package in packages}))
        return
    found = {}
    for package in packages:
        names: dict[str, None] = {}
        error = None
        for module in modules_of(package):
            before = {name for registry in registries for name in registry}
            try:
                importlib.import_module(module)
            except Exception as caught:  # noqa: BLE001 - whatever a package does when it is imported
                error = why_missing(module, caught, True) or f"{type(caught).__name__}: {caught}"
                continue
            for name, spec in [item for registry in registries for item in registry.items()]:
                if name not in before:
                    names[f"{module}:{name}"] = None
                elif (entry_module(spec) + ".").startswith(module + "."):
                    names[name] = None
        found[package] = {"names": list(names), "error": error}
    print(json.dumps(found))


main()
