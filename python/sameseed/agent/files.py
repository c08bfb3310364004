"""The agent's files: reads, writes, lists and removes for the host, a small part in each turn.

The agent has no more rights than the sandbox's programs, so following a link gives nobody anything. What they can do is
leave something at a path that is not what it looks like; so a path is opened without waiting, and only then looked at.
"""

import errno
import json
import os
import stat
from typing import TYPE_CHECKING, Any, Generator

from sameseed.agent import wire

if TYPE_CHECKING:
    from sameseed.agent.agent import Agent

ENTRIES_AT_ONCE = 256

Task = Generator[bytes, None, None]
"""Yields what it found, or nothing, after each small part of its work."""


class Files:
    """The file requests of one agent that are not answered yet."""

    def __init__(self, agent: "Agent") -> None:
        self.agent = agent
        self.tasks: dict[int, Task] = {}
        self.writes: dict[int, int] = {}

    def step(self) -> bool:
        """Does the next part of every task; True where some are left."""
        for number, task in list(self.tasks.items()):
            found = self.agent.attempt(number, lambda: next(task, _OVER))
            if found is None or found is _OVER:
                del self.tasks[number]
            if found is _OVER:
                self.agent.send_json(wire.DONE, number, {})
            elif found:
                self.agent.send(wire.DATA, number, found)
        return bool(self.tasks)

    def read(self, number: int, payload: bytes) -> None:
        self.tasks[number] = _read(json.loads(payload)["path"])

    def list(self, number: int, payload: bytes) -> None:
        self.tasks[number] = _list(json.loads(payload)["path"])

    def remove(self, number: int, payload: bytes) -> None:
        request = json.loads(payload)
        self.tasks[number] = _remove(request["path"], request["recursive"])

    def cancel(self, number: int, _: bytes) -> None:
        task = self.tasks.pop(number, None)
        fd = self.writes.pop(number, None)
        if task is not None:
            task.close()
        if fd is not None:
            os.close(fd)
        if task is not None or fd is not None:
            raise OSError(errno.ECANCELED, os.strerror(errno.ECANCELED))

    def open(self, number: int, payload: bytes) -> None:
        request = json.loads(payload)
        parent = os.path.dirname(request["path"])
        if parent:
            os.makedirs(parent, exist_ok=True)
        fd = _open_regular(request["path"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, request["mode"])
        try:
            os.fchmod(fd, request["mode"])
        except OSError:
            os.close(fd)
            raise
        self.writes[number] = fd

    def data(self, number: int, payload: bytes) -> None:
        fd = self.writes.get(number)
        if fd is None:  # an earlier part failed and was answered
            return
        view = memoryview(payload)
        try:
            while view:
                view = view[os.write(fd, view) :]
        except OSError:
            os.close(self.writes.pop(number))
            raise
        self.agent.send_json(wire.TOOK, number, {"bytes": len(payload)})

    def close(self, number: int, _: bytes) -> None:
        fd = self.writes.pop(number, None)
        if fd is not None:
            os.close(fd)
            self.agent.send_json(wire.DONE, number, {})


_OVER = object()


def _open_regular(path: str, flags: int, mode: int = 0) -> int:
    # O_NONBLOCK: a pipe that somebody left at the path must not stop the agent.
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, mode)
    kind = os.fstat(fd).st_mode
    if stat.S_ISREG(kind):
        return fd
    os.close(fd)
    raise OSError(errno.EISDIR if stat.S_ISDIR(kind) else errno.EINVAL, "not a regular file", path)


def _read(path: str) -> Task:
    fd = _open_regular(path, os.O_RDONLY)
    try:
        while data := os.read(fd, wire.CHUNK):
            yield data
    finally:
        os.close(fd)


def _list(path: str) -> Task:
    entries: list[dict[str, Any]] = []
    with os.scandir(path) as found:
        for entry in found:
            try:
                info = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            entries.append({"name": entry.name, "type": _kind(info.st_mode), "sizeBytes": info.st_size, "mode": info.st_mode & 0o7777})
            if len(entries) % ENTRIES_AT_ONCE == 0:
                yield b""
    entries.sort(key=lambda each: os.fsencode(each["name"]))
    for at in range(0, len(entries), ENTRIES_AT_ONCE):
        yield json.dumps(entries[at : at + ENTRIES_AT_ONCE]).encode()


def _kind(mode: int) -> str:
    return "file" if stat.S_ISREG(mode) else "directory" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "other"


def _remove(path: str, recursive: bool) -> Task:
    if not stat.S_ISDIR(os.lstat(path).st_mode):
        os.remove(path)
        return
    if recursive:
        yield from _empty(path)
    os.rmdir(path)


def _empty(path: str) -> Task:
    """Empties a directory without ever going deeper than one below it, so that no depth of the tree is too much.

    Each directory in it gives its own directories to the top, and is removed when only they are left.
    """
    top = _open_directory(path, None)
    try:
        names = os.listdir(top)
        while names:
            for name in names:
                if stat.S_ISDIR(os.stat(name, dir_fd=top, follow_symlinks=False).st_mode):
                    yield from _lift(top, name)
                else:
                    os.unlink(name, dir_fd=top)
                yield b""
            names = os.listdir(top)
    finally:
        os.close(top)


def _lift(top: int, name: str) -> Task:
    below = _open_directory(name, top)
    try:
        for inner in os.listdir(below):
            if stat.S_ISDIR(os.stat(inner, dir_fd=below, follow_symlinks=False).st_mode):
                # A directory that may not be written cannot be moved: its own `..` changes.
                _permit(inner, below)
                os.rename(inner, f".{os.urandom(8).hex()}", src_dir_fd=below, dst_dir_fd=top)
            else:
                os.unlink(inner, dir_fd=below)
            yield b""
    finally:
        os.close(below)
    os.rmdir(name, dir_fd=top)


def _open_directory(name: str, parent: int | None) -> int:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    _permit(name, parent)
    return os.open(name, flags, dir_fd=parent)


def _permit(name: str, parent: int | None) -> None:
    """Gives back the rights that its owner took from itself."""
    try:
        os.chmod(name, 0o700, dir_fd=parent)
    except OSError:  # what this was needed for fails and says why
        pass
