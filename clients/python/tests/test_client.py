"""Sandboxes, runs, rewards and broken connections."""

import asyncio
import os
import unittest

import sameseed
from sameseed.connection import Connection

ADD = {"id": "add", "kind": "call", "function": "add", "tests": [{"args": [1, 2], "expected": 3}, {"args": [2, 2], "expected": 4}]}
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"
HALF = "```python\ndef add(a, b):\n    return 3\n```"
BROKEN = {"id": "broken", "kind": "judge", "judge": "this is no Python"}


class Sandboxes(unittest.TestCase):
    def test_runs_commands_and_keeps_bytes(self):
        with sameseed.Sandbox() as sandbox:
            sandbox.write("a/b.bin", b"\x00\xff\n")
            self.assertEqual(sandbox.read("/tmp/a/b.bin"), b"\x00\xff\n")
            self.assertEqual([entry["name"] for entry in sandbox.list("a")], ["b.bin"])
            result = sandbox.run("sh", ["-c", "cat; cat a/b.bin; echo e >&2; exit 3"], input="in")
            self.assertEqual((result.exit_code, result.stdout, result.stderr), (3, b"in\x00\xff\n", b"e\n"))
            self.assertTrue(sandbox.run("sleep", ["20"], timeout_ms=200).timed_out)
            sandbox.remove("a/b.bin")
            with self.assertRaises(sameseed.SameseedError) as raised:
                sandbox.read("a/b.bin")
            self.assertEqual(raised.exception.code, "sandbox_file")

    def test_forks_its_files_once_whatever_the_connection_does(self):
        with sameseed.Client() as client, sameseed.Sandbox(client=client) as sandbox:
            sandbox.write("a", "1")
            transport = client.transport
            exchange, sent = transport._exchange, []

            def cutting(method, target, body, headers):
                answer = exchange(method, target, body, headers)
                sent.append(headers.get("Idempotency-Key"))
                if len(sent) == 1:
                    # The answer is lost behind what was done.
                    raise OSError("cut")
                return answer

            transport._exchange = cutting
            try:
                one, other = sandbox.fork(2)
            finally:
                transport._exchange = exchange
            self.assertEqual((len(sent), len(set(sent))), (2, 1))
            self.assertEqual(one.lineage, (sandbox.id,))
            one.write("a", "2")
            [grandchild] = one.fork()
            self.assertEqual(grandchild.lineage, (sandbox.id, one.id))
            self.assertEqual([each.read("a") for each in (sandbox, one, other, grandchild)], [b"1", b"2", b"1", b"2"])
            open_now = {each["sandbox"] for each in client.request("GET", "/v1/sandboxes")["sandboxes"]}
            ours = {each.id for each in (sandbox, one, other, grandchild)}
            self.assertLessEqual(ours, open_now)
            copies = [each for each in client.request("GET", "/v1/sandboxes")["sandboxes"] if sandbox.id in each["lineage"]]
            self.assertEqual(len(copies), 3)

    def test_settles_each_fork_by_itself(self):
        with sameseed.Client() as client, sameseed.Sandbox(client=client) as sandbox:
            room = client.transport.json("GET", "/readyz")["slots"]
            free = room["total"] - room["used"]
            request = client.request
            client.request = lambda *given, **options: request(*given, headers={"Sameseed-Queue-Ms": "0"}, **options)
            settled = sandbox.fork_settled(free + 1)
            failed = [each for each in settled if isinstance(each, sameseed.SameseedError)]
            self.assertEqual([error.code for error in failed], ["server_full"])
            for each in settled:
                if isinstance(each, sameseed.Sandbox):
                    each.close()
            with self.assertRaises(sameseed.SameseedError) as raised:
                sandbox.fork(free + 1)
            self.assertEqual(raised.exception.code, "server_full")
            # What was made beside it is closed again.
            self.assertEqual(client.transport.json("GET", "/readyz")["slots"]["used"], room["used"])

    def test_is_there_for_an_event_loop_as_a_whole(self):
        async def all_of_it():
            async with sameseed.AsyncClient() as client:
                async with await client.sandbox() as sandbox:
                    await sandbox.write("d/a", "1")
                    self.assertEqual([entry["name"] for entry in await sandbox.list("d")], ["a"])
                    [child] = await sandbox.fork()
                    await sandbox.remove("d/a")
                    self.assertEqual(await child.read("d/a"), b"1")
                async with await client.rollout("CartPole-v1", 2) as rollout:
                    await rollout.step(1)
                    kept = await rollout.checkpoint()
                    gone = (await rollout.step(0)).observation.tolist()
                    await rollout.rollback(kept)
                    self.assertEqual((await rollout.step(0)).observation.tolist(), gone)
                    self.assertIn("CartPole-v1", await rollout.snapshot())
                run = await client.collect_rollouts("CartPole-v1", [4], maxSteps=5)
                [result] = await run.results()
                self.assertGreater(len(await run.trajectory(result["digest"])), 50)
                self.assertIs((await (await client.run(run.sync.id)).verify())["verified"], True)
                self.assertEqual((await run.state())["recorded"], 1)
                [scored] = await client.score([{"completion": RIGHT, "task": ADD}])
                self.assertEqual(scored["score"], 1)

        asyncio.run(all_of_it())

    def test_is_there_for_an_event_loop(self):
        async def both():
            async with sameseed.AsyncClient() as client, await client.sandbox() as sandbox:
                results = await asyncio.gather(*(sandbox.run("echo", [str(at)]) for at in range(3)))
                async with await client.rollout("CartPole-v1", 0) as rollout:
                    await rollout.step(1)
                    [branch] = await rollout.branch()
                    async with branch:
                        one, other = await asyncio.gather(rollout.step(0), branch.step(0))
                return [result.text for result in results], one.observation.tolist() == other.observation.tolist()

        self.assertEqual(asyncio.run(both()), (["0\n", "1\n", "2\n"], True))


