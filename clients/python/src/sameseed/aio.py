"""The same for programs with an event loop.

A call runs in a thread, and the event loop goes on meanwhile. A call whose task is cancelled is carried out nevertheless: it may
have reached the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from .client import Client
from .rewards import score
from .rollout import Checkpoint, Rollout, Step
from .sandbox import CommandResult, Sandbox


class AsyncClient:
    """As `Client`; `async with sameseed.AsyncClient() as client`."""

    def __init__(self, url: str | None = None, *, token: str | None = None) -> None:
        self._given = (url, token)
        self._client: Client | None = None

    async def __aenter__(self) -> AsyncClient:
        url, token = self._given
        self._client = await asyncio.to_thread(Client, url, token=token)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.sync.close)

    @property
    def sync(self) -> Client:
        """The client that it is made of."""
        if self._client is None:
            raise RuntimeError("use it with `async with`")
        return self._client

    async def sandbox(self, **options: Any) -> AsyncSandbox:
        """Makes a sandbox."""
        return AsyncSandbox(await asyncio.to_thread(lambda: Sandbox(client=self.sync, **options)))

    async def rollout(self, env: str | dict[str, Any], seed: int, **options: Any) -> AsyncRollout:
        """Opens a rollout."""
        return AsyncRollout(await asyncio.to_thread(lambda: Rollout(env, seed, client=self.sync, **options)))

    async def score(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """As `sameseed.score`."""
        return await asyncio.to_thread(score, items, client=self.sync)


class AsyncSandbox:
    """As `Sandbox`."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sync = sandbox

    async def run(self, command: str, args: Sequence[str] = (), **options: Any) -> CommandResult:
        """Runs a program to its end, exactly once."""
        return await asyncio.to_thread(self.sync.run, command, args, **options)

    async def read(self, path: str) -> bytes:
        """A file's bytes."""
        return await asyncio.to_thread(self.sync.read, path)

    async def write(self, path: str, data: str | bytes) -> None:
        """Writes a file."""
        await asyncio.to_thread(self.sync.write, path, data)

    async def close(self) -> None:
        """Ends everything in it."""
        await asyncio.to_thread(self.sync.close)

    async def __aenter__(self) -> AsyncSandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class AsyncRollout:
    """As `Rollout`; what it shows is that of `sync`."""

    def __init__(self, rollout: Rollout) -> None:
        self.sync = rollout

    @property
    def observation(self) -> Any:
        """The observation now."""
        return self.sync.observation

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended."""
        return self.sync.is_over

    async def step(self, action: Any) -> Step:
        """Takes a step."""
        return await asyncio.to_thread(self.sync.step, action)

    async def branch(self, count: int = 1) -> list[AsyncRollout]:
        """Further rollouts that have come the same way."""
        return [AsyncRollout(each) for each in await asyncio.to_thread(self.sync.branch, count)]

    async def checkpoint(self) -> Checkpoint:
        """Keeps the state."""
        return await asyncio.to_thread(self.sync.checkpoint)

    async def rollback(self, checkpoint: Checkpoint) -> None:
        """Comes back to a state that was kept."""
        await asyncio.to_thread(self.sync.rollback, checkpoint)

    async def close(self) -> dict[str, Any]:
        """Ends it, and gives its summary."""
        return await asyncio.to_thread(self.sync.close)

    async def __aenter__(self) -> AsyncRollout:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
