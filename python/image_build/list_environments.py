"""Prints which environments some packages of an image register, as one JSON object: package -> names for `sameseed run`.

Runs in a sandbox of the image. The packages' names come in PACKAGES, as JSON.
"""

import importlib
import importlib.metadata
import json
import os


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


def main() -> None:
    packages = json.loads(os.environ["PACKAGES"])
    try:
        import gymnasium
    except ModuleNotFoundError:
        print(json.dumps({package: {"names": [], "error": None} for package in packages}))
        return
    found = {}
    for package in packages:
        names: dict[str, None] = {}
        error = None
        for module in modules_of(package):
            before = dict(gymnasium.registry)
            try:
                importlib.import_module(module)
            except Exception as caught:  # noqa: BLE001 - whatever a package does when it is imported
                error = f"{type(caught).__name__}: {caught}"
                continue
            for name, spec in gymnasium.registry.items():
                if name not in before:
                    names[f"{module}:{name}"] = None
                elif (entry_module(spec) + ".").startswith(module + "."):
                    names[name] = None
        found[package] = {"names": list(names), "error": error}
    print(json.dumps(found))


main()
