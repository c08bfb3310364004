"""Rewards of every shape: numbers, arrays, lists and dicts of numbers, and their sum over an episode.

A record holds a reward as the environment gave it. The sum is elementwise: a number for numbers, nested lists for arrays
and lists, a dict for dicts, whose entries may come and go as agents do. Where rewards cannot be added (they changed
their shape, or hold something else), the sum is None and says why.
"""

from __future__ import annotations

try:
    import numpy as np

    _NUMBERS: tuple[type, ...] = (int, float, np.integer, np.floating, np.bool_)
except ImportError:  # a plain Python image
    np = None
    _NUMBERS = (int, float)

# Numbers in one reward that are added up; the sum of a picture helps nobody and would fill the rollout's row.
_MOST = 4096
_LONGEST_NAME = 200


class _CannotAdd(Exception):
    """Why rewards have no sum."""


def reward_of(value: object) -> object:
    """A reward as floats in lists and dicts, or why it has no sum; raises TypeError for what can be no reward at all."""
    if type(value) is float:
        return value
    if isinstance(value, _NUMBERS):
        return float(value)
    if np is not None and isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "biuf":
        return float(value.reshape(-1)[0])
    if not isinstance(value, (list, tuple, dict)) and (np is None or not isinstance(value, np.ndarray)):
        kind = type(value).__name__
        raise TypeError(f"the reward must be a number, or an array, list or dict of numbers, and is of type {kind}")
    try:
        return _numbers(value, [_MOST], 0)
    except _CannotAdd as why:
        return why


def _numbers(value: object, left: list[int], depth: int) -> object:
    """Nested floats; `left` is how many there may still be."""
    if depth > 8:
        raise _CannotAdd("is nested more than 8 deep")
    if np is not None and isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            raise _CannotAdd(f"is an array of {value.dtype.name}")
        _count(left, value.size)
        return np.asarray(value, np.float64).tolist()
    if isinstance(value, dict):
        if any(type(key) is not str or len(key) > _LONGEST_NAME or key == "__proto__" for key in value):
            raise _CannotAdd("has keys that are no names")
        return {key: _numbers(item, left, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_numbers(item, left, depth + 1) for item in value]
    if not isinstance(value, _NUMBERS):
        raise _CannotAdd(f"holds a value of type {type(value).__name__}")
    _count(left, 1)
    return float(value)


def _count(left: list[int], count: int) -> None:
    left[0] -= count
    if left[0] < 0:
        raise _CannotAdd(f"has more than {_MOST} numbers")


class RewardSum:
    """The rewards of an episode added up in the order of its steps."""

    def __init__(self) -> None:
        self.value: object = 0.0
        # Why there is no sum.
        self.reason = ""
        self._is_first = True

    def add(self, step: int, reward: object) -> None:
        """Adds what `reward_of` made of the reward of a step."""
        if type(reward) is float and type(self.value) is float:
            self.value += reward
            self._is_first = False
            return
        if self.reason:
            return
        try:
            if isinstance(reward, _CannotAdd):
                raise reward
            self.value = _added(_zeros(reward) if self._is_first else self.value, reward)
        except _CannotAdd as why:
            self.value = None
            self.reason = f"totalReward is null: the reward of step {step} {why}"
        self._is_first = False


def _zeros(reward: object) -> object:
    if type(reward) is list:
        return [_zeros(item) for item in reward]
    return {} if type(reward) is dict else 0.0


def _added(total: object, reward: object) -> object:
    if type(total) is not type(reward):
        raise _CannotAdd("is of another kind than those before it")
    if type(reward) is float:
        return total + reward
    if type(reward) is list:
        if len(total) != len(reward):
            raise _CannotAdd("is of another shape than those before it")
        return [_added(before, item) for before, item in zip(total, reward)]
    sums = dict(total)
    for key, item in reward.items():
        sums[key] = _added(total[key] if key in total else _zeros(item), item)
    return sums
