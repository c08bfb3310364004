"""What a game needs besides its rules: its seats in order, and every source of randomness seeded from its one seed."""

from __future__ import annotations

from .failures import PolicyFailure
from ..recording.frames import HostStream
from .seats import Turn, make_seat, role_seed
from .seeding import seed_globals

_SEED_BITS = 53


class NoHidden:
    """The hidden state of a game in which nothing is drawn but by the seats' own streams."""

    def watch_environment(self, unwrapped: object) -> None:
        """There is nothing to watch."""

    def encoded(self, closing: bool = False) -> bytes:
        """An empty map."""
        return b"\xa0"


class Seating:
    """The seats of a game, by name."""

    def __init__(self, specs: list[dict], seed: int, stream: HostStream, fd: int) -> None:
        self._seats = {spec["seat"]: make_seat(spec, seed, stream, fd) for spec in specs}
        self._streams = [spec["seat"] for spec in specs if spec["kind"] == "builtin"]
        # Who failed to start.
        self.failed = ""

    def start(self, seed: int) -> list[str]:
        """Begins a game at every seat; returns whose streams were seeded. Raises PolicyFailure."""
        for name, seat in self._seats.items():
            try:
                seat.start(seed)
            except PolicyFailure:
                self.failed = name
                raise
        return self._streams

    def choose(self, name: str, turn: Turn) -> object:
        """Asks a seat for its move."""
        return self._seats[name].choose(turn)

    def close(self) -> None:
        """Tells every seat that it is over."""
        for seat in self._seats.values():
            try:
                seat.close()
            except OSError:
                pass


def environment_seed(seed: int) -> int:
    """The seed of a game's environment, of as many bits as a rollout's."""
    return role_seed("environment", seed) >> (128 - _SEED_BITS)


def seed_process(kind: str, seed: int) -> list[str]:
    """Seeds the generators of the process before the environment is made; returns their names."""
    # Nothing near Sameseed's own games uses them.
    return [] if kind == "game" else seed_globals(environment_seed(seed))


def seed_environment(env: object, kind: str, agents: list[str], seed: int) -> list[str]:
    """Seeds and resets the environment of a game; returns what was seeded."""
    env.reset(seed=environment_seed(seed))
    seeded = ["env"]
    if kind == "game":
        return seeded
    for agent in agents:
        space_seed = getattr(env.action_space(agent), "seed", None)
        if space_seed is not None:
            space_seed(role_seed(f"action_space/{agent}", seed) >> (128 - _SEED_BITS))
            seeded.append(f"action_space/{agent}")
    return seeded
