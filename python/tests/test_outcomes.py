"""Every way an episode can end, and what its records say."""

import base64
import contextlib
import io
import math
import resource
import unittest

import numpy as np
from sameseed.recording.canonical import encode
from support import Rollout, file_env, fixture, play, policy_from

NOTHING = {"kind": "actions", "actions": [0] * 10}


def policy(name: str):
    return policy_from(fixture(f"policies/{name}.py"))


class EndsByTheRules(unittest.TestCase):
    def test_terminated(self):
        rollout = play(file_env("Base"))
        self.assertEqual([record["k"] for record in rollout.records], [0, 1, 2, 3, 4])
        self.assertEqual(rollout.closing["end"], "terminated")
        self.assertEqual(set(rollout.closing), {"k", "end", "hidden"})
        self.assertEqual(
            (rollout.end["outcome"], rollout.end["steps"], rollout.end["totalReward"]), ("terminated", 3, 4.5)
        )
        self.assertEqual(rollout.end["warnings"], [])
        self.assertEqual(rollout.end["seeded"], ["random", "numpy.random", "action_space", "observation_space", "env"])

    def test_max_steps_and_the_end_of_a_list_truncate(self):
        self.assertEqual(play(file_env("Base"), max_steps=2).end["outcome"], "truncated")
        self.assertEqual(play(file_env("Base"), {"kind": "actions", "actions": [0]}).end["steps"], 1)
        self.assertEqual(play("MountainCar-v0").end["outcome"], "truncated")

    def test_an_environment_need_not_be_gymnasiums(self):
        rollout = play(file_env("NotGymnasium"), NOTHING)
        self.assertEqual((rollout.end["outcome"], rollout.end["steps"]), ("truncated", 10))
        self.assertIn("env", rollout.records[0]["hidden"])
        self.assertNotEqual(rollout.records[1]["hidden"]["env"], rollout.records[2]["hidden"]["env"])

    def test_nan_rewards_are_data(self):
        end = play(file_env("NanReward")).end
        self.assertEqual(end["outcome"], "terminated")
        self.assertTrue(math.isnan(end["totalReward"]))

    def test_printing_and_a_failing_close_do_no_harm(self):
        self.assertEqual(play(file_env("Prints")).end["outcome"], "terminated")
        end = play(file_env("FailsToClose")).end
        self.assertEqual((end["outcome"], end["warnings"]), ("terminated", ["env.close() raised OSError: stuck"]))

    def test_the_action_is_recorded_as_it_was_handed_over(self):
        steps = play(file_env("ChangesAction"), {"kind": "actions", "actions": [[0.5, 1]] * 5}).steps
        np.testing.assert_array_equal(steps[0]["action"], np.array([0.5, 1], np.float32))


