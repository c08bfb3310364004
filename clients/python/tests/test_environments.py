"""Environments, vectors and branches against a server, and against Gymnasium's own."""

import unittest
import warnings

import gymnasium
import numpy as np
import sameseed
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode, SyncVectorEnv

warnings.simplefilter("ignore")


def numbers(value):
    return value.tolist() if isinstance(value, np.ndarray) else value


class Environments(unittest.TestCase):
    def test_steps_as_gymnasiums_own(self):
        env, own = sameseed.make("CartPole-v1"), gymnasium.make("CartPole-v1")
        self.assertEqual(env.observation_space, own.observation_space)
        self.assertEqual(env.action_space, own.action_space)
        for seed in (3, 4):
            np.testing.assert_array_equal(env.reset(seed=seed)[0], own.reset(seed=seed)[0])
            for at in range(40):
                ours, theirs = env.step(at % 2), own.step(at % 2)
                np.testing.assert_array_equal(ours[0], theirs[0])
                self.assertEqual(ours[0].dtype, theirs[0].dtype)
                self.assertEqual(ours[1:4], theirs[1:4])
                if ours[2]:
                    break
        with self.assertRaises(sameseed.SameseedError):
            env.step(0)
        env.reset()
        self.assertEqual(env.summary["outcome"], "terminated")
        self.assertEqual(env.summary["seed"], 4)
        self.assertGreater(len(env.trajectory), 100)
        env.close()

    def test_passes_gymnasiums_checker(self):
        for name in ("CartPole-v1", "Pendulum-v1", "Blackjack-v1", "Taxi-v4" if "Taxi-v4" in gymnasium.registry else "Taxi-v3"):
            with self.subTest(name):
                env = sameseed.make(name)
                check_env(env, skip_render_check=True)
                env.close()

    def test_draws_the_next_seeds_from_the_first(self):
        env = sameseed.make("CartPole-v1")

        def three():
            return [env.reset(seed=9)[0].tolist(), env.reset()[0].tolist(), env.reset()[0].tolist()]

        first = three()
        self.assertEqual(first, three())
        self.assertNotEqual(first[1], first[2])
        env.close()

    def test_branches_keeps_and_comes_back(self):
        env = sameseed.make("CartPole-v1")
        env.reset(seed=1)
        env.step(0)
        kept = env.checkpoint()
        left, right = env.branch(2)
        gone = [env.step(action)[0].tolist() for action in (1, 1, 0)]
        self.assertEqual([left.step(action)[0].tolist() for action in (1, 1, 0)], gone)
        self.assertNotEqual(right.step(0)[0].tolist(), gone[0])
        env.rollback(kept)
        self.assertEqual([env.step(action)[0].tolist() for action in (1, 1, 0)], gone)
        for each in (env, left, right):
            each.close()
        self.assertEqual(left.summary["steps"], env.summary["steps"])
        self.assertEqual(left.summary["totalReward"], env.summary["totalReward"])

    def test_takes_an_environment_as_text(self):
        source = (
            "import gymnasium\nclass Add(gymnasium.Env):\n"
            "    observation_space = action_space = gymnasium.spaces.Discrete(10)\n"
            "    def __init__(self, by): self.by = by\n"
            "    def reset(self, *, seed=None, options=None):\n        super().reset(seed=seed)\n        return 0, {}\n"
            "    def step(self, action): return (action + self.by) % 10, 0.5, False, False, {}\n"
        )
        env = sameseed.make({"source": source, "className": "Add"}, by=3)
        env.reset(seed=0)
        self.assertEqual(env.step(4)[:2], (7, 0.5))
        env.close()

    def test_is_one_of_gymnasiums_own_by_name(self):
        env = gymnasium.make("sameseed/FrozenLake-v1", is_slippery=False)
        env.reset(seed=0)
        self.assertEqual(env.step(2)[0], 1)
        env.close()


