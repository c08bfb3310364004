"""An environment with one seat, as the referee plays it: Gymnasium's interface.

Every stage (this one and `turn_taking.TurnTaking`) has the same parts, in the order the referee uses them: `prepare`,
`reset`, then for each step `turn`, `legal`, `space()`, `checked()` and `step()`. Whatever they raise is the
environment's failure, but for IllegalAction.
"""

from __future__ import annotations

from ..recording.hidden import HiddenState
from .actions import coerce, restore
from .environment import unwrap
from .space_state import told_spaces
from .spaces import Spaces

try:
    import numpy as np

    _NUMBERS: tuple[type, ...] = (int, float, np.integer, np.floating, np.bool_)
    _TRUTHS: tuple[type, ...] = (bool, np.bool_, int, np.integer)
except ImportError:  # a plain Python image
    np = None
    _NUMBERS = (int, float)
    _TRUTHS = (bool, int)


class OneAgent:
    """One agent acts in every step, and each of its actions is legal that its space contains."""

    # The number of the seat whose turn it is.
    turn = 0
    # Which actions are legal, as numbers; None where the space says it all.
    legal = None
    policies: dict = {}
    # A built-in policy that draws asks the space, which has a generator of its own.
    has_sampler = True

    def __init__(self, env: object) -> None:
        self.env = env
        self._spaces: Spaces | None = None
        self._hidden: HiddenState | None = None
        # What is told of each seat's spaces; known behind the reset.
        self.told: list[dict] = []

    def prepare(self, seed: int, hidden: HiddenState, seeded: list[str], warnings: list[str]) -> None:
        """Seeds the spaces and watches the generators of an environment that has just been made."""
        self._hidden = hidden
        hidden.watch_environment(unwrap(self.env))
        self._spaces = Spaces(self.env, seed, hidden, seeded, warnings)
        self._spaces.seed_first()

    def reset(self, seed: int, seeded: list[str]) -> tuple[object, dict]:
        """Starts the episode; returns the first observation and info."""
        result = self.env.reset(seed=seed)
        if type(result) is not tuple or len(result) != 2:
            raise TypeError(f"reset() must return (observation, info), and returned {_shape(result)}")
        _check_info(result[1])
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

    def step(self, number: int, action: object) -> tuple[tuple, float]:
        """Takes a step; returns the five values of Gymnasium's `step()`, and the reward as a float."""
        result = self.env.step(action)
        if type(result) is not tuple or len(result) != 5:
            raise TypeError(f"step() must return a tuple of five values, and returned {_shape(result)}")
        reward, terminated, truncated = result[1], result[2], result[3]
        number_reward = _number(reward)
        if type(terminated) is not bool or type(truncated) is not bool:
            _check_truth("terminated", terminated)
            _check_truth("truncated", truncated)
        if type(result[4]) is not dict:
            _check_info(result[4])
        self._spaces.look(number)
        return result, number_reward


def _shape(value: object) -> str:
    return f"a tuple of {len(value)}" if type(value) is tuple else f"a value of type {type(value).__name__}"


def _check_info(info: object) -> None:
    if not isinstance(info, dict):
        raise TypeError(f"info must be a dict, and is a value of type {type(info).__name__}")


def _check_truth(name: str, value: object) -> None:
    if not isinstance(value, _TRUTHS):
        raise TypeError(f"{name} must be a bool, and is a value of type {type(value).__name__}")


def _number(reward: object) -> float:
    if type(reward) is float:
        return reward
    if isinstance(reward, _NUMBERS):
        return float(reward)
    if np is not None and type(reward) is np.ndarray and reward.size == 1 and reward.dtype.kind in "biuf":
        return float(reward.reshape(-1)[0])
    raise TypeError(f"the reward must be a number, and is a value of type {type(reward).__name__}")
