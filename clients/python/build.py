"""Builds the wheel: `python3 clients/python/build.py FOLDER`.

A wheel of pure Python is an archive with a few files beside the package. The codec is the one that runs inside sandboxes,
copied from python/sameseed/recording. The same sources give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
import sys
import tomllib
import zipfile
from pathlib import Path

_HERE = Path(__file__).parent
_RECORDING = _HERE.parent.parent / "python" / "sameseed" / "recording"


def build(folder: Path) -> Path:
    """Writes the wheel into a folder and gives its path."""
    project = tomllib.loads((_HERE / "pyproject.toml").read_text())["project"]
    info = f"{project['name']}-{project['version']}.dist-info"
    files = {
        path.relative_to(_HERE / "src").as_posix(): path.read_bytes()
        for path in sorted((_HERE / "src").rglob("*"))
        if path.suffix in (".py", ".typed")
    }
    files["sameseed/_canonical/__init__.py"] = b'"""The canonical encoding, as sandboxes write it."""\n'
    for path in sorted(_RECORDING.glob("canonical*.py")):
        files[f"sameseed/_canonical/{path.name}"] = path.read_bytes()
    files[f"{info}/METADATA"] = _metadata(project).encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: sameseed\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/entry_points.txt"] = _entry_points(project).encode()
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD").encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{project['name']}-{project['version']}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return path


def _metadata(project: dict) -> str:
    lines = ["Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Summary: {project['description']}", f"License-Expression: {project['license']}"]
    lines += [f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {each}" for each in project["dependencies"]]
    for extra, needed in project["optional-dependencies"].items():
        lines += [f"Provides-Extra: {extra}", *(f'Requires-Dist: {each}; extra == "{extra}"' for each in needed)]
    readme = (_HERE / project["readme"]).read_text()
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", readme])


def _entry_points(project: dict) -> str:
    groups = project.get("entry-points", {}).items()
    return "\n".join("".join([f"[{group}]\n", *(f"{name} = {where}\n" for name, where in named.items())]) for group, named in groups)


def _record(files: dict[str, bytes], own: str) -> str:
    def line(name: str, data: bytes) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        return f"{name},sha256={digest},{len(data)}\n"

    return "".join(line(name, data) for name, data in files.items()) + f"{own},,\n"


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
