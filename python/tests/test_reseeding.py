"""Re-keying finds every generator that can be reached, changes it where it is, and gives the same for the same integer."""

import functools
import random
import unittest

import gymnasium as gym
import numpy as np
from sameseed.play.one_agent import OneAgent
from sameseed.play.reseeding import Keys, reseed
from sameseed.play.seeds import seed_globals
from sameseed.recording.hidden import HiddenState


class Slotted:
    __slots__ = ("rng", "empty")

    def __init__(self) -> None:
        self.rng = random.Random(1)


# A class without a module, as C extensions make them: reading its `__module__` raises.
Nowhere = eval('type("Nowhere", (), {})', {})


class Inner(gym.Env):
    shared = random.Random(2)
    observation_space = gym.spaces.Box(0, 1, (2,))
    action_space = gym.spaces.Dict(a=gym.spaces.Discrete(3), b=gym.spaces.Sequence(gym.spaces.Discrete(2)))

    def __init__(self) -> None:
        hidden = np.random.default_rng(3)
        self.draw = lambda: hidden.random()
        self.slotted = Slotted()
        self.listed = [{"a": (np.random.RandomState(4),)}, random.Random(5)]
        self.partial = functools.partial(lambda rng: rng.random(), np.random.default_rng(6))
        self.bits = np.random.Philox(7)
        self.same_bits = np.random.Generator(self.bits)
        self.nowhere = Nowhere()
        self.nowhere.rng = random.Random(9)
        self.me = self

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def drawn(self) -> list:
        return [
            self.np_random.random(),
            self.draw(),
            self.slotted.rng.random(),
            self.listed[0]["a"][0].standard_normal(),
            self.listed[1].random(),
            self.partial(),
            self.same_bits.random(),
            Inner.shared.random(),
            MODULE.random(),
            random.random(),
            np.random.random(),
            int(self.action_space.sample()["a"]),
            self.observation_space.sample().tolist(),
            self.nowhere.rng.random(),
        ]


MODULE = np.random.default_rng(8)


class Outer(gym.Wrapper):
    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.noise = np.random.default_rng(9)


def made(seed: int = 7) -> OneAgent:
    seed_globals(seed)
    stage = OneAgent(Outer(Inner()))
    stage.prepare(seed, HiddenState(), [], [])
    stage.reset(seed, [])
    Inner.shared.seed(2)
    MODULE.bit_generator.state = np.random.PCG64(8).state
    return stage


def future(number: int | None, step: int = 3, seed: int = 7) -> list:
    stage = made(seed)
    if number is not None:
        assert reseed(Keys(seed, step, number), stage) == []
    return [*stage.env.unwrapped.drawn(), stage.env.noise.random()]


class Reseeding(unittest.TestCase):
    def test_every_generator_moves_and_the_same_integer_gives_the_same(self) -> None:
        plain, one, other = future(None), future(1), future(2)
        self.assertEqual(plain, future(None))
        self.assertEqual(one, future(1))
        for at, values in enumerate(zip(plain, one, other)):
            # A choice of three may come out alike.
            if at != 11:
                self.assertEqual(len(set(map(str, values))), 3, at)

    def test_step_and_seed_are_part_of_it(self) -> None:
        self.assertNotEqual(future(1, step=3)[:3], future(1, step=4)[:3])
        self.assertNotEqual(future(1, seed=7)[:3], future(1, seed=8)[:3])

    def test_no_two_generators_get_the_same_stream(self) -> None:
        draws = [value for value in future(1) if type(value) is float]
        self.assertEqual(len(set(draws)), len(draws))

    def test_a_generator_is_changed_where_it_is(self) -> None:
        stage = made()
        env = stage.env.unwrapped
        held = env._np_random
        reseed(Keys(7, 3, 1), stage)
        self.assertIs(env._np_random, held)
        self.assertEqual(held.random(), future(1)[0])

    def test_what_a_generator_spawns_follows(self) -> None:
        spawned = []
        for number in (1, 1, 2):
            stage = made()
            reseed(Keys(7, 3, number), stage)
            spawned.append(stage.env.unwrapped.np_random.spawn(1)[0].random())
        self.assertEqual(spawned[0], spawned[1])
        self.assertNotEqual(spawned[0], spawned[2])

    def test_a_spare_gaussian_is_gone(self) -> None:
        drawn = []
        for before in (0, 1):
            stage = made()
            source = stage.env.unwrapped.listed[0]["a"][0]
            for _ in range(before):
                source.standard_normal()
            np.random.standard_normal()
            random.gauss(0, 1)
            reseed(Keys(7, 3, 1), stage)
            drawn.append([source.standard_normal(), np.random.standard_normal(), random.gauss(0, 1)])
        self.assertEqual(drawn[0], drawn[1])

    def test_nothing_is_made(self) -> None:
        stage = OneAgent(gym.make("CartPole-v1", disable_env_checker=True))
        stage.prepare(7, HiddenState(), [], [])
        stage.reset(7, [])
        stage.env.unwrapped._np_random = None
        space = gym.spaces.Discrete(3)
        stage.env.unwrapped.more = space
        reseed(Keys(7, 3, 1), stage)
        self.assertIsNone(stage.env.unwrapped._np_random)
        self.assertIsNone(space._np_random)

    def test_what_cannot_be_is_named(self) -> None:
        class Stubborn(np.random.PCG64):
            def __init__(self) -> None:
                super().__init__(1)

        stage = made()
        stage.env.unwrapped.stubborn = np.random.Generator(Stubborn())
        self.assertEqual(reseed(Keys(7, 3, 1), stage), ["env/env/stubborn"])

    def test_an_environment_that_lies_about_itself_is_looked_at_all_the_same(self) -> None:
        class Liar:
            def __init__(self) -> None:
                object.__setattr__(self, "rng", random.Random(1))

            def __getattribute__(self, name: str) -> object:
                raise AssertionError(f"asked for {name}")

        stage = made()
        liar = Liar()
        stage.env.unwrapped.liar = liar
        reseed(Keys(7, 3, 1), stage)
        state = object.__getattribute__(liar, "__dict__")["rng"].random()
        self.assertNotEqual(state, random.Random(1).random())


if __name__ == "__main__":
    unittest.main()
