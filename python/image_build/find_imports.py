"""Prints which packages a Python file imports, as one JSON object: `packages` (name -> version or null) and `unknown`.

Runs on the host, in the interpreter the file is usually run with. Modules of the standard library and those that lie beside the
file are left out. What is installed here is named with its version; what is not, by the name that is most likely.
"""

import ast
import importlib.metadata
import json
import os
import sys

# Modules whose package has another name.
ELSEWHERE = {
    "PIL": "pillow",
    "attr": "attrs",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dm_env": "dm-env",
    "google": "protobuf",
    "mujoco_py": "mujoco-py",
    "nle": "nle",
    "pygame": "pygame-ce",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def imported(path: str) -> list[str]:
    """The top-level modules that a file imports, in their order, without relative imports."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read(), path)
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module]
        for name in names:
            found[name.split(".")[0]] = None
    return list(found)


def is_beside(folder: str, module: str) -> bool:
    return os.path.isfile(os.path.join(folder, f"{module}.py")) or os.path.isdir(os.path.join(folder, module))


def main() -> None:
    given = sys.argv[1]
    if given.endswith(".py"):
        folder = os.path.dirname(os.path.abspath(given))
        modules = [name for name in imported(given) if not is_beside(folder, name)]
    else:
        modules = [given.split(".")[0]]
    installed = importlib.metadata.packages_distributions()
    packages: dict[str, str | None] = {}
    for module in modules:
        if module in sys.stdlib_module_names:
            continue
        owners = sorted(set(installed.get(module, [])))
        if owners:
            packages[owners[0]] = importlib.metadata.version(owners[0])
        else:
            packages[ELSEWHERE.get(module, module.replace("_", "-"))] = None
    print(json.dumps({"packages": packages}))


main()
