"""A WebSocket that answers one request after the other, in canonical CBOR.

Where a connection breaks, another takes its place on the same lease, and the request that has no answer is sent again with the
number that it had: the server carries it out once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import ClientConnection, connect, unix_connect
from websockets.typing import Subprotocol

from ._canonical.canonical import encode
from ._canonical.canonical_decode import decode
from .errors import SameseedError
from .transport import Address
from .turn import Turn

_PROTOCOL = Subprotocol("sameseed.v1")
_MESSAGE_MOST = 1 << 30
_TRIES = 5
# The server's own close codes: the lease ended, or there is none of that name.
_LEASE_OVER = (4000, 4001)


# Errors after which nothing has happened: the next request has the same number. Any other has used its number up.
_NUMBER_STAYS = frozenset(("io_failed", "key_reused", "lease_ended", "queue_timeout", "server_draining", "server_full"))


class Connection:
    """A connection to `/v1/ws`. `on_over` is told of a lease that has ended."""

    def __init__(self, address: Address, lease: str, on_over: Callable[[str], None] | None = None) -> None:
        self._address = address
        self._lease = lease
        self._on_over = on_over
        self._socket: ClientConnection | None = None
        self._turn = Turn()
        self._next = 0
        # What was sent and whose answer nobody has: the call was interrupted while it waited for it.
        self._owed: tuple[str, dict[str, Any]] | None = None

    def ask(self, op: str, fields: dict[str, Any]) -> Any:
        """Sends a request and gives its answer. Its `key` or `seq` makes it happen once, however often it is sent."""
        with self._turn:
            try:
                return self._ask(op, fields)
            except SameseedError as error:
                if error.code == "lease_ended" and self._on_over is not None:
                    self._on_over(self._lease)
                raise

    def change(self, op: str, fields: dict[str, Any], last: int) -> tuple[Any, int]:
        """Sends a request that changes something, after the one of number `last`. Gives its answer and its number.

        One before it that was interrupted has its number still: it is carried out first.
        """
        with self._turn:
            last = self._settle(op, last)
            numbered = {**fields, "seq": last + 1}
            encode(numbered)  # What has no encoding is refused before anything is sent, and nothing is owed.
            self._owed = (op, numbered)
            try:
                answer = self.ask(op, numbered)
            except SameseedError as error:
                self._owed = None
                error.number = last if error.code in _NUMBER_STAYS else last + 1
                raise
            self._owed = None
            return answer, last + 1

    def close(self) -> None:
        """Closes it. May be called repeatedly. In a child of the process that opened it, it is left to that."""
        if self._turn.is_here:
            with self._turn:
                self._forget()

    def _settle(self, op: str, last: int) -> int:
        owed = self._owed
        # A close that is asked for again is the same request: the server tells what came of it.
        if owed is None or (owed[0] == op and op.startswith("close")):
            return last
        try:
            self.ask(*owed)
        except SameseedError as error:
            if error.code in _NUMBER_STAYS:
                error.number = last
                raise
        self._owed = None
        return int(owed[1]["seq"])

    def _ask(self, op: str, fields: dict[str, Any]) -> Any:
        for left in reversed(range(_TRIES)):
            try:
                return self._exchange(op, fields)
            except (ConnectionClosed, InvalidHandshake, OSError, EOFError) as error:
                self._forget()
                if left == 0 or _is_over(error):
                    raise _lost(error) from error
                time.sleep(0.05 * (_TRIES - left))
            except SameseedError:
                raise
            except BaseException:
                # The call is interrupted, by Ctrl-C say: what comes later on this connection is nobody's.
                self._forget()
                raise
        raise AssertionError("unreachable")

    def _exchange(self, op: str, fields: dict[str, Any]) -> Any:
        self._next += 1
        sent = encode({"id": self._next, "op": op, **fields})
        socket = self._socket or self._open()
        socket.send(sent)
        while True:
            message: Any = decode(_binary(socket.recv()))
            if message.get("id") == self._next:
                break
        if "error" in message:
            raise SameseedError.of(message["error"])
        return message["ok"]

    def _open(self) -> ClientConnection:
        address = self._address
        path = f"{address.base}/v1/ws?lease={self._lease}"
        options: dict[str, Any] = {
            "subprotocols": [_PROTOCOL],
            "additional_headers": address.headers(),
            "compression": None,
            "max_size": _MESSAGE_MOST,
            "open_timeout": 30,
        }
        if address.unix_path is not None:
            opening = unix_connect(address.unix_path, f"ws://localhost{path}", **options)
        else:
            scheme = "wss" if address.secure else "ws"
            host = f"[{address.host}]" if ":" in address.host else address.host
            port = "" if address.port is None else f":{address.port}"
            # A proxy of the surroundings is for the web, not for a server that was named.
            opening = connect(f"{scheme}://{host}{port}{path}", **options, **WITHOUT_PROXY)
        # Not every version gives a connection without being entered. Leaving it is its close.
        socket: ClientConnection = opening.__enter__()
        hello: Any = decode(_binary(socket.recv(30)))
        if "hello" not in hello:
            raise SameseedError("protocol_broken", "the server did not greet")
        self._socket = socket
        return socket

    def _forget(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            try:
                socket.close()
            except OSError:
                pass


def _proxy_option() -> dict[str, Any]:
    import inspect

    return {"proxy": None} if "proxy" in inspect.signature(connect).parameters else {}


#: A named server is reached directly, whatever proxy the surroundings name.
WITHOUT_PROXY = _proxy_option()


def _binary(message: str | bytes) -> bytes:
    if isinstance(message, bytes):
        return message
    raise SameseedError("protocol_broken", "the server sent text")


def _is_over(error: Exception) -> bool:
    return isinstance(error, ConnectionClosed) and error.rcvd is not None and error.rcvd.code in _LEASE_OVER


def _lost(error: Exception) -> SameseedError:
    if _is_over(error):
        return SameseedError("lease_ended", "the lease is over: the server closed what this client had opened")
    return SameseedError("io_failed", f"the connection to the server is lost: {error}")
