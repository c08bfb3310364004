"""Says which of the functions of a policy a file defines. It loads the file, so it runs in a sandbox of its own."""

from __future__ import annotations

from ..recording.canonical import encode
from ..recording.frames import END, HostStream
from .source_files import import_file

_FUNCTIONS = ("choose_action", "act", "init")
_STREAM_FD = 3


def run(*, path: str, fd: int = _STREAM_FD) -> None:
    """Writes one END frame: a map from each function's name to whether the file defines it. What loading raises is raised."""
    module = import_file(path)
    found = {name: callable(module.__dict__.get(name)) for name in _FUNCTIONS}
    stream = HostStream(fd)
    stream.send(END, encode(found))
    stream.flush()