class Vectors(unittest.TestCase):
    def compare(self, mode, name="CartPole-v1", steps=45, seed=(5, 9, 2)):
        ours = sameseed.make_vec(name, len(seed), autoreset_mode=mode)
        own = SyncVectorEnv([lambda: gymnasium.make(name)] * len(seed), autoreset_mode=mode)
        self.assertEqual(ours.single_observation_space, own.single_observation_space)
        self.assertEqual(ours.observation_space, own.observation_space)
        self.assertEqual(ours.action_space, own.action_space)
        self.assertEqual(ours.metadata["autoreset_mode"], mode)
        np.testing.assert_array_equal(ours.reset(seed=list(seed))[0], own.reset(seed=list(seed))[0])
        for at in range(steps):
            actions = np.full(len(seed), 1)
            actions[-1] = at % 2
            told, theirs = ours.step(actions), own.step(actions)
            over = theirs[2] | theirs[3]
            # Behind an end the two draw other seeds; up to there everything is equal.
            same = ~over if mode is AutoresetMode.SAME_STEP else np.ones(len(seed), dtype=bool)
            np.testing.assert_array_equal(told[0][same], theirs[0][same])
            for mine, its in zip(told[:4], theirs[:4]):
                self.assertEqual(mine.dtype, its.dtype)
            for mine, its in zip(told[1:4], theirs[1:4]):
                np.testing.assert_array_equal(mine, its)
            if over.any():
                yield ours, told, theirs, over
                break
        ours.close()
        own.close()

    def test_begins_the_next_episode_with_the_next_step(self):
        for ours, _, _, over in self.compare(AutoresetMode.NEXT_STEP):
            seen, rewards, terminated, *_ = ours.step(np.array([1, 1, 0]))
            at = int(np.flatnonzero(over)[0])
            self.assertEqual(rewards[at], 0)
            self.assertFalse(terminated[at])
            self.assertTrue((np.abs(seen[at]) <= 0.05).all())
            self.assertEqual(ours.episodes[0]["environment"], at)
            self.assertEqual(ours.episodes[0]["summary"]["outcome"], "terminated")

    def test_begins_it_with_the_same_step_and_keeps_the_last_observation(self):
        for ours, told, theirs, over in self.compare(AutoresetMode.SAME_STEP):
            self.assertEqual(sorted(told[4]), sorted(theirs[4]))
            np.testing.assert_array_equal(told[4]["_final_obs"], over)
            last = told[4]["final_obs"][int(np.flatnonzero(over)[0])].copy()
            np.testing.assert_array_equal(last, theirs[4]["final_obs"][int(np.flatnonzero(over)[0])])
            ours.step(np.array([0, 0, 0]))
            np.testing.assert_array_equal(last, told[4]["final_obs"][int(np.flatnonzero(over)[0])])

    def test_begins_it_when_it_is_told_to(self):
        for ours, told, _, over in self.compare(AutoresetMode.DISABLED):
            seen, _ = ours.reset(options={"reset_mask": over})
            np.testing.assert_array_equal(seen[~over], told[0][~over])
            self.assertTrue((np.abs(seen[over]) <= 0.05).all())

    def test_keeps_infos_with_their_masks(self):
        ours = sameseed.make_vec("FrozenLake-v1", 2)
        own = SyncVectorEnv([lambda: gymnasium.make("FrozenLake-v1")] * 2)
        for mine, its in ((ours.reset(seed=0), own.reset(seed=0)), (ours.step([1, 2]), own.step([1, 2]))):
            self.assertEqual(numbers(mine[0]), numbers(its[0]))
            self.assertEqual({k: numbers(v) for k, v in mine[-1].items()}, {k: numbers(v) for k, v in its[-1].items()})
        ours.close()
        own.close()

    def test_has_observations_that_are_no_arrays(self):
        ours = sameseed.make_vec("Blackjack-v1", 3)
        own = SyncVectorEnv([lambda: gymnasium.make("Blackjack-v1")] * 3)
        for mine, its in zip(ours.reset(seed=4)[0], own.reset(seed=4)[0]):
            np.testing.assert_array_equal(mine, its)
        ours.close()
        own.close()

    def test_is_what_gymnasiums_make_vec_gives(self):
        envs = gymnasium.make_vec("sameseed/CartPole-v1", num_envs=2, vectorization_mode="vector_entry_point")
        self.assertIsInstance(envs.unwrapped, sameseed.SameseedVectorEnv)
        self.assertEqual(envs.reset(seed=1)[0].shape, (2, 4))
        envs.close()


if __name__ == "__main__":
    unittest.main()
