"""What is told when something ends: runs that are cut short, leases that are over, programs and the servers of their own."""

import asyncio
import os
import pickle
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import sameseed


class Runs(unittest.TestCase):
    def refused(self, run, code, *parts):
        for results in (run.results, lambda: list(run), lambda: asyncio.run(sameseed.AsyncRun(run).results())):
            with self.assertRaises(sameseed.SameseedError) as raised:
                results()
            self.assertEqual(raised.exception.code, code)
            for part in parts:
                self.assertIn(part, str(raised.exception))

    def test_that_fail_raise_why(self):
        self.refused(sameseed.collect_rollouts("Nope-v1", [1, 2]), "unknown_environment", "Nope-v1")
        broken = sameseed.collect_rollouts("CartPole-v1", [1], policy={"source": "def act("})
        self.refused(broken, "bad_policy")

    def test_that_are_cancelled_say_how_far_they_are_and_can_be_gone_on_with(self):
        run = sameseed.collect_rollouts("CartPole-v1", range(200), maxSteps=50, concurrency=1)
        run.cancel()
        recorded = run.state["recorded"]
        self.assertLess(recorded, 200)
        self.refused(run, "aborted")
        kept = []
        with self.assertRaises(sameseed.SameseedError):
            kept.extend(iter(run))
        run = sameseed.collect_rollouts("CartPole-v1", range(3), maxSteps=5, concurrency=1)
        run.cancel()
        run.resume()
        self.assertEqual([result["seed"] for result in run.results()], [0, 1, 2])

    def test_whose_server_ended_in_between_are_not_whole(self):
        def told(*lines):
            class Transport:
                def lines(self, path, query):
                    return iter(lines)

            class Client:
                transport = Transport()

            return sameseed.Run("r", client=Client())

        row = {"index": 0, "rollout": {"seed": 0}}
        end = {"run": "r", "state": "ended", "total": 2, "recorded": 1, "error": None}
        self.refused(told(row, {"end": end}), "aborted", "1 of 2", "resume()")
        self.refused(told(row), "io_failed")
        self.assertEqual(told(row, {"end": {**end, "total": 1}}).results(), [{"seed": 0}])


class Errors(unittest.TestCase):
    def test_can_be_pickled_wherever_they_come_from(self):
        calls = (
            lambda: sameseed.Rollout("Nope-v1", 1),
            lambda: sameseed.Sandbox(image="nope"),
            lambda: sameseed.make_vec("CartPole-v1", 2, foo=1),
        )
        for call in calls:
            with self.assertRaises(sameseed.SameseedError) as raised:
                call()
            error = raised.exception
            self.assertIsInstance(error.context, dict)
            again = pickle.loads(pickle.dumps(error))
            for name in ("code", "message", "hint", "context", "number"):
                self.assertEqual(getattr(again, name), getattr(error, name))
            self.assertEqual(str(again), str(error))
        told = {"code": "internal", "message": "m", "context": '{"seed":1}'}
        self.assertEqual(sameseed.SameseedError.of(told).context, {"seed": 1})


class Leases(unittest.TestCase):
    def setUp(self):
        self.client = sameseed.Client(os.environ.get("SAMESEED_URL"))
        self.addCleanup(self.client.close)

    def end(self):
        self.client.transport.json("DELETE", f"/v1/leases/{self.client.lease}")

    def test_that_are_over_are_followed_by_another(self):
        self.client.lease
        opens = (
            lambda: sameseed.make("CartPole-v1", client=self.client).reset(seed=1),
            lambda: sameseed.make_vec("CartPole-v1", 2, client=self.client).reset(seed=1),
            lambda: sameseed.Sandbox(client=self.client).run("true"),
            lambda: sameseed.collect_rollouts("CartPole-v1", [1], maxSteps=2, client=self.client).results(),
        )
        for opening in opens:
            self.end()
            opening()

    def test_that_are_over_take_what_was_open_along(self):
        env = sameseed.make("CartPole-v1", client=self.client)
        env.reset(seed=1)
        envs = sameseed.make_vec("CartPole-v1", 2, client=self.client)
        envs.reset(seed=1)
        self.end()
        for step in (lambda: env.step(0), lambda: envs.step(envs.action_space.sample())):
            with self.assertRaises(sameseed.SameseedError) as raised:
                step()
            self.assertEqual(raised.exception.code, "lease_ended")
        for each in (envs, env):
            each.reset(seed=1)
            each.step(each.action_space.sample())
            self.end()
            # Nothing was asked since: the first to see it is the reset.
            each.reset(seed=2)
            each.step(each.action_space.sample())
        env.close()
        self.assertEqual(env.summary["seed"], 2)

    def test_that_are_over_end_no_training(self):
        env = sameseed.environment_factory("CartPole-v1", client=self.client)()
        first = env.reset(seed=1)
        self.end()
        self.assertEqual(env.reset(seed=1), first)


