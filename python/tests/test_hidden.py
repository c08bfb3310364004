"""Hidden-state digests move exactly when a generator moves, and equal the digest of the public state."""

import random
import unittest
from hashlib import sha256

import gymnasium as gym
import numpy as np
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import decode
from sameseed.recording.generators import PcgWatcher, RandomStateWatcher, watch
from sameseed.recording.hidden import HiddenState
from sameseed.play.seeds import seed_globals
from support import file_env, play


def public(source) -> object:
    if isinstance(source, np.random.Generator):
        return source.bit_generator.state
    if isinstance(source, np.random.RandomState):
        return source.get_state(legacy=False)
    version, internal, spare = source.getstate()
    return {"version": version, "internal": np.array(internal, np.uint32), "gauss_next": spare}


def generators():
    for bits in (np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64):
        yield np.random.Generator(bits(5))
    yield np.random.RandomState(5)
    yield np.random.RandomState(np.random.PCG64(5))
    yield random.Random(5)


NUMPY_DRAWS = [
    lambda g: g.random(),
    lambda g: g.standard_normal(),
    lambda g: g.standard_normal(),
    lambda g: g.permutation(3),
    lambda g: g.choice(2),
    lambda g: g.bytes(3),
    lambda g: g.random(1000),
    lambda g: g.random(0),
    lambda g: g.integers(2) if hasattr(g, "integers") else g.randint(2),
    lambda g: g.integers(2, dtype=np.uint8) if hasattr(g, "integers") else g.randint(2, dtype=np.uint8),
]
PYTHON_DRAWS = [
    lambda g: g.random(),
    lambda g: g.gauss(0, 1),
    lambda g: g.gauss(0, 1),
    lambda g: g.getrandbits(1),
    lambda g: [g.getrandbits(32) for _ in range(624)],
    lambda g: g.shuffle([]),
    lambda g: g.seed(3),
    lambda g: g.seed(3),
]


class Watching(unittest.TestCase):
    def test_a_watcher_moves_exactly_when_the_state_does(self):
        rng = random.Random(1)
        for source in generators():
            watcher = watch(source)
            draws = PYTHON_DRAWS if type(source) is random.Random else NUMPY_DRAWS
            seen, state = watcher.look(), encode(public(source))
            moves = 0
            for _ in range(200):
                rng.choice(draws)(source)
                for _ in range(2):
                    now, state_now = watcher.look(), encode(public(source))
                    self.assertEqual(now, state_now)
                    if state_now == state:
                        self.assertEqual(now, seen)
                    moves += state_now != state
                    seen, state = now, state_now
                self.assertIs(watcher.look(), watcher.look())
            self.assertGreater(moves, 50)

    def test_the_fast_ways_are_in_use(self):
        self.assertIs(type(watch(np.random.default_rng(1))), PcgWatcher)
        self.assertIs(type(watch(np.random.RandomState(1))), RandomStateWatcher)
        self.assertIsNotNone(watch(random.Random(1))._view)
        self.assertIsNone(watch(object()))

    def test_states_of_every_size(self):
        source = np.random.default_rng(1)
        watcher = watch(source)
        state = source.bit_generator.state
        for number in (0, 1, 23, 24, 2**32, 2**64 - 1, 2**64, 2**100 + 1, 2**128 - 1):
            for spare in (0, 1):
                state["state"]["state"], state["has_uint32"], state["uinteger"] = number, spare, spare * (2**32 - 1)
                state["state"]["inc"] = number | 1
                source.bit_generator.state = state
                self.assertEqual(watcher.look(), encode(public(source)))


