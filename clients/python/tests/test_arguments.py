"""Arguments: what is refused, and in which words; numpy's scalars are taken for what they are."""

import importlib.util
import os
import pathlib
import tempfile
import unittest

import numpy as np

import sameseed

ADD = {"id": "add", "kind": "call", "function": "add", "tests": [{"args": [1, 2], "expected": 3}]}
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


class Arguments(unittest.TestCase):
    def test_are_refused_in_the_callers_words(self):
        with sameseed.Sandbox() as sandbox:
            refused = [
                (lambda: sandbox.run("echo", "hi"), r"args is a list of texts.*for one: \['hi'\]"),
                (lambda: sameseed.Rollout("CartPole-v1", 2**53), "9007199254740992 is no seed"),
                (lambda: sameseed.Rollout("CartPole-v1", True), "True is no seed"),
                (lambda: sameseed.make_vec("CartPole-v1", 2).reset(seed=[1, -1]), "-1 is no seed"),
                (lambda: sameseed.collect_rollouts("CartPole-v1", 5), r"5 is no list of seeds.*for one: \[5\]"),
                (lambda: sameseed.score([{"completion": "", "task": object()}]), "a request cannot be made of that"),
            ]
            for call, says in refused:
                with self.assertRaisesRegex(sameseed.SameseedError, f"(?s){says}") as raised:
                    call()
                self.assertEqual(raised.exception.code, "bad_argument")
        task = {**ADD, "tests": [{"args": [np.int64(1), np.int64(2)], "expected": np.int64(3)}]}
        self.assertEqual(sameseed.score([{"completion": RIGHT, "task": task}])[0]["score"], 1)
        with sameseed.Rollout("FrozenLake-v1", np.int64(3), envArgs={"map_name": np.str_("8x8"), "is_slippery": np.bool_(True)}) as lake:
            self.assertEqual(lake.observation_space["n"], 64)

    def test_that_one_task_has_wrong_leave_the_others_their_rewards(self):
        tasks = [ADD, {**ADD, "image": "nosuch"}, ADD]
        self.assertEqual(sameseed.trl_reward()(completions=[RIGHT] * 3, task=tasks), [1, None, 1])

    def test_are_verls_too_where_it_loads_the_file_by_its_path(self):
        source = importlib.util.find_spec("sameseed.rewards").loader.get_source("sameseed.rewards")
        path = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()), "rewards.py")
        path.write_text(source)
        spec = importlib.util.spec_from_file_location("custom_module", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.assertEqual(module.verl_reward("x", RIGHT, ADD), 1)

    def test_name_the_file_of_a_missing_token(self):
        from unittest import mock

        from sameseed.transport import Address

        with mock.patch.dict(os.environ, {"SAMESEED_URL": "http://127.0.0.1:9", "SAMESEED_TOKEN_FILE": "/nowhere/token"}):
            with self.assertRaisesRegex(sameseed.SameseedError, "SAMESEED_TOKEN_FILE"):
                Address.from_environment()

    def test_that_are_refused_leave_vectors_usable(self):
        envs = sameseed.make_vec("CartPole-v1", 2)
        try:
            first = envs.reset(seed=5)[0]
            with self.assertRaises(sameseed.SameseedError):
                envs.reset(seed=[3, 3])
            self.assertEqual(envs.reset()[0].shape, first.shape)
            self.assertEqual(envs.reset(seed=5)[0].tolist(), first.tolist())
        finally:
            envs.close()


class OwnServers(unittest.TestCase):
    def test_starts_another_where_it_was_killed(self):
        import signal
        from unittest import mock

        from sameseed import client as clients

        with mock.patch.dict(os.environ), mock.patch.object(clients, "_default", None):
            del os.environ["SAMESEED_URL"]
            with sameseed.Sandbox() as sandbox:
                self.assertEqual(sandbox.run("echo", ["hi"]).text, "hi\n")
                first = clients.default_client()
                folder = os.path.dirname(first.server.address.unix_path)
                os.kill(first.server._process.pid, signal.SIGKILL)
                first.server._process.wait()
                with self.assertRaises(sameseed.SameseedError):
                    sandbox.run("echo", ["hi"])
                sandbox._is_open = False
            with sameseed.Sandbox() as sandbox:
                self.assertEqual(sandbox.run("echo", ["hi"]).text, "hi\n")
            self.assertIsNot(clients.default_client(), first)
            self.assertFalse(os.path.exists(folder))
            clients.default_client().close()


if __name__ == "__main__":
    unittest.main()