STARTS = """
import multiprocessing, os, signal, sys, time
import sameseed

def one(_):
    client = sameseed.default_client()
    with sameseed.Rollout("CartPole-v1", 1) as rollout:
        rollout.step(1)
    return f"{client.server._process.pid} {client.server._folder}"

def told(*servers):
    print(*servers, sep="\\n", flush=True)
"""
ENDS = {
    "exit": "told(one(0))",
    "os._exit": "told(one(0)); os._exit(3)",
    "SIGKILL": "told(one(0)); os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "told(one(0)); os.kill(os.getpid(), signal.SIGTERM)",
    "workers": """
with multiprocessing.get_context("fork").Pool(2) as pool:
    told(one(0), *pool.map(one, range(2), chunksize=1))
    pool.close()
    pool.join()
""",
    # What a worker has copied of its parent does not keep the parent's server.
    "before a worker": """
told(one(0))
if os.fork() == 0:
    os.close(1)
    os.close(2)
    time.sleep(60)
os.kill(os.getpid(), signal.SIGKILL)
""",
}


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@unittest.skipUnless(os.environ.get("SAMESEED_COMMAND"), "needs a command")
class Servers(unittest.TestCase):
    def test_end_with_the_program_however_it_ends(self):
        env = {name: value for name, value in os.environ.items() if name != "SAMESEED_URL"}
        for name, program in ENDS.items():
            with self.subTest(name):
                ran = subprocess.run([sys.executable, "-c", STARTS + program], env=env, capture_output=True, timeout=120)
                servers = [line.split(" ", 1) for line in ran.stdout.decode().splitlines()]
                self.assertGreater(len(servers), 0, ran.stderr.decode())
                until = time.monotonic() + 20
                while any(is_alive(pid) for pid, _ in servers) and time.monotonic() < until:
                    time.sleep(0.05)
                left = [pid for pid, _ in servers if is_alive(pid)]
                for pid in left:
                    os.kill(int(pid), signal.SIGKILL)
                self.assertEqual(left, [])
                # Nothing is in its folder any more; the next program's server removes it.
                self.assertEqual([each for _, folder in servers for each in Path(folder).glob("*")], [])

    def test_leave_no_folder_behind(self):
        env = {name: value for name, value in os.environ.items() if name != "SAMESEED_URL"}
        server = sameseed.Server()
        folder = Path(server._folder)
        empty, used = (folder.parent / f"sameseed-client-test-{kind}-{os.getpid()}" for kind in ("empty", "used"))
        for each in (empty, used):
            each.mkdir()
        (used / "log").touch()
        for each in (empty, used, folder):
            os.utime(each, (time.time() - 600,) * 2)
        subprocess.run([sys.executable, "-c", STARTS + ENDS["exit"]], env=env, check=True, capture_output=True)
        self.assertEqual([each.exists() for each in (empty, used, folder)], [False, True, True])
        os.utime(used, (0, 0))
        os.utime(folder, (0, 0))
        subprocess.run([sys.executable, "-c", STARTS + ENDS["exit"]], env=env, check=True, capture_output=True)
        self.assertEqual([each.exists() for each in (used, folder)], [False, True])
        server.close()
        self.assertFalse(folder.exists())

    def test_that_cannot_be_started_say_so(self):
        with self.assertRaises(sameseed.SameseedError) as raised:
            sameseed.Server(command=["/nope/sameseed"])
        self.assertEqual(raised.exception.code, "tool_missing")


if __name__ == "__main__":
    unittest.main()
