"""An environment with one seat, as the referee plays it: Gymnasium's interface.

Every stage (this one, `turn_taking.TurnTaking` and `together.Together`) has the same parts, in the order the referee uses them: `prepare`,
`reset`, then for each step `turn`, `legal`, `space()`, `checked()` and `step()`. Whatever they raise is the
environment's failure, but for IllegalAction.
"""

from __future__ import annotations

from ..recording.hidden import HiddenState
from .actions import coerce, restore
from .environment import unwrap
from .former_gym import FormerGym
from .rewards import reward_of
from .space_state import told_spaces
from .spaces import Spaces

try:
    import numpy as np

    _TRUTHS: tuple[type, ...] = (bool, np.bool_, int, np.integer)
except ImportError:  # a plain Python image
    np = None
    _TRUTHS = (bool, int)


NO_SEED = (
    "the environment takes no seed: only the global generators are seeded (random, numpy.random), and in a sealed world entropy"
)


class OneAgent:
    """One agent acts in every step, and each of its actions is legal that its space contains."""

    # The number of the seat whose turn it is.
    turn = 0
    # Which actions are legal, as numbers; None where the space says it all.
    legal = None
    # Whether several seats act in each step.
    together = False
    policies: dict = {}
    # A built-in policy that draws asks the space, which has a generator of its own.
    has_sampler = True

    def __init__(self, env: object) -> None:
        self.env = env
        self._spaces: Spaces | None = None
        self._hidden: HiddenState | None = None
        self._warnings: list[str] = []
        # What is told of each seat's spaces; known behind the reset.
        self.told: list[dict] = []

    def prepare(self, seed: int, hidden: HiddenState, seeded: list[str], warnings: list[str]) -> None:
        """Seeds the spaces and watches the generators of an environment that has just been made."""
        self._hidden = hidden
        self._warnings = warnings
        hidden.watch_environment(unwrap(self.env))
        self._spaces = Spaces(self.env, seed, hidden, seeded, warnings)
        self._spaces.seed_first()

    def reset(self, seed: int, seeded: list[str]) -> tuple[object, dict]:
        """Starts the episode; returns the first observation and info."""
        result = self.env.reset(seed=seed)
        if type(result) is not tuple or len(result) != 2:
            raise TypeError(f"reset() must return (observation, info), and returned {_shape(result)}")
        _check_info(result[1])
        if isinstance(self.env, FormerGym) and self.env.takes_no_seed:
            self._warnings.append(NO_SEED)
        else:
            seeded.append("env")
        self._hidden.watch_environment(unwrap(self.env))
        self._spaces.seed_replaced()
        return result

    def roots(self) -> list[tuple[str, object]]:
        """From where every generator of the environment is reached."""
        return [*self._spaces.watched(), ("env", self.env)]

    def space(self) -> object:
        """The action space of whose turn it is."""
        return self._spaces.action_space

    def spaces(self) -> list[dict]:
        """What can be told of each seat's spaces, behind the reset: `{action, observation}`."""
        return [told_spaces(self._spaces.action_space, self._spaces.observation_space)]

    def checked(self, value: object) -> object:
        """The action that a plain value stands for; raises IllegalAction where it stands for none."""
        return coerce(self._spaces.action_space, value)

    def restored(self, value: object) -> object:
        """A sampled action as it was before it was recorded."""
        return restore(self._spaces.action_space, value)

    def step(self, number: int, action: object) -> tuple[tuple, object, bool, bool]:
        """Takes a step; returns the five values of Gymnasium's `step()`, the reward to add, and whether and how it is over."""
        result = self.env.step(action)
        if type(result) is not tuple or len(result) != 5:
            raise TypeError(f"step() must return a tuple of five values, and returned {_shape(result)}")
        reward, terminated, truncated = result[1], result[2], result[3]
        number_reward = reward_of(reward)
        ended, cut = terminated, truncated
        if type(terminated) is not bool or type(truncated) is not bool:
            ended, cut = flags_of(terminated, truncated)
        if type(result[4]) is not dict:
            _check_info(result[4])
        self._spaces.look(number)
        return result, number_reward, ended, cut


def _shape(value: object) -> str:
    return f"a tuple of {len(value)}" if type(value) is tuple else f"a value of type {type(value).__name__}"


def _check_info(info: object) -> None:
    if not isinstance(info, dict):
        raise TypeError(f"info must be a dict, and is a value of type {type(info).__name__}")


def flags_of(terminated: object, truncated: object) -> tuple[bool, bool]:
    """Whether the episode has ended and was cut off; with a flag for each agent, it goes on while one agent does."""
    if isinstance(terminated, _TRUTHS) and isinstance(truncated, _TRUTHS):
        return bool(terminated), bool(truncated)
    ends, cuts = _truths("terminated", terminated), _truths("truncated", truncated)
    if len(ends) != len(cuts):
        # One flag beside many is everybody's.
        ends, cuts = (ends * len(cuts), cuts) if len(ends) == 1 else (ends, cuts * len(ends))
    over = bool(ends) and all(end or cut for end, cut in zip(ends, cuts))
    return over and any(ends), over and not any(ends)


def _truths(name: str, value: object) -> list[bool]:
    if isinstance(value, dict):
        # What several multi-agent interfaces call the flag of all agents together.
        value = [value["__all__"]] if "__all__" in value else list(value.values())
    elif np is not None and isinstance(value, np.ndarray):
        value = value.reshape(-1).tolist()
    flags = value if isinstance(value, (list, tuple)) else [value]
    if any(not isinstance(flag, _TRUTHS) for flag in flags):
        raise TypeError(f"{name} must be a bool, and is a value of type {type(value).__name__}")
    return [bool(flag) for flag in flags]
