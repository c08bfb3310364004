"""The referee of games: plays games between seats, one trajectory each.

Theory of operation. A game is an episode with several policies: a record holds the action of the agent whose turn it was
and what the next one sees. What breaks becomes a `Ended` with an outcome, as in `referee`; a policy that fails ends its
game with its seat's name. Several games of built-in policies may follow one another on one stream: each has an
environment, streams and a recorder of its own, so that its bytes are those it has alone.

docs/trajectory-format.md, sections 2, 3 and 10, is the specification.
"""

from __future__ import annotations

import base64

from .actions import restore
from ..recording.board_recorder import BoardRecorder
from ..recording.canonical_decode import decode
from .environment import unwrap
from .episode_end import Ended, close_episode, raise_broken
from .failures import IllegalAction, OutOfActions, PolicyFailure
from ..recording.frames import BulkStream, HostStream
from .game_environment import agents_of, checked_action, legal_actions, make_game
from ..recording.hidden import HiddenState
from ..recording.recorder import Recorder
from .referee import STREAM_FD, _encoded_or_none
from .seating import NoHidden, Seating, seed_environment, seed_process
from .seats import Turn
from ..world.sealed import boundary


def play(
    *,
    seeds: list[int],
    environment: dict,
    env_args: dict,
    seats: list[dict],
    max_steps: int | None = None,
    volatile_info: list[str] | tuple[str, ...] = (),
    replay: dict | None = None,
    fd: int = STREAM_FD,
) -> None:
    """Plays a game for each seed, one after the other, and writes their frames to `fd`."""
    stream = HostStream(fd) if len(seeds) == 1 else BulkStream(fd)
    seating = Seating(seats, seeds[0], stream, fd) if replay is None else None
    for seed in seeds:
        # No generator is near Sameseed's own games; elsewhere there may be any.
        own = environment["kind"] == "game"
        hidden = NoHidden() if own else HiddenState()
        kind = BoardRecorder if own and not volatile_info else Recorder
        recorder = kind(stream, hidden, list(volatile_info))
        game = _Game(seed, recorder, hidden, seating, [seat["seat"] for seat in seats], max_steps)
        if replay is not None:
            game.replayed = iter(decode(base64.b64decode(replay["actions"])))
            game.replay_end = replay.get("end")
        try:
            game.play(environment, env_args)
        except Ended as ended:
            game.finish(ended)
    if type(stream) is BulkStream:
        stream.finish()
    if seating is not None:
        seating.close()


