"""Says in one sentence why a package cannot be imported: the package, and what is missing. The host adds the fix."""

from __future__ import annotations

import os
import re
import sys
import traceback

# Modules whose package has another name.
_PACKAGES = {
    "Box2D": "box2d",
    "OpenGL": "PyOpenGL",
    "PIL": "pillow",
    "attr": "attrs",
    "bs4": "beautifulsoup4",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    # Of the standard library until 3.12; setuptools brings it.
    "distutils": "setuptools<81",
    "git": "GitPython",
    "pkg_resources": "setuptools<81",
    "pygame": "pygame-ce",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
_LIBRARY = re.compile(r"(?:^|[\s'\"(])(?:[^\s:'\"(]*/)?(lib[^\s/:'\"]+\.so[.0-9]*)")
# A file that a package names by its own place.
_OWN_FILE = re.compile(r"[^\s:'\"]*/site-packages/([^\s:'\"]+\.so[.0-9]*)")
# As pyglet names one that it looks for by name.
_NAMED_LIBRARY = re.compile(r'^Library "([\w.+-]+)" not found')
_NO_LIBRARY = re.compile(r"cannot open shared object|[Nn]o such file|[Ll]ibrary .* not found|could not find|unable to find", re.I)

# How the loader says that there is no more memory for a library.
_NO_MEMORY = re.compile(r"failed to map segment|cannot allocate memory(?! in static TLS)", re.I)


def why_missing(name: str, error: BaseException, importing: bool) -> str | None:
    """The sentence for a failed import; None where an exception is something else.

    `importing` says that modules were being imported and nothing else was done yet.
    """
    message = " ".join(str(error).split())
    if isinstance(error, ModuleNotFoundError) and error.name:
        top = error.name.partition(".")[0]
        if top in sys.stdlib_module_names:
            return f"{name} needs the module {error.name} of Python's standard library, which this image does not have"
        package = _PACKAGES.get(top, top)
        of = "" if package == top else f" (package {package})"
        return f"{name} needs the module {error.name}{of}, which is not in this image"
    own = _OWN_FILE.search(message)
    if isinstance(error, OSError) and own and _NO_LIBRARY.search(message) and not os.path.exists(own.group()):
        return (
            f"{name} looks for a file of its own, {own.group(1)}, which the package that was installed does not have; "
            "another version of it may"
        )
    library = _LIBRARY.search(message) or _NAMED_LIBRARY.search(message)
    if isinstance(error, (ImportError, OSError)) and library and _NO_LIBRARY.search(message):
        return (
            f"{name} needs the system library {library.group(1)}, which is not in this image; "
            "build the image with the system package that has it"
        )
    if isinstance(error, (ImportError, OSError)) and _NO_MEMORY.search(message):
        return f"{name} cannot be imported in the memory it has: {message}"
    if isinstance(error, ImportError):
        if error.name:
            return f"{name} needs another version of {error.name.partition('.')[0]}, or a part of it that is missing: {message}"
        return f"{name} cannot be imported: {message}"
    if not importing or not isinstance(error, Exception):
        return None
    asked = re.match(r"module '(\w+)[\w.]*' has no attribute", message)
    if isinstance(error, AttributeError) and asked:
        package = asked.group(1)
        return f"{name} needs another version of {package}: {message}{_place(error, package)}"
    return f"{name} cannot be imported: {type(error).__name__}: {message}{_place(error, '')}"


def _place(error: BaseException, passing: str) -> str:
    """The last line on the way to an exception, but for those of the package that was asked."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not passing or f"/{passing}/" not in frame.filename]
    if not frames:
        return ""
    _, installed, path = frames[-1].filename.rpartition("site-packages/")
    return f" ({path if installed else os.path.basename(path)}:{frames[-1].lineno})"
