"""A server of this process's own."""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .errors import SameseedError
from .transport import Address

_STOP_SECONDS = 40


class Server:
    """Starts `sameseed serve` on a socket that only this user can reach; it ends with this process.

    The command is the one that is given, else `SAMESEED_COMMAND`, else `sameseed` of the search path.
    """

    def __init__(self, *args: str, command: Sequence[str] | None = None) -> None:
        self._folder = tempfile.mkdtemp(prefix="sameseed-client-")
        path = os.path.join(self._folder, "server.sock")
        started = [*(command or _command()), "serve", "--listen", f"unix:{path}", *args]
        self._log = Path(self._folder, "log")
        with self._log.open("wb") as log:
            # Its own session: Ctrl-C at this program's terminal is this program's, which then stops the server.
            self._process = subprocess.Popen(
                started,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        self._owner = os.getpid()
        atexit.register(self.close)
        self.address = Address(self._wait())

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.address.url

    def close(self) -> None:
        """Stops it. May be called repeatedly."""
        if self._process.returncode is None and self._owner == os.getpid():
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            shutil.rmtree(self._folder, ignore_errors=True)
        atexit.unregister(self.close)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _wait(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode(errors="replace").strip()
            if text.startswith("listening at "):
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return text.removeprefix("listening at ")
        self._process.wait()
        log = self._log.read_text(errors="replace")[-2000:]
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        raise SameseedError("io_failed", f"the server did not start:\n{log}", "run `sameseed serve` to see why")


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
