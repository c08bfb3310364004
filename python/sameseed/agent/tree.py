"""Packs what a sandbox's programs wrote, and unpacks it in another: `python3 -I -m sameseed.agent.tree pack|unpack`.

`pack` writes a tar archive of `/tmp` and `/dev/shm` to standard output. It refuses while anything but the agent is alive
here: such a process may be half way through a file, and cannot itself be taken along. Whoever unpacks an archive needs the
same wall around them as whoever wrote the files: nothing in it is to be trusted.
"""

import os
import stat
import sys
import tarfile
import time
from collections.abc import Iterator
from typing import BinaryIO

ROOTS = ("/tmp", "/dev/shm")
# What `pack` exits with where other processes are alive.
BUSY = 9


def is_alone() -> bool:
    """Whether the agent, which is process 1 here, has no process but this one. The dead may wait a moment to be reaped."""
    for _ in range(20):
        try:
            os.kill(-1, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.005)
    return False


def was_alone() -> bool:
    """Whether no process has begun since this one: their ids are given one after the other."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child == os.getpid() + 1


def pack(into: BinaryIO) -> None:
    """Writes everything below the roots, in one order. There are no sockets: none can be made here."""
    with tarfile.open(fileobj=into, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 16) as archive:
        for path in (path for root in ROOTS for path in _below(root)):
            entry = archive.gettarinfo(path, arcname=path)
            # As text: a float has no room for nanoseconds.
            nanoseconds = os.lstat(path).st_mtime_ns
            entry.mtime = nanoseconds // 10**9
            entry.pax_headers["mtime"] = f"{entry.mtime}.{nanoseconds % 10**9:09}"
            if not entry.isreg():
                archive.addfile(entry)
                continue
            with _readable(path), open(path, "rb") as file:
                archive.addfile(entry, file)


def unpack(source: BinaryIO) -> None:
    """Makes what an archive holds. Directories get their modes when everything is in them."""
    directories = []
    with tarfile.open(fileobj=source, mode="r|", bufsize=1 << 16) as archive:
        for entry in archive:
            if entry.isdir():
                directories.append(entry)
                os.makedirs("/" + entry.name, exist_ok=True)
                continue
            # Python 3.11.3 and older know no filter, and take everything as it is.
            archive.extract(entry, "/", **({"filter": "fully_trusted"} if _HAS_FILTERS else {}))
            _date(entry)
    for entry in reversed(directories):
        os.chmod("/" + entry.name, entry.mode)
        _date(entry)


def _date(entry: tarfile.TarInfo) -> None:
    seconds, _, part = entry.pax_headers["mtime"].partition(".")
    nanoseconds = int(seconds) * 10**9 + int(part)
    os.utime("/" + entry.name, ns=(nanoseconds, nanoseconds), follow_symlinks=False)


def _below(folder: str) -> Iterator[str]:
    yield folder
    with _readable(folder):
        entries = sorted(os.scandir(folder), key=lambda entry: os.fsencode(entry.name))
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path)
            else:
                yield entry.path


_HAS_FILTERS = hasattr(tarfile, "fully_trusted_filter")


class _readable:
    """Opens, for as long as it is read, what its owner closed to itself."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.mode = stat.S_IMODE(os.lstat(path).st_mode)
        self.needs = 0o500 if os.path.isdir(path) else 0o400

    def __enter__(self) -> None:
        if self.mode & self.needs != self.needs:
            os.chmod(self.path, self.mode | self.needs)

    def __exit__(self, *_: object) -> None:
        if self.mode & self.needs != self.needs:
            os.chmod(self.path, self.mode)


def main(what: str) -> int:
    """Does one of the two; the exit status says what came of it."""
    if what == "unpack":
        unpack(sys.stdin.buffer)
        return 0
    if not is_alone():
        return BUSY
    pack(sys.stdout.buffer)
    return 0 if was_alone() else BUSY


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except OSError as error:
        sys.exit(f"{error.strerror}: {error.filename or ''}")
