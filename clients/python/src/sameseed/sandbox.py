"""A sandbox: a fresh, isolated process tree with files of its own."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Union

from .client import Client, default_client
from .errors import SameseedError, close_all
from .plain import as_texts


@dataclass(frozen=True)
class CommandResult:
    """How a command ended, and exactly what it wrote."""

    exit_code: int | None
    signal: str | None
    stdout: bytes
    stderr: bytes
    timed_out: bool
    memory_exceeded: bool
    output_truncated: bool
    cpu_ms: float
    wall_ms: float

    @property
    def text(self) -> str:
        """Standard output as text."""
        return self.stdout.decode(errors="replace")


class Sandbox:
    """Made with the native API's options: `image`, `world`, `seed`, `timeoutMs`, `memoryMb`, `env`, …

    with sameseed.Sandbox() as sandbox:
        sandbox.write("hello.py", "print('hello')")
        print(sandbox.run("python3", ["hello.py"]).text)
    """

    id: str
    #: The sandboxes whose files it began with, the first of all first.
    lineage: tuple[str, ...]
    _is_open: bool

    def __init__(self, *, client: Client | None = None, **options: Any) -> None:
        chosen = client or default_client()
        self._begin(chosen, chosen.request("POST", "/v1/sandboxes", options, once=True))

    def run(
        self,
        command: str,
        args: Sequence[str] = (),
        *,
        input: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
        timeout_ms: int | None = None,
    ) -> CommandResult:
        """Runs a program to its end, exactly once. No shell reads the command; for one: `run("sh", ["-c", line])`."""
        body: dict[str, Any] = {"command": command, "args": as_texts("args", args)}
        given = {"env": dict(env) if env else None, "cwd": cwd, "timeoutMs": timeout_ms}
        body.update({name: value for name, value in given.items() if value is not None})
        if isinstance(input, bytes):
            body["inputBase64"] = base64.b64encode(input).decode()
        elif input is not None:
            body["input"] = input
        told = self._client.request("POST", f"/v1/sandboxes/{self.id}/run", body, once=True)
        return _result(told)

    def read(self, path: str) -> bytes:
        """A file's bytes; a relative path begins at `/tmp`."""
        return self._client.transport.bytes("GET", f"/v1/sandboxes/{self.id}/files", query={"path": path})

    def write(self, path: str, data: str | bytes) -> None:
        """Writes a file and the folders that it is in."""
        content = data.encode() if isinstance(data, str) else data
        headers = {"Content-Type": "application/octet-stream"}
        self._client.transport.bytes(
            "PUT", f"/v1/sandboxes/{self.id}/files", content, query={"path": path}, headers=headers
        )

    def list(self, path: str) -> _Entries:
        """A folder's entries: `{name, type, sizeBytes, mode}`."""
        told = self._client.request("GET", f"/v1/sandboxes/{self.id}/files/list", query={"path": path})
        entries: _Entries = told["entries"]
        return entries

    def remove(self, path: str) -> None:
        """Removes a file."""
        self._client.request("DELETE", f"/v1/sandboxes/{self.id}/files", query={"path": path})

    def fork(self, count: int = 1) -> _Sandboxes:
        """Fresh sandboxes that begin with this one's files as they are now. No process may be alive in it.

        Where one cannot be made, those that were are closed again, and the error of the first is raised.
        """
        settled = self.fork_settled(count)
        failed = [each for each in settled if isinstance(each, SameseedError)]
        made = [each for each in settled if isinstance(each, Sandbox)]
        if failed:
            close_all(made)
            raise failed[0]
        return made

    def fork_settled(self, count: int = 1) -> _Settled:
        """As `fork`, with what became of each: a sandbox, or why there is none. It happens once, whatever the connection does."""
        told = self._client.request("POST", f"/v1/sandboxes/{self.id}/fork", {"count": count}, once=True)
        return [
            self._adopt(each["sandbox"]) if "sandbox" in each else SameseedError.of(each["error"]) for each in told
        ]

    def close(self) -> None:
        """Ends everything in it. May be called repeatedly."""
        if self._is_open:
            self._is_open = False
            self._client.request("DELETE", f"/v1/sandboxes/{self.id}")

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, client: Client, told: Mapping[str, Any]) -> None:
        self._client = client
        self.id = told["sandbox"]
        self.lineage = tuple(told["lineage"])
        self._is_open = True

    def _adopt(self, told: Mapping[str, Any]) -> Sandbox:
        sandbox = Sandbox.__new__(type(self))
        sandbox._begin(self._client, told)
        return sandbox


# The class has a method of the name `list`.
_Entries = list[dict[str, Any]]
_Sandboxes = list[Sandbox]
_Settled = list[Union[Sandbox, SameseedError]]


def _result(told: Mapping[str, Any]) -> CommandResult:
    result = told["result"]
    return CommandResult(
        exit_code=result["exitCode"],
        signal=result["signal"],
        stdout=_bytes(told["stdout"]),
        stderr=_bytes(told["stderr"]),
        timed_out=result["timedOut"],
        memory_exceeded=result["memoryExceeded"],
        output_truncated=result["outputTruncated"],
        cpu_ms=result["cpuMs"],
        wall_ms=result["wallMs"],
    )


def _bytes(output: Mapping[str, str]) -> bytes:
    return output["text"].encode() if "text" in output else base64.b64decode(output["base64"])