class EnvironmentErrors(unittest.TestCase):
    def failed(self, name: str, outcome: str, kind: str, message: str, step: int | None, **options) -> Rollout:
        rollout = play(file_env(name), **options)
        error = rollout.end["error"]
        self.assertEqual(
            (rollout.end["outcome"], error["type"], error["step"], error["by"]), (outcome, kind, step, "environment")
        )
        self.assertIn(message, error["message"])
        chained = {key: error[key] for key in ("type", "message", "step")}
        self.assertEqual((rollout.closing["end"], rollout.closing["error"]), (outcome, chained))
        return rollout

    def test_raising(self):
        rollout = self.failed("Raises", "env_error", "ValueError", "no more", 1)
        self.assertIn("action", rollout.closing)
        self.assertIn("envs.py", rollout.end["error"]["traceback"])
        self.assertNotIn("referee.py", rollout.end["error"]["traceback"])
        self.failed("RaisesInReset", "env_error", "KeyError", "first", 0)
        rollout = self.failed("RaisesInMake", "env_error", "RuntimeError", "cannot", None)
        self.assertEqual((rollout.closing["k"], set(rollout.closing["hidden"])), (0, {"random", "numpy"}))
        self.failed("RaisesTypeError", "env_error", "TypeError", "len()", None)

    def test_leaving_is_an_error_too(self):
        self.failed("Exits", "env_error", "SystemExit", "3", 1)
        self.failed("Interrupts", "env_error", "KeyboardInterrupt", "", 1)

    def test_recursion_and_hostile_exceptions(self):
        self.failed("Recurses", "env_error", "RecursionError", "maximum recursion", 1)
        self.failed("RecursesLow", "env_error", "RecursionError", "maximum recursion", 1)
        self.failed("RaisesHostile", "env_error", "HostileError", "cannot be read", 1)

    def test_limits(self):
        self.failed("OutOfMemory", "memory_limit", "MemoryError", "", 1)
        self.failed("OutOfThreads", "process_limit", "RuntimeError", "thread", 1)
        self.failed("OutOfProcesses", "process_limit", "BlockingIOError", "unavailable", 1)

    def test_memory_really_gone(self):
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))

        rollout = play(file_env("Devours", "plain.py"), NOTHING, before=limit)
        self.assertEqual((rollout.end["outcome"], rollout.closing["end"]), ("memory_limit", "memory_limit"))

    def test_wrong_results(self):
        self.failed("FourTuple", "env_error", "TypeError", "a tuple of 4", 1)
        self.failed("TextReward", "env_error", "TypeError", "reward must be a number", 1)
        self.failed("ListInfo", "env_error", "TypeError", "info must be a dict", 1)
        self.failed("TextTerminated", "env_error", "TypeError", "terminated must be a bool", 1)

    def test_an_unknown_object_is_named_by_its_path(self):
        rollout = self.failed(
            "Owned", "env_error", "CanonicalError", "info.items[3].owner: objects of type envs.Owner", 1
        )
        self.assertEqual(rollout.end["steps"], 0)

    def test_the_failing_action_is_kept(self):
        rollout = play(file_env("Raises"), {"kind": "actions", "actions": [1]})
        self.assertEqual(rollout.closing["action"], np.int64(1))
        recorded = base64.b64encode(encode([rollout.closing["action"]])).decode()
        again = play(file_env("Raises"), {"kind": "none"}, replay={"actions": recorded})
        self.assertEqual(again.raw, rollout.raw)


class UnknownEnvironments(unittest.TestCase):
    def unknown(self, environment, message: str, env_args: dict | None = None):
        end = play(environment, env_args=env_args).end
        self.assertEqual((end["outcome"], end["error"]["type"]), ("env_error", "UnknownEnvironment"), end["error"])
        self.assertIn(message, end["error"]["message"])

    def test_ids(self):
        self.unknown("CartPoel-v1", "did you mean CartPole-v")
        self.unknown("cartpole-v1", "CartPole-v1")
        self.unknown("CartPole-v99", "CartPole-v1")
        self.unknown("no_such_module:Thing-v0", "no module no_such_module")
        self.unknown("x y", "x y cannot be made: Malformed")
        self.unknown("LunarLander-v3", "not in this image")

    def test_arguments(self):
        self.unknown("CartPole-v1", "unexpected keyword argument", {"grvity": 1})
        self.unknown(file_env("Base"), "unexpected keyword argument", {"sise": 1})
        self.unknown(file_env("NeedsSize"), "NeedsSize cannot be made without arguments: missing a required argument")
        self.unknown(
            file_env("Sized-v0", "registered.py"),
            "Sized-v0 cannot be made without arguments: NeedsSize.__init__() missing 1 required positional argument: 'size'",
        )
        self.unknown(file_env("Sized-v0", "registered.py"), "Sized-v0 cannot be made with these arguments", {"sise": 1})
        # What the constructor itself calls wrongly is its own failure.
        end = play(file_env("Wrong-v0", "registered.py")).end
        self.assertEqual((end["outcome"], end["error"]["type"]), ("env_error", "TypeError"))
        end = play("FrozenLake-v1", env_args={"map_name": "9x9"}).end
        self.assertEqual((end["outcome"], end["error"]["type"]), ("env_error", "KeyError"))

    def test_files(self):
        self.unknown(file_env("Baze"), "did you mean Base")
        self.unknown(file_env("Base", "nowhere.py"), "no file nowhere.py")
        self.unknown(file_env("Owner"), "no reset()")
        end = play(file_env("Env", "broken.py")).end
        self.assertEqual((end["outcome"], end["error"]["type"]), ("env_error", "SyntaxError"))

    def test_arguments_are_used(self):
        self.assertEqual(
            play(file_env("Base"), {"kind": "actions", "actions": [4]}, env_args={"size": 5}).end["steps"], 1
        )


