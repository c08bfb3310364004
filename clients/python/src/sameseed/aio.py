"""The same for programs with an event loop.

A call runs in a thread, and the event loop goes on meanwhile. A call whose task is cancelled is carried out nevertheless: it may
have reached the server. The calls of one rollout are carried out one after the other, in the order in which they were made; one
that is cancelled before its turn never happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Any, TypeVar

from .client import Client
from .rewards import score
from .rollout import Checkpoint, Rollout, Step
from .runs import Run, collect_rollouts
from .sandbox import CommandResult, Sandbox


_T = TypeVar("_T")


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

    async def collect_rollouts(self, env: str | dict[str, Any], seeds: Iterable[int], **options: Any) -> AsyncRun:
        """As `sameseed.collect_rollouts`."""
        return AsyncRun(await asyncio.to_thread(lambda: collect_rollouts(env, seeds, client=self.sync, **options)))

    async def run(self, id: str) -> AsyncRun:
        """A run that the server has already."""
        return await asyncio.to_thread(lambda: AsyncRun(Run(id, client=self.sync)))

    async def score(self, items: Sequence[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
        """As `sameseed.score`."""
        return await asyncio.to_thread(lambda: score(items, client=self.sync, **options))


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

    async def list(self, path: str) -> _Entries:
        """A folder's entries."""
        return await asyncio.to_thread(self.sync.list, path)

    async def remove(self, path: str) -> None:
        """Removes a file."""
        await asyncio.to_thread(self.sync.remove, path)

    async def fork(self, count: int = 1) -> _AsyncSandboxes:
        """Fresh sandboxes that begin with this one's files."""
        return [AsyncSandbox(each) for each in await asyncio.to_thread(self.sync.fork, count)]

    async def close(self) -> None:
        """Ends everything in it."""
        await asyncio.to_thread(self.sync.close)

    async def __aenter__(self) -> AsyncSandbox:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


# The class has a method of the name `list`.
_Entries = list[dict[str, Any]]
_AsyncSandboxes = list[AsyncSandbox]


class AsyncRun:
    """As `Run`."""

    def __init__(self, run: Run) -> None:
        self.sync = run

    async def results(self) -> list[dict[str, Any]]:
        """Waits for the end, and gives the summaries in the order of their seeds: all of them, or it raises why there are not."""
        return await asyncio.to_thread(self.sync.results)

    async def state(self) -> dict[str, Any]:
        """How far it is."""
        return await asyncio.to_thread(lambda: self.sync.state)

    async def trajectory(self, digest: str) -> bytes:
        """The recorded bytes of a rollout."""
        return await asyncio.to_thread(self.sync.trajectory, digest)

    async def verify(self, *, deep: bool = False) -> dict[str, Any]:
        """Runs its rollouts again and compares their bytes with the recorded ones."""
        return await asyncio.to_thread(lambda: self.sync.verify(deep=deep))

    async def cancel(self) -> None:
        """Ends it; what is recorded stays."""
        await asyncio.to_thread(self.sync.cancel)

    async def resume(self) -> None:
        """Goes on with a run that was cut short."""
        await asyncio.to_thread(self.sync.resume)


class AsyncRollout:
    """As `Rollout`; what it shows is that of `sync`."""

    def __init__(self, rollout: Rollout) -> None:
        self.sync = rollout
        # Threads that wait for a lock get it in any order; tasks get it in theirs.
        self._turn = asyncio.Lock()

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
        return await self._in_turn(lambda: self.sync.step(action))

    async def branch(self, count: int = 1, *, reseed: Sequence[Any] | None = None) -> list[AsyncRollout]:
        """Further rollouts that have come the same way."""
        branches = await self._in_turn(lambda: self.sync.branch(count, reseed=reseed))
        return [AsyncRollout(each) for each in branches]

    async def checkpoint(self) -> Checkpoint:
        """Keeps the state."""
        return await self._in_turn(self.sync.checkpoint)

    async def rollback(self, checkpoint: Checkpoint) -> None:
        """Comes back to a state that was kept."""
        await self._in_turn(lambda: self.sync.rollback(checkpoint))

    async def snapshot(self) -> str:
        """The state as text, from which it can be opened anywhere."""
        return await self._in_turn(self.sync.snapshot)

    async def close(self) -> dict[str, Any]:
        """Ends it, and gives its summary."""
        return await self._in_turn(self.sync.close)

    async def _in_turn(self, call: Callable[[], _T]) -> _T:
        """Carries a call out after those before it. The next one waits for it though its task is cancelled."""
        await self._turn.acquire()
        work = asyncio.ensure_future(asyncio.to_thread(call))
        work.add_done_callback(self._next)
        return await asyncio.shield(work)

    def _next(self, work: asyncio.Future[Any]) -> None:
        self._turn.release()
        if not work.cancelled():
            work.exception()  # It was raised where somebody waited for it.

    async def __aenter__(self) -> AsyncRollout:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
