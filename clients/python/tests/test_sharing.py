"""Rollouts that several threads, tasks and processes have, and calls that are interrupted."""

import asyncio
import multiprocessing
import os
import signal
import threading
import time
import unittest

import sameseed

SLOW = {
    "className": "Slow",
    "source": """
import time
import gymnasium

class Slow(gymnasium.Env):
    action_space = gymnasium.spaces.Discrete(9)
    observation_space = gymnasium.spaces.Discrete(1000)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.seen = 0
        return 0, {}

    def step(self, action):
        time.sleep(0.3)
        self.seen = self.seen * 10 + int(action)
        return self.seen, 1.0, False, False, {}
""",
}
# The sealed world's sleeps take no time.
WAITS = {"world": "host"}


def at_once(call, many):
    """Calls it in so many threads, and gives what came: values and errors."""
    came = []

    def one():
        try:
            came.append(call())
        except Exception as error:
            came.append(error)

    threads = [threading.Thread(target=one) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


class Threads(unittest.TestCase):
    def test_take_a_step_each(self):
        env = sameseed.make("CartPole-v1")
        env.reset(seed=3)
        seen = {tuple(told[0]) for told in at_once(lambda: env.step(0), 6)}
        self.assertEqual(len(seen), 6)
        env.close()
        self.assertEqual(env.summary["steps"], 6)

    def test_take_a_step_each_of_a_vector(self):
        envs = sameseed.make_vec("CartPole-v1", 2)
        envs.reset(seed=3)
        seen = {tuple(told[0][1]) for told in at_once(lambda: envs.step(envs.action_space.sample() * 0), 4)}
        self.assertEqual(len(seen), 4)
        envs.close()
        self.assertEqual([episode["summary"]["steps"] for episode in envs.episodes], [4, 4])

    def test_close_after_the_step_that_another_takes(self):
        rollout = sameseed.Rollout(SLOW, 1, **WAITS)
        step = threading.Thread(target=lambda: rollout.step(1))
        step.start()
        time.sleep(0.1)
        self.assertEqual(rollout.close()["steps"], 1)
        step.join()


class Tasks(unittest.TestCase):
    def test_take_their_steps_in_the_order_of_the_calls(self):
        async def steps():
            async with sameseed.AsyncClient() as client, await client.rollout(SLOW, 3, **WAITS) as rollout:
                told = await asyncio.gather(*(rollout.step(action) for action in (1, 2, 3)))
                return [each.observation for each in told]

        self.assertEqual(asyncio.run(steps()), [1, 12, 123])

    def test_that_are_cancelled_leave_the_rollout_as_it_was_or_one_step_on(self):
        async def steps():
            async with sameseed.AsyncClient() as client, await client.rollout(SLOW, 3, **WAITS) as rollout:
                with self.assertRaises(asyncio.TimeoutError):
                    await asyncio.wait_for(rollout.step(1), 0.1)
                under_way = asyncio.ensure_future(rollout.step(2))
                waiting = asyncio.ensure_future(rollout.step(3))
                await asyncio.sleep(0.05)
                waiting.cancel()
                return (await under_way).observation, (await rollout.step(4)).observation, await rollout.close()

        one, other, summary = asyncio.run(steps())
        self.assertEqual((one, other, summary["steps"]), (12, 124, 3))


class Interrupted(unittest.TestCase):
    def test_calls_are_carried_out_before_the_next(self):
        class Late(BaseException):
            pass

        def late(*_):
            raise Late

        before = signal.signal(signal.SIGALRM, late)
        try:
            with sameseed.Rollout(SLOW, 1, **WAITS) as rollout:
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                with self.assertRaises(Late):
                    rollout.step(1)
                self.assertEqual(rollout.step(2).observation, 12)
                # What cannot be sent was never a step.
                with self.assertRaises(Exception):
                    rollout.step(object())
                self.assertEqual(rollout.step(3).observation, 123)
                signal.setitimer(signal.ITIMER_REAL, 0.1)
                with self.assertRaises(Late):
                    rollout.step(4)
            self.assertEqual(rollout.summary["steps"], 4)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def in_child(call):
    """What a call gives in a child of this process: a value, or an error's code; None where it does not end."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()

    def work():
        try:
            there.send(call())
        except sameseed.SameseedError as error:
            there.send(error)

    child = context.Process(target=work)
    child.start()
    came = here.recv() if here.poll(30) else None
    child.kill()
    child.join()
    return came


class Processes(unittest.TestCase):
    def refused(self, call):
        error = in_child(call)
        self.assertIsInstance(error, sameseed.SameseedError)
        self.assertEqual(error.code, "bad_argument")
        self.assertIn("another process", error.message)

    def test_leave_an_environment_to_the_one_that_made_it(self):
        env, alone = sameseed.make("CartPole-v1"), sameseed.make("CartPole-v1")
        for each in (env, alone):
            each.reset(seed=3)
        self.refused(lambda: env.step(0))
        self.refused(lambda: env.reset(seed=1))
        self.refused(lambda: env.rollout.snapshot())
        self.assertEqual(in_child(lambda: [env.close(), env.rollout.close()]), [None, {}])
        self.assertEqual(env.step(1)[0].tolist(), alone.step(1)[0].tolist())
        env.close()
        alone.close()
        self.assertEqual(env.summary["digest"], alone.summary["digest"])

    def test_leave_a_vector_to_the_one_that_made_it(self):
        envs = sameseed.make_vec("CartPole-v1", 2)
        envs.reset(seed=3)
        self.refused(lambda: envs.step(envs.action_space.sample()))
        self.assertEqual(in_child(lambda: [envs.close()]), [None])
        envs.step(envs.action_space.sample())
        envs.close()

    def test_leave_a_client_to_the_one_that_made_it(self):
        with sameseed.Client(os.environ.get("SAMESEED_URL")) as client, sameseed.Sandbox(client=client) as sandbox:
            in_child(lambda: [client.close()])
            self.assertEqual(sandbox.run("echo", ["hi"]).text, "hi\n")

    def test_do_not_enter_what_another_thread_held(self):
        with sameseed.Rollout(SLOW, 1, **WAITS) as rollout:
            step = threading.Thread(target=lambda: rollout.step(1))
            step.start()
            time.sleep(0.1)
            self.refused(lambda: rollout.step(1))
            step.join()
            self.assertEqual(rollout.steps, 1)


if __name__ == "__main__":
    unittest.main()
