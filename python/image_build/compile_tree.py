"""Compiles every .py file below some folders to bytecode that is never checked against its source again.

usage: compile_tree.py FOLDER... [--except FOLDER]   (in the image's root; folders are relative to it)

The bytes depend on the sources alone: names are those inside the image, files are taken in sorted order by
one process (what marshal shares depends on what was compiled before), and the hash seed is the caller's 0.
A file that is not valid Python gets no bytecode, as in any installation; importing it fails the same way.
"""

import os
import py_compile
import sys


def compile_tree(folder: str, skipped: str) -> None:
    """Compiles the files below `folder`, without those below `skipped`."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if os.path.join(parent, name) != skipped)
        for name in sorted(files):
            if name.endswith(".py"):
                compile_file(os.path.join(parent, name))


def compile_file(path: str) -> None:
    """Writes the bytecode of one file to its `__pycache__`."""
    try:
        py_compile.compile(
            path,
            dfile="/" + path,
            doraise=True,
            optimize=0,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    except py_compile.PyCompileError:
        pass


if __name__ == "__main__":
    arguments = sys.argv[1:]
    left_out = ""
    if "--except" in arguments:
        at = arguments.index("--except")
        left_out = arguments[at + 1]
        del arguments[at : at + 2]
    for argument in arguments:
        compile_tree(argument, left_out)
