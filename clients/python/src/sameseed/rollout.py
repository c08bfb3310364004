"""One rollout, step by step: plain values, no Gymnasium."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from .client import Client, default_client, opened
from .errors import SameseedError, close_all
from .plain import as_plain, as_seed
from .turn import Turn


@dataclass(frozen=True)
class Step:
    """What a step gave."""

    observation: Any
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]


@dataclass(frozen=True)
class Checkpoint:
    """A state that was kept: the step it is after, and the chain value of all bytes up to there."""

    id: str
    step: int
    chain: str


class Rollout:
    """An episode in a sandbox of its own, which stays open until it is closed.

    `env` is a name of the server's image, or `{"source": TEXT, "className": NAME}`. Further options: `envArgs`, `files`,
    `maxSteps`, `volatileInfo`, `image`, `backend`, `world`, `limits`, `idleMs`.

    Calls at the same time, from several threads, are carried out one after the other. A call that is interrupted is carried out
    nevertheless, before the next one. Only the process that opened it can use it.
    """

    seed: int
    #: How many steps were taken, and whether the episode has ended.
    steps: int
    is_over: bool
    observation: Any
    info: dict[str, Any]
    #: The actions that are legal now, where the environment says so.
    legal: list[int] | None
    #: What was recorded; None until it is closed.
    summary: dict[str, Any] | None
    trajectory: bytes | None

    def __init__(self, env: str | dict[str, Any], seed: int, *, client: Client | None = None, **options: Any) -> None:
        self._begin(client or default_client(), {"env": env, "seed": as_seed(seed), **as_plain(options)})

    @classmethod
    def from_snapshot(cls, snapshot: str, *, client: Client | None = None, **options: Any) -> Rollout:
        """Opens a rollout where a snapshot was taken; it is re-executed, and refused where it does not come to the same bytes."""
        rollout = cls.__new__(cls)
        rollout._begin(client or default_client(), {"snapshot": snapshot, **options})
        return rollout

    def step(self, action: Any) -> Step:
        """Takes a step."""
        with self._turn:
            told = self._change("step", action=action)
            self.steps, self.is_over, self.legal = told["steps"], told["isOver"], told["legal"]
            self.observation, self.info = told["observation"], told["info"]
        return Step(
            told["observation"], float(told["reward"]), told["terminated"], told["truncated"], told["info"]
        )

    def branch(self, count: int = 1, *, reseed: Sequence[Any] | None = None) -> list[Rollout]:
        """Further rollouts that have come the same way; this one goes on. `reseed`: see docs/guide/branching.md."""
        fields = {"count": count} if reseed is None else {"reseed": list(reseed)}
        told = self._change("branch", **fields)["branches"]
        failed = [each["error"] for each in told if "error" in each]
        branches = [self._adopt(each["view"]) for each in told if "view" in each]
        if failed:
            close_all(branches)
            error = failed[0]
            raise SameseedError.of(error if isinstance(error, dict) else {"code": "sandbox_failed", "message": error})
        return branches

    def checkpoint(self) -> Checkpoint:
        """Keeps the state, so that `rollback` can come back to it any number of times."""
        told = self._change("checkpoint")
        return Checkpoint(told["checkpoint"], told["step"], told["chain"])

    def rollback(self, checkpoint: Checkpoint) -> None:
        """Comes back to a state that was kept."""
        with self._turn:
            self._take(self._change("rollback", checkpoint=checkpoint.id))

    def snapshot(self) -> str:
        """The state as text, from which it can be opened anywhere."""
        text: str = self._connection.ask("snapshot", {"rollout": self._id})["snapshot"]
        return text

    def close(self) -> dict[str, Any]:
        """Ends it, and gives the recorded rollout's summary; its trajectory's bytes are `trajectory` afterwards.

        In a child of the process that opened it nothing is done: it is that process's.
        """
        if not self._turn.is_here:
            return self.summary or {}
        with self._turn:
            if self.summary is None:
                try:
                    told = self._change("close", trajectory=True)
                    self.summary = json.loads(told["summary"])
                    self.trajectory = told["trajectory"]
                finally:
                    self._connection.close()
            return self.summary or {}

    def __enter__(self) -> Rollout:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, client: Client, config: dict[str, Any]) -> None:
        self._client = client
        self._connection, view = opened(client, "open", config)
        self._start(view)

    def _start(self, view: Any) -> None:
        self._turn = Turn()
        self._id: str = view["rollout"]
        self._seq: int = view["seq"]
        self.seed = view["seed"]
        self.action_space, self.observation_space = view["actionSpace"], view["observationSpace"]
        self.summary = None
        self.trajectory = None
        self._take(view)

    def _take(self, view: Any) -> None:
        self.steps = view["steps"]
        self.is_over = view["isOver"]
        self.observation = view["observation"]
        self.info = view["info"]
        self.legal = view["legal"]

    def _adopt(self, view: Any) -> Rollout:
        branch = Rollout.__new__(type(self))
        branch._client = self._client
        branch._connection = self._client.connect()
        branch._start(view)
        return branch

    def _change(self, op: str, **fields: Any) -> Any:
        # The number is taken, sent and kept before another call takes the next one.
        with self._turn:
            try:
                answer, self._seq = self._connection.change(op, {"rollout": self._id, **fields}, self._seq)
            except SameseedError as error:
                self._seq = self._seq if error.number is None else error.number
                raise
            return answer
