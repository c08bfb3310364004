"""Recorded runs: many seeds at once, and whether they can be had again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

from .client import Client, default_client
from .errors import SameseedError
from .plain import as_seeds


class Run:
    """A recorded run of a server. Iterate over it for the rollouts' summaries, in the order in which they were recorded.

    Where the run failed, was cancelled or was cut short, iteration raises why after the last summary that there is.
    """

    def __init__(self, id: str, *, client: Client | None = None) -> None:
        self.id = id
        self._client = client or default_client()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        end: dict[str, Any] | None = None
        for line in self._client.transport.lines(f"/v1/runs/{self.id}/results", {"from": 0, "follow": "true"}):
            if "rollout" in line:
                yield line["rollout"]
            elif "end" in line:
                end = line["end"]
        _check_end(end)

    @property
    def state(self) -> dict[str, Any]:
        """How far it is: `{run, state, total, recorded, manifest, statistics, error}`."""
        told: dict[str, Any] = self._client.request("GET", f"/v1/runs/{self.id}")
        return told

    def results(self) -> list[dict[str, Any]]:
        """Waits for the end, and gives the summaries in the order of their seeds: all of them, or it raises why there are not."""
        return sorted(self, key=lambda rollout: int(rollout["seed"]))

    def trajectory(self, digest: str) -> bytes:
        """The recorded bytes of a rollout, by the `digest` of its summary."""
        return self._client.transport.bytes("GET", f"/v1/runs/{self.id}/trajectories/{digest}")

    def verify(self, *, deep: bool = False) -> dict[str, Any]:
        """Runs its rollouts again and compares their bytes with the recorded ones. `deep`: reads every file of the image first."""
        path = f"/v1/runs/{self.id}/verify"
        told: dict[str, Any] = self._client.request("POST", path, {"deep": deep}, once=True)
        return told

    def cancel(self) -> None:
        """Ends it; what is recorded stays."""
        self._client.request("POST", f"/v1/runs/{self.id}/cancel", once=True)

    def resume(self) -> None:
        """Goes on with a run that was cut short, on the server that began it: what is recorded stays, the rest is recorded now."""
        self._client.request("POST", f"/v1/runs/{self.id}/resume", once=True)

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.cancel()


def _check_end(end: dict[str, Any] | None) -> None:
    """Raises where a run has not given all that was asked for."""
    if end is None:
        raise SameseedError("io_failed", "the results ended before the run did", "read them again: the server may have ended")
    recorded, total = end["recorded"], end["total"]
    if end["error"] is not None:
        raise SameseedError.of(end["error"])
    if recorded < total:
        message = f"the run was cut short: {recorded} of {total} rollouts are recorded"
        raise SameseedError("aborted", message, "resume() records the rest, on the server that began it", {"recorded": recorded, "total": total})


def collect_rollouts(
    env: str | dict[str, Any],
    seeds: Iterable[int],
    *,
    policy: Any = "random",
    client: Client | None = None,
    **options: Any,
) -> Run:
    """Records an episode for each seed, each in a fresh sandbox.

    `policy` is `"random"`, `{"source": TEXT}`, which runs in a sandbox of its own, or `{"actions": […]}`. Further options:
    `concurrency`, `detached`, `envArgs`, `maxSteps`, `image`, `world`, `limits`, …
    """
    chosen = client or default_client()
    body = {"env": env, "policy": policy, "seeds": as_seeds(seeds), **options}
    return Run(chosen.request("POST", "/v1/runs", body, once=True)["run"], client=chosen)


def verify(run: Run | str, *, deep: bool = False, client: Client | None = None) -> dict[str, Any]:
    """Runs a run's rollouts again and compares their bytes with the recorded ones."""
    found = Run(run, client=client) if isinstance(run, str) else run
    return found.verify(deep=deep)