class Hidden(unittest.TestCase):
    def hidden(self, state: HiddenState, closing: bool = False) -> dict:
        return decode(state.encoded(closing))

    def test_global_generators_are_named_when_they_moved(self):
        seed_globals(3)
        state = HiddenState()
        first = self.hidden(state)
        self.assertEqual(first["random"], sha256(encode(public(random._inst))).digest())
        self.assertEqual(first["numpy"], sha256(encode(np.random.get_state(legacy=False))).digest())
        self.assertEqual(self.hidden(state), {})
        random.random()
        self.assertEqual(set(self.hidden(state)), {"random"})
        np.random.standard_normal()
        self.assertEqual(set(self.hidden(state)), {"numpy"})
        np.random.standard_normal()
        self.assertEqual(set(self.hidden(state)), {"numpy"})
        kept = random.getstate()
        random.random()
        random.setstate(kept)
        self.assertEqual(self.hidden(state), {})
        self.assertEqual(set(self.hidden(state, True)), {"numpy", "random"})

    def test_composite_spaces(self):
        space = gym.spaces.Dict(
            {
                "b": gym.spaces.Tuple((gym.spaces.Discrete(3), gym.spaces.Box(0, 1))),
                "a": gym.spaces.Sequence(gym.spaces.Discrete(2)),
                "g": gym.spaces.Graph(gym.spaces.Box(0, 1), gym.spaces.Discrete(2)),
            }
        )
        state = HiddenState()
        state.watch_space("action_space", space)
        self.assertIsNone(space["b"][0]._np_random)
        self.hidden(state)
        self.assertIsNone(space["b"][0]._np_random)
        space.seed(4)
        digest = self.hidden(state)["action_space"]
        parts = {
            "": space,
            "/a": space["a"],
            "/a/feature_space": space["a"].feature_space,
            "/b": space["b"],
            "/b/0": space["b"][0],
            "/b/1": space["b"][1],
            "/g": space["g"],
            "/g/edge_space": space["g"].edge_space,
            "/g/node_space": space["g"].node_space,
        }
        states = {path: public(part._np_random) for path, part in parts.items() if part._np_random is not None}
        self.assertEqual(digest, sha256(encode(states)).digest())
        self.assertEqual(self.hidden(state)["action_space"], digest)
        for part in parts.values():
            part.np_random.random()
            moved = self.hidden(state)["action_space"]
            self.assertNotEqual(moved, digest)
            digest = moved
        space["b"][0].seed(9)
        self.assertNotEqual(self.hidden(state)["action_space"], digest)

    def test_the_environments_own_generators(self):
        class Env:
            def __init__(self):
                self.rng = np.random.default_rng(1)
                self.other = random.Random(2)
                self.value = 3

        env = Env()
        state = HiddenState()
        state.watch_environment(env)
        expected = {"rng": public(env.rng), "other": public(env.other)}
        digest = self.hidden(state)["env"]
        self.assertEqual(digest, sha256(encode(expected)).digest())
        env.value = 4
        self.assertEqual(self.hidden(state)["env"], digest)
        env.other.random()
        moved = self.hidden(state)["env"]
        self.assertNotEqual(moved, digest)
        env.rng = np.random.default_rng(2)
        self.assertNotEqual(self.hidden(state)["env"], moved)
        env.late = np.random.default_rng(1)
        before = self.hidden(state)["env"]
        self.assertNotEqual(self.hidden(state, True)["env"], before)

    def test_nothing_is_created_by_looking(self):
        env = gym.make("CartPole-v1").unwrapped
        state = HiddenState()
        state.watch_environment(env)
        state.watch_space("action_space", env.action_space)
        self.assertEqual(set(self.hidden(state)), {"random", "numpy"})
        self.assertIsNone(env._np_random)
        self.assertIsNone(env.action_space._np_random)
        env.reset(seed=1)
        self.assertIn("env", self.hidden(state))


class InRollouts(unittest.TestCase):
    def test_records_show_what_moved(self):
        rollout = play(file_env("Globals"), {"kind": "actions", "actions": [0, 0, 0]})
        fixed = {"env", "action_space", "observation_space"}
        shown = [set(record["hidden"]) - fixed for record in rollout.records]
        self.assertEqual(shown, [{"random", "numpy"}, {"random"}, {"numpy"}, set(), {"random", "numpy"}])
        self.assertEqual(len({record["hidden"]["action_space"] for record in rollout.records}), 1)
        sampled = play(file_env("Globals"))
        self.assertEqual(len({record["hidden"]["action_space"] for record in sampled.records}), 4)

    def test_replaced_spaces_are_seeded_again(self):
        rollout = play(file_env("ReplacesSpaces"), seed=11)
        self.assertEqual(rollout.end["seeded"][-2:], ["env", "action_space (replaced by reset)"])
        self.assertEqual(rollout.end["warnings"], ["reset() replaced action_space; it was seeded after the reset"])
        space = gym.spaces.Discrete(100, seed=11)
        self.assertEqual([step["action"] for step in rollout.steps], [space.sample() for _ in rollout.steps])
        rollout = play(file_env("RebuildsSpace"), seed=11)
        space = gym.spaces.Discrete(1000, seed=11)
        self.assertEqual([step["action"] for step in rollout.steps], [space.sample() for _ in rollout.steps])
        self.assertIn("another object at each access", rollout.end["warnings"][0])
        rollout = play(file_env("ReplacesInStep"))
        self.assertEqual(len(rollout.end["warnings"]), 3)
        self.assertIn("step 1 replaced action_space", rollout.end["warnings"][0])


if __name__ == "__main__":
    unittest.main()
