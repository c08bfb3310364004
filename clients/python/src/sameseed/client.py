"""A client: one server, and a lease that owns what this process opens there."""

from __future__ import annotations

import os
import threading
import uuid
from types import TracebackType
from typing import Any

from .connection import Connection
from .errors import SameseedError
from .local_server import Server
from .transport import Address, Transport

_TTL_MS = 30_000


class Client:
    """A server's client. What it opens lives for as long as this process does, and until `close`.

    `url` is `http://HOST:PORT` or `unix:PATH`; without it `SAMESEED_URL`, else a server that is started for this client.
    Where its lease has ended, because the server was started again or this process was stopped for long, what was open is gone, and
    what is opened next has another lease.
    """

    def __init__(self, url: str | None = None, *, token: str | None = None) -> None:
        address = Address(url, token) if url is not None else Address.from_environment()
        self.server: Server | None = Server() if address is None else None
        self.address: Address = self.server.address if self.server is not None else address  # type: ignore[assignment]
        self.transport = Transport(self.address)
        self._lease: str | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._owner = os.getpid()

    @property
    def lease(self) -> str:
        """The lease that owns what is opened, kept alive by a thread."""
        with self._lock:
            if self._lease is None:
                self._lease = self._open_lease()
            return self._lease

    def connect(self) -> Connection:
        """A WebSocket for one rollout or vector."""
        return Connection(self.address, self.lease, self._forget_lease)

    def request(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """A request of the native API, owned by this client's lease where it opens something."""
        given = options.pop("headers", {})
        lease = self.lease
        try:
            return self.transport.json(method, path, body, headers={"Sameseed-Lease": lease, **given}, **options)
        except SameseedError as error:
            if error.code != "lease_ended":
                raise
            # Nothing was opened for a lease that is over.
            self._forget_lease(lease)
        return self.transport.json(method, path, body, headers={"Sameseed-Lease": self.lease, **given}, **options)

    def close(self) -> None:
        """Closes everything that it opened, and the server where it was started for this client. May be called repeatedly.

        In a child of the process that made it nothing is done: it is that process's.
        """
        if self._owner != os.getpid():
            return
        self._stop.set()
        with self._lock:
            lease, self._lease = self._lease, None
        try:
            if lease is not None:
                self.transport.json("DELETE", f"/v1/leases/{lease}")
        except SameseedError:
            pass  # The server is gone, or the lease is over: nothing is left.
        if self.server is not None:
            self.server.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open_lease(self) -> str:
        lease: str = self.transport.json("POST", "/v1/leases", {"ttlMs": _TTL_MS}, once=True)["lease"]
        threading.Thread(target=self._keep, args=(lease, self._stop), daemon=True).start()
        return lease

    def _forget_lease(self, lease: str) -> None:
        with self._lock:
            if self._lease == lease:
                self._lease = None

    def _keep(self, lease: str, stop: threading.Event) -> None:
        while not stop.wait(_TTL_MS / 5000):
            try:
                self.transport.json("POST", f"/v1/leases/{lease}/heartbeat", once=True)
            except SameseedError as error:
                if error.code == "lease_ended":
                    self._forget_lease(lease)
                    return


_default: Client | None = None
_default_pid = 0
_default_lock = threading.Lock()


def default_client() -> Client:
    """The client that is used where none is given: made once for a process, and again where a server of its own has ended."""
    global _default, _default_pid
    with _default_lock:
        if _default is not None and _default.server is not None and _default.server.has_ended:
            _default.close()
            _default = None
        if _default is None or _default_pid != os.getpid():
            _default, _default_pid = Client(), os.getpid()
        return _default


def opened(client: Client, op: str, config: dict[str, Any]) -> tuple[Connection, Any]:
    """A connection of its own with what was opened on it, and the server's view of that."""
    fields = {"key": str(uuid.uuid4()), "config": config}
    for is_last in (False, True):
        connection = client.connect()
        try:
            return connection, connection.ask(op, fields)
        except BaseException as error:
            connection.close()
            # The lease was over, which the client knows now: the next connection is on another.
            if is_last or not isinstance(error, SameseedError) or error.code != "lease_ended":
                raise
    raise AssertionError("unreachable")
