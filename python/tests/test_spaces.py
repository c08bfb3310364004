"""What is told of a space, and of each seat's spaces at the end of a rollout."""

import unittest

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import registry

from game_support import builtin, play
from sameseed.play.actions import coerce
from sameseed.play.choice import Choice
from sameseed.play.failures import IllegalAction
from sameseed.play.space_state import space_state, told_spaces
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import decode

CASES = (
    (spaces.Discrete(3, start=-1), {"type": "Discrete", "n": 3, "start": -1, "dtype": "int64"}),
    (Choice(9, "cells"), {"type": "Discrete", "n": 9, "start": 0, "dtype": "int64"}),
    (
        spaces.Box(-1, 1, (2, 3), np.float32),
        {"type": "Box", "dtype": "float32", "shape": [2, 3], "low": np.float32(-1), "high": np.float32(1)},
    ),
    (
        spaces.Box(np.array([0, 1], np.uint8), np.array([5, 5], np.uint8), dtype=np.uint8),
        {"type": "Box", "dtype": "uint8", "shape": [2], "low": np.array([0, 1], np.uint8), "high": np.uint8(5)},
    ),
    (
        spaces.MultiDiscrete([2, 3]),
        {"type": "MultiDiscrete", "dtype": "int64", "shape": [2], "nvec": np.array([2, 3]), "start": np.array([0, 0])},
    ),
    (spaces.MultiBinary((2, 2)), {"type": "MultiBinary", "dtype": "int8", "shape": [2, 2]}),
    (spaces.Text(4, min_length=2, charset="ba"), {"type": "Text", "min_length": 2, "max_length": 4, "charset": "ab"}),
    (
        spaces.Dict([("b", spaces.Discrete(1)), ("a", spaces.MultiBinary(1))]),
        {
            "type": "Dict",
            "spaces": [
                ["b", {"type": "Discrete", "n": 1, "start": 0, "dtype": "int64"}],
                ["a", {"type": "MultiBinary", "dtype": "int8", "shape": [1]}],
            ],
        },
    ),
    (
        spaces.Tuple([spaces.Discrete(1)]),
        {"type": "Tuple", "spaces": [{"type": "Discrete", "n": 1, "start": 0, "dtype": "int64"}]},
    ),
    (
        spaces.OneOf([spaces.Discrete(1)]),
        {"type": "OneOf", "spaces": [{"type": "Discrete", "n": 1, "start": 0, "dtype": "int64"}]},
    ),
    (
        spaces.Sequence(spaces.Discrete(1), stack=True),
        {
            "type": "Sequence",
            "feature_space": {"type": "Discrete", "n": 1, "start": 0, "dtype": "int64"},
            "stack": True,
        },
    ),
    (
        spaces.Graph(spaces.Discrete(1), None),
        {
            "type": "Graph",
            "node_space": {"type": "Discrete", "n": 1, "start": 0, "dtype": "int64"},
            "edge_space": None,
        },
    ),
)


class Hostile:
    """What is asked of it raises."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError(name)


class HostileBox(spaces.Box):
    @property
    def shape(self) -> tuple:
        raise RuntimeError("no shape")


class SpaceStates(unittest.TestCase):
    def test_every_kind(self) -> None:
        for space, expected in CASES:
            with self.subTest(space=str(space)):
                self.assertEqual(encode(space_state(space)), encode(expected))
                decode(encode(space_state(space)))

    def test_what_cannot_be_told_is_left_out(self) -> None:
        self.assertIsNone(space_state(None))
        self.assertEqual(space_state(Hostile()), {"type": f"{__name__}.Hostile"})
        box = spaces.Box(0, 1, (1,))
        box.__class__ = HostileBox
        self.assertIsNone(space_state(box))
        self.assertEqual(told_spaces(None, spaces.MultiBinary(1)).keys(), {"observation"})

    def test_a_huge_one_is_named_alone(self) -> None:
        low = np.arange(1 << 20, dtype=np.float32)
        self.assertEqual(space_state(spaces.Box(low, low)), {"type": "Box"})

    def test_a_bound_that_the_environment_changes_is_a_copy(self) -> None:
        space = spaces.Box(np.array([0.0, 1.0]), np.array([2.0, 3.0]), dtype=np.float64)
        told = space_state(space)
        space.low[0] = -9
        self.assertEqual(told["low"][0], 0.0)

    def test_a_space_that_is_told_can_be_made_again(self) -> None:
        checked = 0
        for name, spec in registry.items():
            if not str(spec.entry_point).startswith(("gymnasium.envs.classic_control", "gymnasium.envs.toy_text")):
                continue
            env = gymnasium.make(name).unwrapped
            for space in (env.action_space, env.observation_space):
                self.assertEqual(made(space_state(space)), space, name)
                checked += 1
        self.assertGreater(checked, 15)


def made(state: dict) -> object:
    kind = state["type"]
    if kind == "Box":
        shape, dtype = tuple(state["shape"]), np.dtype(state["dtype"])
        return spaces.Box(*(np.broadcast_to(state[side], shape).astype(dtype) for side in ("low", "high")), dtype=dtype.type)
    if kind == "Discrete":
        return spaces.Discrete(state["n"], start=state["start"])
    return spaces.Tuple([made(part) for part in state["spaces"]])


class SpacesOfARollout(unittest.TestCase):
    def test_each_seat_has_its_own(self) -> None:
        game = play([builtin("X", "random"), builtin("O", "random")])
        told = {"action": {"type": "Discrete", "n": 9, "start": 0, "dtype": "int64"}}
        self.assertEqual(game.end["spaces"], {"X": told, "O": told})


class FormerSpaceTest(unittest.TestCase):
    """Spaces of libraries that came before the installed one: told by their classes' names, with what they have."""

    @staticmethod
    def former(name: str, **attributes: object) -> object:
        kind = type(name, (), {"__module__": f"gym.spaces.{name.lower()}", "contains": lambda self, value: True})
        space = kind()
        vars(space).update(attributes)
        return space

    def test_are_told_as_those_of_today(self) -> None:
        discrete = self.former("Discrete", n=3, start=0, dtype=np.dtype(np.int64))
        self.assertEqual(space_state(discrete), {"type": "Discrete", "n": 3, "start": 0, "dtype": "int64"})
        # Without `start`, and without `stack`.
        many = self.former("MultiDiscrete", nvec=np.array([2, 3]), dtype=np.dtype(np.int64), shape=(2,))
        self.assertEqual(encode(space_state(many)), encode(space_state(spaces.MultiDiscrete([2, 3]))))
        sequence = self.former("Sequence", feature_space=discrete)
        self.assertEqual(space_state(sequence)["stack"], False)

    def test_their_actions_are_converted_and_refused(self) -> None:
        discrete = self.former("Discrete", n=3, start=0, dtype=np.dtype(np.int64))
        self.assertIs(type(coerce(discrete, 2)), np.int64)
        with self.assertRaises(IllegalAction):
            coerce(discrete, 3)
        self.assertEqual(coerce(self.former("Sequence", feature_space=discrete), [1, 2]), (1, 2))

    def test_a_class_of_that_name_elsewhere_is_none(self) -> None:
        own = type("Discrete", (), {"__module__": "mine.spaces"})()
        self.assertEqual(space_state(own), {"type": "mine.spaces.Discrete"})


if __name__ == "__main__":
    unittest.main()