class Failing:
    """A client of a server that makes some copies and refuses one, and whose first close fails."""

    def __init__(self):
        self.closed = []

    def close(self, id):
        self.closed.append(id)
        if len(self.closed) == 1:
            raise sameseed.SameseedError("io_failed", "cut")

    def request(self, method, path, body=None, **options):
        if method == "DELETE":
            return self.close(path.rsplit("/", 1)[1])
        if path == "/v1/sandboxes":
            return {"sandbox": "first", "lineage": []}
        made = [{"sandbox": {"sandbox": id, "lineage": ["first"]}} for id in "abc"]
        return [*made, {"error": {"code": "server_full", "message": "full"}}]

    def connect(self):
        client = self

        class Connection:
            def ask(self, op, fields):
                return view("first")

            def change(self, op, fields, last):
                if op == "branch":
                    made = [{"view": view(id)} for id in "abc"]
                    return {"branches": [*made, {"error": {"code": "server_full", "message": "full"}}]}, last + 1
                client.close(fields["rollout"])
                return {"summary": "{}", "trajectory": b""}, last + 1

            def close(self):
                pass

        def view(id):
            names = "seed actionSpace observationSpace steps isOver observation info legal"
            return {"rollout": id, "seq": 0, **dict.fromkeys(names.split())}

        return Connection()


class Copies(unittest.TestCase):
    """Copies of which one cannot be made: the others are closed, and the error says why there are none."""

    def refused(self, client, call):
        with self.assertRaises(sameseed.SameseedError) as raised:
            call()
        self.assertEqual(raised.exception.code, "server_full")
        self.assertEqual(client.closed, ["a", "b", "c"])

    def test_are_all_closed_though_a_close_fails(self):
        for kind in ("sandbox", "rollout"):
            for made_async in (False, True):
                with self.subTest(kind, made_async=made_async):
                    client = Failing()
                    if kind == "sandbox":
                        opened = sameseed.Sandbox(client=client)
                    else:
                        opened = sameseed.Rollout("CartPole-v1", 1, client=client)
                    if made_async:
                        opened = getattr(sameseed, f"Async{kind.capitalize()}")(opened)
                    copy = opened.fork if kind == "sandbox" else opened.branch
                    self.refused(client, lambda: asyncio.run(copy(4)) if made_async else copy(4))


class Names(unittest.TestCase):
    def test_are_all_there(self):
        promised = (
            "make make_vec collect_rollouts verify Sandbox score trl_reward environment_factory verl_reward Server Rollout "
            "Client AsyncClient AsyncSandbox AsyncRollout AsyncRun"
        )
        for name in promised.split():
            self.assertTrue(callable(getattr(sameseed, name)), name)
            self.assertIn(name, dir(sameseed))
        for name in ("branch", "checkpoint", "rollback"):
            self.assertTrue(callable(getattr(sameseed.SameseedEnv, name)))