class PolicyEnds(unittest.TestCase):
    def failed(self, name: str, outcome: str, kind: str, message: str, environment: str = "Base") -> Rollout:
        with contextlib.redirect_stdout(io.StringIO()):
            rollout = play(file_env(environment), opponent=policy(name))
        error = rollout.end["error"]
        self.assertEqual(
            (rollout.end["outcome"], error["type"], error["by"], error["step"]), (outcome, kind, "policy", 1)
        )
        self.assertIn(message, error["message"])
        return rollout

    def test_a_policy_plays(self):
        rollout = play("CartPole-v1", opponent=policy("mean"))
        self.assertEqual(rollout.end["outcome"], "terminated")
        rng = np.random.Generator(np.random.PCG64(0x0123456789ABCDEF0123456789ABCDEF))
        self.assertEqual([step["action"] for step in rollout.steps], [rng.integers(2) for _ in rollout.steps])

    def test_observations_arrive_as_they_were(self):
        rollout = play(file_env("Rich"), opponent=policy("kinds"))
        self.assertEqual(rollout.end["outcome"], "terminated", rollout.end)

    def test_policy_errors(self):
        rollout = self.failed("raises", "policy_error", "LookupError", "lost")
        self.assertIn("raises.py", rollout.end["error"]["traceback"])
        self.failed("exits", "policy_error", "SystemExit", "0")
        self.failed("vanishes", "policy_error", "eof", "without an answer")
        self.failed("returns_object", "illegal_action", "BadAction", "action: objects of type builtins.object")
        self.failed("returns_much", "illegal_action", "BadAction", "at most 65536")

    def test_a_policy_that_runs_into_its_limits_says_which(self):
        self.failed("out_of_memory", "memory_limit", "MemoryError", "")
        self.failed("out_of_threads", "process_limit", "RuntimeError", "can't start new thread")
        self.failed("out_of_processes", "process_limit", "BlockingIOError", "unavailable")

    def test_bad_policies(self):
        self.failed("syntax", "policy_error", "BadPolicy", "does not compile")
        self.failed("no_act", "policy_error", "BadPolicy", "defines neither act")
        self.failed("raises_on_load", "policy_error", "ImportError", "broken on load")

    def test_illegal_actions(self):
        rollout = self.failed("returns_true", "illegal_action", "IllegalAction", "true is not an integer")
        self.assertIs(rollout.closing["action"], True)
        self.assertEqual(len(rollout.records), 2)
        rollout = play(file_env("Base"), {"kind": "actions", "actions": [0, 7]})
        self.assertEqual(
            (rollout.end["outcome"], rollout.end["error"]["message"]), ("illegal_action", "7 is not in Discrete(2)")
        )
        recorded = base64.b64encode(
            encode([step["action"] for step in rollout.steps] + [rollout.closing["action"]])
        ).decode()
        self.assertEqual(
            play(file_env("Base"), {"kind": "none"}, replay={"actions": recorded}).raw, rollout.raw
        )


if __name__ == "__main__":
    unittest.main()
