"""Whether a program uses libraries whose results follow from what the processor can do, beyond the class that numpy and BLAS are held to.

Each compiles or picks its code by asking the processor. Those that compile are known by name. Those that have code for AVX-512 lie in a
list that the image's builder made of their code (src/image/wide-vectors.ts).
"""

from __future__ import annotations

import ctypes
import os
import sys

_COMPILING = ("jaxlib", "tensorflow", "torch")

_LIST = os.path.join(os.path.dirname(__file__), "..", "..", "wide-vectors.txt")


def _listed() -> frozenset[str]:
    try:
        with open(_LIST, encoding="utf-8") as file:
            return frozenset(file.read().split("\n")[:-1])
    except OSError:  # the package's own tests, outside of an image
        return frozenset()


# Read before a program's code runs, and where nothing is counted.
_WIDE = _listed()


class _Library(ctypes.Structure):
    """The beginning of `struct dl_phdr_info`."""

    _fields_ = [("address", ctypes.c_void_p), ("name", ctypes.c_char_p)]


def _loaded() -> list[str]:
    """The paths of the libraries in this process."""
    names: list[str] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Library), ctypes.c_size_t, ctypes.c_void_p)
    def note(library, _size, _data):
        names.append(os.path.normpath(os.fsdecode(library.contents.name or b"")))
        return 0

    ctypes.CDLL(None).dl_iterate_phdr(note, None)
    return names


def uses_choosing() -> bool:
    """Whether such a library is in use; of the listed ones, whether it is loaded now."""
    if any(module in sys.modules for module in _COMPILING):
        return True
    return bool(_WIDE) and not _WIDE.isdisjoint(_loaded())