class _Game:
    def __init__(
        self,
        seed: int,
        recorder: Recorder,
        hidden: HiddenState | NoHidden,
        seating: Seating | None,
        names: list[str],
        max_steps: int | None,
    ) -> None:
        self.seed = seed
        self.recorder = recorder
        self.hidden = hidden
        self.seating = seating
        self.names = names
        self.max_steps = max_steps
        self.replayed: object = iter(())
        self.replay_end: dict | None = None
        self.env: object = None
        self.agents: list[str] = []
        self.seen: object = None
        self.plain = False
        self.steps = 0
        self.total_reward = 0.0
        self.seeded: list[str] = []
        self.warnings: list[str] = []

    def play(self, environment: dict, env_args: dict) -> None:
        """Plays until the game is over; always leaves by `Ended`."""
        self.seeded += seed_process(environment["kind"], self.seed)
        try:
            self.env = make_game(environment, env_args)
            self.agents = agents_of(self.env, len(self.names))
            self.plain = environment["kind"] == "game"
        except BaseException as error:
            raise_broken(self.recorder, error, None)
        try:
            env = self.env
            self.seeded += seed_environment(env, environment["kind"], self.agents, self.seed)
            self.hidden.watch_environment(unwrap(env))
            agent = env.agent_selection
            self.seen = env.observe(agent)
            self.recorder.reset(self.seen, self._info(agent))
        except BaseException as error:
            raise_broken(self.recorder, error, 0)
        if self.seating is not None:
            try:
                self.seeded += self.seating.start(self.seed)
            except PolicyFailure as failure:
                raise self._failed(failure, 1, self.seating.failed) from None
        while self.steps != self.max_steps:
            self._move()
        raise Ended("truncated")

    def _move(self) -> None:
        number = self.steps + 1
        env = self.env
        agent = env.agent_selection
        seat = self.names[self.agents.index(agent)]
        try:
            legal = legal_actions(env, agent, self.seen)
            action = self._choose(number, agent, seat, legal)
            encoded = self.recorder.action(action)
        except OutOfActions:
            raise Ended("truncated") from None
        except PolicyFailure as failure:
            raise self._failed(failure, number, seat) from None
        except IllegalAction as error:
            failure = PolicyFailure("illegal_action", "IllegalAction", str(error))
            raise self._failed(failure, number, seat, _encoded_or_none(error.value)) from None
        except BaseException as error:
            raise_broken(self.recorder, error, number)
        # Whoever chose, and however the answer came: what that asked of the world is no part of the game's ledger.
        boundary(number)
        try:
            reward, over, truncated = self._step(action, encoded)
        except BaseException as error:
            raise_broken(self.recorder, error, number, encoded)
        self.steps = number
        self.total_reward += reward
        if over:
            raise Ended("truncated" if truncated else "terminated")

    def _choose(self, number: int, agent: str, seat: str, legal: list | None) -> object:
        env = self.env
        if self.seating is not None:
            # Asked for where it is needed only: spaces are made anew at each question by some.
            space = None if legal is not None else env.action_space(agent)
            turn = Turn(number, agent, self.seen, legal, space, self.recorder)
            return checked_action(env, agent, legal, self.seating.choose(seat, turn))
        for action in self.replayed:
            return checked_action(env, agent, legal, restore(env.action_space(agent), action))
        end = self.replay_end
        if end is None:
            raise OutOfActions
        failure = PolicyFailure(end["outcome"], end["error"]["type"], end["error"]["message"])
        failure.seat = end["error"]["seat"]
        raise failure

    def _step(self, action: object, encoded: bytes) -> tuple[float, bool, bool]:
        env, agents = self.env, self.agents
        env.step(action)
        if self.plain:
            return self._plain_step(encoded)
        rewards = env.rewards
        reward = float(rewards.get(agents[0], 0))
        ends, cuts = env.terminations, env.truncations
        over = all(ends.get(agent) or cuts.get(agent) for agent in env.agents)
        truncated = over and not any(ends.get(agent) for agent in env.agents)
        extra = None
        if len(agents) != 2 or reward + float(rewards.get(agents[1], 0)) != 0.0:
            extra = {agent: float(rewards.get(agent, 0)) for agent in agents}
        agent = env.agent_selection
        while not over and (ends.get(agent) or cuts.get(agent)):
            # Who is out while others play on has no move to make, and says so.
            env.step(None)
            agent, ends, cuts = env.agent_selection, env.terminations, env.truncations
        self.seen = env.observe(agent)
        info = {} if over else self._info(agent)
        if extra is not None:
            info["rewards"] = extra
        self.recorder.step(encoded, (self.seen, reward, over and not truncated, truncated, info))
        return reward, over, truncated

    def _plain_step(self, encoded: bytes) -> tuple[float, bool, bool]:
        # What the rest of `_step` comes to in a game of two whose rewards are each other's opposite.
        env = self.env
        agent = env.agent_selection
        over = env.terminations[agent]
        self.seen = env.observe(agent)
        reward = float(env.rewards[self.agents[0]])
        self.recorder.step(encoded, (self.seen, reward, over, False, {} if over else {"agent": agent}))
        return reward, over, False

    def _info(self, agent: str) -> dict:
        told = self.env.infos.get(agent)
        return {"agent": agent, "told": told} if told else {"agent": agent}

    def finish(self, ended: Ended) -> None:
        """Closes the environment, and writes the closing record and the summary."""
        told = {
            "steps": self.steps,
            "totalReward": self.total_reward,
            "seeded": self.seeded,
            "warnings": self.warnings,
        }
        close_episode(ended, self.recorder, self.env, told)

    def _failed(self, failure: PolicyFailure, step: int, seat: str, action: bytes | None = None) -> Ended:
        said = {"type": failure.kind, "message": str(failure), "traceback": failure.trace, "step": step, "by": "policy"}
        said["seat"] = getattr(failure, "seat", seat)
        return Ended(failure.outcome, said, action)
