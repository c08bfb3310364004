"""Environments of gym, in the three forms its interface has had, behind Gymnasium's."""

import sys
import types
import unittest
from unittest import mock

from sameseed.recording.hidden import HiddenState
from sameseed.play.one_agent import NO_SEED, OneAgent
from sameseed.play.former_gym import FormerGym, adapted, make_former, registered


class Space:
    def contains(self, value: object) -> bool:
        return type(value) is tuple and value[0] == "pair"


class Env:
    """gym.Env."""

    action_space = observation_space = Space()

    @property
    def unwrapped(self) -> object:
        return self

    def close(self) -> None:
        pass


class Oldest(Env):
    """Up to 0.21."""

    def __init__(self) -> None:
        self.asked = []
        self.cut = False

    def seed(self, seed: int) -> None:
        self.asked.append(seed)

    def reset(self) -> object:
        return "seen"

    def step(self, action: object) -> tuple:
        return "next", 1.0, action == 1, {"TimeLimit.truncated": True} if self.cut else {}


class Unseeded(Env):
    """One of the oldest form without a seed() of its own, in 0.26, whose Env has none either."""

    def reset(self) -> object:
        return "seen"

    def step(self, action: object) -> tuple:
        return "next", 1.0, action == 1, {}


class Strict(Env):
    """A wrapper of 0.26, such as its time limit."""

    spec = types.SimpleNamespace(max_episode_steps=2)

    def __init__(self, env: object) -> None:
        self.env = env

    @property
    def unwrapped(self) -> object:
        return self.env

    def reset(self, **kwargs: object) -> object:
        return self.env.reset(**kwargs)

    def step(self, action: object) -> tuple:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return observation, reward, terminated, truncated, info


class Middle(Env):
    """From 0.22 on: the seed comes with the reset, and a pair may be the observation."""

    def reset(self, *, seed=None, return_info=False, options=None) -> object:
        return ("pair", {"seed": seed})

    def step(self, action: object) -> tuple:
        return "next", 1.0, False, {}


class Newest(Env):
    """0.26."""

    def reset(self, *, seed=None, options=None) -> object:
        return "seen", {"seed": seed}

    def step(self, action: object) -> tuple:
        return "next", 1.0, False, True, {}


class Wrapper(Env):
    """Takes whatever it is given, as gym's wrappers do, and hands it on."""

    def __init__(self, env: object) -> None:
        self.env = env

    @property
    def unwrapped(self) -> object:
        return self.env

    def reset(self, **kwargs: object) -> object:
        return self.env.reset(**kwargs)

    def seed(self, seed: int) -> None:
        self.env.seed(seed)

    def step(self, action: object) -> tuple:
        return self.env.step(action)


