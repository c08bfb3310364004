"""A server of this process's own."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .errors import SameseedError
from .transport import Address

_STOP_SECONDS = 40
_PREFIX = "sameseed-client-"
# A server that has not listened for so long will not; a first start makes an image.
_STARTING_SECONDS = 3600
_EMPTY_SECONDS = 60


class Server:
    """Starts `sameseed serve` on a socket that only this user can reach; it ends with this process, however that ends.

    The command is the one that is given, else `SAMESEED_COMMAND`, else `sameseed` of the search path.
    """

    def __init__(self, *args: str, command: Sequence[str] | None = None) -> None:
        _remove_left_folders()
        self._folder = tempfile.mkdtemp(prefix=_PREFIX)
        path = os.path.join(self._folder, "server.sock")
        self._log = Path(self._folder, "log")
        try:
            started = [*(command or _command()), "serve", "--until-input-ends", "--listen", f"unix:{path}", *args]
            with self._log.open("wb") as log:
                # Its own session: Ctrl-C at this program's terminal is this program's, which then stops the server. The pipe's
                # other end is this process's alone, and the kernel closes it when this process is no more.
                self._process = subprocess.Popen(
                    started,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SameseedError(
                "tool_missing", f"the server cannot be started: {error}", "look at SAMESEED_COMMAND"
            ) from error
        except SameseedError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        self._owner = os.getpid()
        self._folder_is_there = True
        _servers.add(self)
        atexit.register(self.close)
        self.address = Address(self._wait())

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.address.url

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself, or was ended by somebody else."""
        return self._owner == os.getpid() and self._process.poll() is not None

    def close(self) -> None:
        """Stops it. May be called repeatedly."""
        if self._owner == os.getpid() and self._folder_is_there:
            self._folder_is_there = False
            if self._process.poll() is None:
                self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._leave_to_parent()
            shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _leave_to_parent(self) -> None:
        """Closes this process's end of the pipe. In a child of a fork the server ends when its parent does."""
        if self._process.stdin is not None:
            self._process.stdin.close()

    def _wait(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode(errors="replace").strip()
            if text.startswith("listening at "):
                # Nobody reads it any more: a server that ends by itself, after its parent, leaves an empty folder.
                self._log.unlink(missing_ok=True)
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return text.removeprefix("listening at ")
        self._process.wait()
        log = self._log.read_text(errors="replace")[-2000:]
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        raise SameseedError("io_failed", f"the server did not start:\n{log}", "run `sameseed serve` to see why")


_servers: weakref.WeakSet[Server] = weakref.WeakSet()


def _leave_all() -> None:
    for server in list(_servers):
        server._leave_to_parent()
    _servers.clear()


os.register_at_fork(after_in_child=_leave_all)


def _remove_left_folders() -> None:
    """Removes the folders of programs that were killed: nobody was left to do it. One that is new may await its server."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            found = folder.lstat()
            age = time.time() - found.st_mtime
            if found.st_uid != os.getuid() or age < _EMPTY_SECONDS:
                continue
            if age > _STARTING_SECONDS and not _is_served(folder / "server.sock"):
                shutil.rmtree(folder, ignore_errors=True)
            else:
                folder.rmdir()
        except OSError:
            continue  # It is in use, or another program removes it.


def _is_served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as tried:
        tried.settimeout(1)
        try:
            tried.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True


def _command() -> list[str]:
    given = os.environ.get("SAMESEED_COMMAND")
    if given:
        return shlex.split(given)
    found = shutil.which("sameseed")
    if found is None:
        raise SameseedError(
            "tool_missing",
            "there is no `sameseed` command to start a server with",
            "install it (npm install --global sameseed), or name a running server with SAMESEED_URL",
        )
    return [found]
