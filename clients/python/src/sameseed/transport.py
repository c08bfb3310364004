"""HTTP to a server, over TCP or a socket of this machine.

A request that changes something carries an idempotency key, so that it can be sent again where no answer came: the server
does it once. A connection is kept for each thread.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .errors import SameseedError
from .plain import as_json

_TRIES = 4
_BROKEN = (OSError, http.client.HTTPException)
# Answers after which nothing has happened.
_BUSY = frozenset(("server_full", "queue_timeout", "server_draining"))


# The class that sends has a method of the name `bytes`.
_Bytes = bytes


class Address:
    """Where a server is: `http://HOST:PORT`, `https://…` or `unix:PATH`, and the token that it asks for."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url = url
        self.token = token
        self.unix_path = url.removeprefix("unix:") if url.startswith("unix:") else None
        parts = urlsplit("http://localhost" if self.unix_path is not None else url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise SameseedError("bad_argument", f"{url} is no address", "use http://HOST:PORT or unix:PATH")
        self.secure = parts.scheme == "https"
        self.host, self.port = parts.hostname, parts.port
        self.base = parts.path.rstrip("/")

    @classmethod
    def from_environment(cls) -> Address | None:
        """The server that `SAMESEED_URL` names; its token is the text of the file `SAMESEED_TOKEN_FILE`."""
        url, file = os.environ.get("SAMESEED_URL"), os.environ.get("SAMESEED_TOKEN_FILE")
        if not url:
            return None
        return cls(url, _token_of(file) if file else None)

    def headers(self) -> dict[str, str]:
        return {} if self.token is None else {"Authorization": f"Bearer {self.token}"}

    def connect(self, timeout: float | None) -> http.client.HTTPConnection:
        if self.unix_path is not None:
            return _UnixConnection(self.unix_path, timeout)
        if self.secure:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=timeout, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=timeout)


def _token_of(file: str) -> str:
    try:
        token = Path(file).read_text().strip()
    except OSError as error:
        raise SameseedError(
            "bad_argument", f"the token cannot be read: {error}", "SAMESEED_TOKEN_FILE names the file that has it"
        ) from None
    if not token:
        raise SameseedError("bad_argument", f"{file} holds no token", "SAMESEED_TOKEN_FILE names the file that has it")
    return token


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Transport:
    """Sends requests."""

    def __init__(self, address: Address, timeout: float | None = None) -> None:
        self.address = address
        self._timeout = timeout
        self._local = threading.local()

    def json(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """Sends JSON and gives the JSON of the answer; None where it has no body."""
        data = None if body is None else as_json(body)
        headers = {"Content-Type": "application/json", **options.pop("headers", {})}
        answer = self.bytes(method, path, data, headers=headers, **options)
        return json.loads(answer) if answer else None

    def bytes(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        query: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
    ) -> bytes:
        """Sends a request until there is an answer. `once`: with an idempotency key, so that it happens once."""
        target = self._target(path, query)
        sent = {**self.address.headers(), **(headers or {})}
        if once:
            sent["Idempotency-Key"] = str(uuid.uuid4())
        for left in reversed(range(_TRIES)):
            try:
                response, data = self._exchange(method, target, body, sent)
            except _BROKEN as error:
                self._drop()
                if left == 0 or (method == "POST" and not once):
                    raise _unreachable(self.address.url, error) from error
                time.sleep(0.05 * (_TRIES - left))
                continue
            if response.status < 400:
                return data
            refused = _error_of(response.status, data)
            if left == 0 or refused.code not in _BUSY:
                raise refused
            time.sleep(min(5.0, float(response.headers.get("Retry-After", "1"))))
        raise AssertionError("unreachable")

    def lines(self, path: str, query: Mapping[str, object] | None = None) -> Iterator[Any]:
        """The JSON documents of an NDJSON answer, as they come. Over a connection of its own."""
        connection = self.address.connect(self._timeout)
        try:
            connection.request("GET", self._target(path, query), headers=self.address.headers())
            response = connection.getresponse()
            if response.status >= 400:
                raise _error_of(response.status, response.read())
            for line in response:
                if line.strip():
                    yield json.loads(line)
        except _BROKEN as error:
            raise _unreachable(self.address.url, error) from error
        finally:
            connection.close()

    def _target(self, path: str, query: Mapping[str, object] | None) -> str:
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self.address.base + path + ("" if not given else "?" + urlencode(given, quote_via=quote))

    def _exchange(
        self, method: str, target: str, body: _Bytes | None, headers: Mapping[str, str]
    ) -> tuple[http.client.HTTPResponse, _Bytes]:
        connection = getattr(self._local, "connection", None)
        # A child of a fork has its parent's object, and must not speak on its parent's connection.
        if connection is None or self._local.pid != os.getpid():
            connection = self._local.connection = self.address.connect(self._timeout)
            self._local.pid = os.getpid()
        connection.request(method, target, body, dict(headers))
        response = connection.getresponse()
        return response, response.read()

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            connection.close()


def _error_of(status: int, data: bytes) -> SameseedError:
    try:
        return SameseedError.of(json.loads(data)["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return SameseedError("internal", f"the server answered {status}: {data[:200]!r}")


def _unreachable(url: str, error: Exception) -> SameseedError:
    return SameseedError(
        "io_failed",
        f"the server at {url} does not answer: {error}",
        "start one with `sameseed serve`, or leave SAMESEED_URL unset to have one started",
    )