class Connections(unittest.TestCase):
    def test_a_cut_connection_takes_no_step_twice(self):
        with sameseed.Rollout("CartPole-v1", 5) as whole, sameseed.Rollout("CartPole-v1", 5) as cut:
            exchange, cuts = Connection._exchange, []

            def cutting(connection, op, fields):
                # Every other answer is lost behind what it answers.
                if connection is cut._connection and op == "step" and len(cuts) % 2 == 0:
                    cuts.append(op)
                    exchange(connection, op, fields)
                    connection._socket.socket.close()
                    raise OSError("cut")
                if op == "step" and connection is cut._connection:
                    cuts.append(op)
                return exchange(connection, op, fields)

            Connection._exchange = cutting
            try:
                for at in range(8):
                    self.assertEqual(cut.step(at % 2).observation.tolist(), whole.step(at % 2).observation.tolist())
            finally:
                Connection._exchange = exchange
            self.assertGreaterEqual(len(cuts), 16)
            self.assertEqual(cut.steps, 8)
        self.assertEqual(cut.summary["digest"], whole.summary["digest"])

    def test_says_that_no_server_is_there(self):
        with self.assertRaises(sameseed.SameseedError) as raised:
            sameseed.Client("http://127.0.0.1:9").lease
        self.assertEqual(raised.exception.code, "io_failed")
        self.assertIn("sameseed serve", str(raised.exception))

    def test_opens_a_snapshot_again(self):
        with sameseed.Rollout("CartPole-v1", 2) as rollout:
            rollout.step(1)
            with sameseed.Rollout.from_snapshot(rollout.snapshot()) as again:
                self.assertEqual(again.step(0).observation.tolist(), rollout.step(0).observation.tolist())


class Runs(unittest.TestCase):
    def test_records_verifies_and_gives_the_bytes(self):
        run = sameseed.collect_rollouts("CartPole-v1", [3, 1, 2], maxSteps=20)
        results = run.results()
        self.assertEqual([result["seed"] for result in results], [1, 2, 3])
        report = sameseed.verify(run)
        self.assertIs(report["verified"], True)
        self.assertGreater(len(run.trajectory(results[0]["digest"])), 100)


class Rewards(unittest.TestCase):
    def test_scores_in_the_order_of_the_items(self):
        results = sameseed.score([{"completion": text, "task": ADD} for text in (RIGHT, HALF, "no code")])
        self.assertEqual([result["score"] for result in results], [1, 0.5, 0])

    def test_rewards_trls_completions_and_leaves_out_what_cannot_be_judged(self):
        reward = sameseed.trl_reward()
        said = [[{"role": "assistant", "content": RIGHT}], [{"role": "assistant", "content": HALF}]]
        self.assertEqual(reward(prompts=["", ""], completions=said, task=[ADD, ADD]), [1, 0.5])
        self.assertEqual(sameseed.trl_reward(BROKEN)(completions=[RIGHT]), [None])

    def test_rewards_verls_solutions_and_never_makes_a_zero_of_a_failure(self):
        import json

        self.assertEqual(sameseed.verl_reward("x", RIGHT, json.dumps(ADD)), 1)
        with self.assertRaises(sameseed.SameseedError):
            sameseed.verl_reward("x", RIGHT, BROKEN)

    def test_gives_trl_environments_whose_resets_are_fresh(self):
        made = sameseed.environment_factory("CartPole-v1", maxSteps=3)
        env, other = made(), made()
        self.assertIsNone(env.get_reward())
        row = {"prompt": "balance", "seed": 7}
        first = env.reset(**row)
        self.assertEqual(other.reset(**row), first)
        self.assertEqual(env.step(1), other.step(1))
        self.assertIn("episode is over", [env.step(0), env.step(0)][-1])
        self.assertEqual(env.get_reward(), 3)
        self.assertEqual(env.reset(**row), first)
        self.assertEqual(env.get_reward(), 0)
        rows = [made().reset(prompt="a"), made().reset(prompt="a"), made().reset(prompt="b")]
        self.assertEqual(rows[0], rows[1])
        self.assertNotEqual(rows[0], rows[2])


@unittest.skipUnless(os.environ.get("SAMESEED_COMMAND"), "needs a command")
class Servers(unittest.TestCase):
    def test_starts_and_stops_one(self):
        with sameseed.Server() as server, sameseed.Client(server.url) as client:
            with sameseed.Sandbox(client=client) as sandbox:
                self.assertEqual(sandbox.run("echo", ["hi"]).text, "hi\n")
        with self.assertRaises(sameseed.SameseedError):
            sameseed.Client(server.url).lease


if __name__ == "__main__":
    unittest.main()