class FormerGymTest(unittest.TestCase):
    def test_the_oldest_is_seeded_by_a_call_and_has_no_info(self) -> None:
        inner = Oldest()
        env = FormerGym(Wrapper(inner))
        self.assertEqual(env.reset(seed=(7 << 32) + 5), ("seen", {}))
        self.assertEqual(inner.asked, [5])
        self.assertEqual(env.reset(), ("seen", {}))
        self.assertEqual(inner.asked, [5])

    def test_one_flag_becomes_two(self) -> None:
        inner = Oldest()
        env = FormerGym(inner)
        self.assertEqual(env.step(0)[2:4], (False, False))
        self.assertEqual(env.step(1)[2:4], (True, False))
        inner.cut = True
        self.assertEqual(env.step(1)[2:4], (False, True))
        # The mark alone ends nothing.
        self.assertEqual(env.step(0)[2:4], (False, False))

    def test_a_pair_that_is_an_observation_is_none_with_info(self) -> None:
        self.assertEqual(FormerGym(Middle()).reset(seed=3), (("pair", {"seed": 3}), {}))

    def test_the_newest_is_as_it_is(self) -> None:
        env = FormerGym(Wrapper(Newest()))
        self.assertEqual(env.reset(seed=3), ("seen", {"seed": 3}))
        self.assertEqual(env.step(0), ("next", 1.0, False, True, {}))
        self.assertIsInstance(env.unwrapped, Newest)
        self.assertIs(env.action_space, Env.action_space)

    def test_only_environments_of_gym_are_adapted(self) -> None:
        with mock.patch.dict(sys.modules, {"gym": types.SimpleNamespace(Env=Env)}):
            self.assertIsInstance(adapted(Oldest()), FormerGym)
            other = object()
            self.assertIs(adapted(other), other)
        with mock.patch.dict(sys.modules):
            sys.modules.pop("gym", None)
            env = Oldest()
            self.assertIs(adapted(env), env)

    def test_is_made_without_the_checker_where_there_is_one(self) -> None:
        def make(id: str, disable_env_checker: bool = False, **kwargs: object) -> object:
            return (id, disable_env_checker, kwargs)

        def make_before(id: str, **kwargs: object) -> object:
            return (id, kwargs)

        gym = types.SimpleNamespace(make=make)
        self.assertEqual(make_former(gym, "A-v0", {"size": 3}), ("A-v0", True, {"size": 3}))
        self.assertEqual(make_former(types.SimpleNamespace(make=make_before), "A-v0", {}), ("A-v0", {}))

    def test_one_without_a_seed_plays_and_says_so(self) -> None:
        env = FormerGym(Unseeded())
        self.assertEqual(env.reset(), ("seen", {}))
        self.assertFalse(env.takes_no_seed)
        self.assertEqual(env.reset(seed=3), ("seen", {}))
        self.assertTrue(env.takes_no_seed)
        seeded, warnings = [], []
        stage = OneAgent(env)
        stage.prepare(3, HiddenState(), seeded, warnings)
        stage.reset(3, seeded)
        self.assertNotIn("env", seeded)
        self.assertIn(NO_SEED, warnings)

    def test_one_whose_seed_takes_nothing_plays_and_says_so(self) -> None:
        class Fixed(Oldest):
            def seed(self) -> None:
                raise AssertionError

        class Around(Fixed):
            """A wrapper, which hands on what it is given."""

            unwrapped = Fixed()

            def seed(self, seed: int | None = None) -> None:
                self.unwrapped.seed(seed)

        for env in (FormerGym(Fixed()), FormerGym(Around())):
            self.assertEqual(env.reset(seed=3), ("seen", {}))
            self.assertTrue(env.takes_no_seed)

    def test_the_oldest_plays_within_the_wrappers_of_the_newest(self) -> None:
        def make(id: str, disable_env_checker=None, apply_api_compatibility=None, **kwargs: object) -> object:
            return Strict(kwargs["inner"])

        with mock.patch.dict(sys.modules, {"gym": types.SimpleNamespace(Env=Env, make=make)}):
            env = make_former(sys.modules["gym"], "A-v0", {"inner": Oldest()})
            self.assertEqual(env.reset(seed=3), ("seen", {}))
            self.assertEqual(env.step(0), ("next", 1.0, False, False, {}))
            # The limit that was around it is kept; an end of its own goes before.
            self.assertEqual(env.step(0), ("next", 1.0, False, True, {}))
            env.reset()
            env.step(0)
            self.assertEqual(env.step(1)[2:4], (True, False))
            newest = make_former(sys.modules["gym"], "A-v0", {"inner": Newest()})
            self.assertIsInstance(newest.env, Strict)

    def test_both_kinds_of_registry(self) -> None:
        def library(registry: object) -> object:
            return types.SimpleNamespace(envs=types.SimpleNamespace(registration=types.SimpleNamespace(registry=registry)))

        self.assertEqual(registered(library({"A-v0": 1})), {"A-v0": 1})
        self.assertEqual(registered(library(types.SimpleNamespace(env_specs={"B-v0": 1}))), {"B-v0": 1})


if __name__ == "__main__":
    unittest.main()
