"""OpenEnv's package, unmodified, against a server: what of its protocol and its validator this project counts on."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from openenv import GenericEnvClient
from openenv.cli._validation import validate_running_environment
from openenv.validation import Level, ProviderCapability, load_policy, run_validation
from openenv.validation.graders import GraderRegistry
from sameseed import openenv_validate

BASE = os.environ["OPENENV_URL"]
OURS = {
    "runtime.seed_control",
    "runtime.episode_determinism",
    "runtime.episode_isolation",
    "runtime.host_containment",
    "semantic.verifier_determinism",
    "semantic.replayability",
}


def statuses(report):
    return {result["check_id"]: result["status"] for result in report["results"]}


class Plays(unittest.TestCase):
    def play(self, seed):
        seen = []
        with GenericEnvClient(base_url=BASE).sync() as env:
            result = env.reset(seed=seed, episode_id="mine")
            seen.append(result.observation)
            while not result.done:
                result = env.step({"action": len(seen) % 2})
                seen.append((result.observation, result.reward))
            state = env.state()
        self.assertEqual(state["episode_id"], "mine")
        self.assertEqual(state["step_count"], len(seen) - 1)
        self.assertEqual((seen[-1][0]["terminated"], seen[-1][0]["truncated"]), (True, False))
        return seen

    def test_plays_an_episode_that_the_seed_decides(self):
        first = self.play(7)
        self.assertGreater(len(first), 8)
        self.assertEqual(self.play(7), first)
        self.assertNotEqual(self.play(8), first)

    def test_passes_openenvs_own_check_of_a_running_environment(self):
        report = validate_running_environment(BASE, timeout_s=30)
        failed = [criterion for criterion in report["criteria"] if not criterion["passed"]]
        self.assertEqual(failed, [])
        self.assertTrue(report["passed"])


class Grades(unittest.TestCase):
    def test_passes_every_grader(self):
        report = openenv_validate.validate(BASE, steps=6, other_hosts=[BASE])
        told = statuses(report)
        self.assertEqual({name for name, status in told.items() if status != "pass"}, set(), report)
        self.assertLessEqual(OURS | {"hub.cross_host_determinism", "runtime.state_contract"}, set(told))
        self.assertEqual(report["verdict"], "pass")

    def test_finds_each_fault(self):
        with subprocess.Popen(
            [sys.executable, os.environ["BAD_ENVIRONMENTS"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as served:
            base = f"http://127.0.0.1:{int(served.stdout.readline())}"
            try:
                for fault, expected in (
                    ("sound", {"runtime.host_containment": "skip"}),
                    ("ignores_seed", {"runtime.seed_control": "fail", "runtime.episode_determinism": "fail"}),
                    ("one_seed", {"runtime.seed_control": "fail", "runtime.episode_determinism": "pass"}),
                    ("nothing_random", {"runtime.seed_control": "skip", "runtime.episode_determinism": "pass"}),
                    ("clock", {"runtime.episode_determinism": "fail", "semantic.replayability": "skip"}),
                    ("remembers", {"runtime.episode_isolation": "fail", "runtime.episode_determinism": "pass"}),
                    ("shares", {"runtime.episode_isolation": "fail", "runtime.episode_determinism": "pass"}),
                    ("judges_by_load", {"semantic.verifier_determinism": "fail", "semantic.replayability": "pass"}),
                    ("runs_unwalled", {"runtime.host_containment": "fail", "runtime.seed_control": "pass"}),
                ):
                    with self.subTest(fault):
                        report = openenv_validate.validate(f"{base}/{fault}", steps=5, timeout=20)
                        told = statuses(report)
                        self.assertEqual({name: told[name] for name in expected}, expected, report)
                        if fault == "sound":
                            others = {told[name] for name in OURS - set(expected)}
                            self.assertEqual(others, {"pass"}, report)
                self.unlike_hosts(base)
            finally:
                served.stdin.close()

    def unlike_hosts(self, base):
        hosts = [f"{base}/sound", f"{base}/one_seed"]
        told = openenv_validate.validate(hosts[0], steps=5, other_hosts=hosts)
        found = {result["check_id"]: result for result in told["results"]}["hub.cross_host_determinism"]
        self.assertEqual(found["status"], "fail")
        self.assertIn("host 2 of 2: the reset: observation.at", found["evidence"][0])


class Running:
    """A subject that needs no container: it is the server that is there."""

    base_url = BASE

    def inspect(self):
        return {}

    def stop(self):
        pass


class Provider:
    name = "running"
    capabilities = frozenset((ProviderCapability.IMAGE_BUILD,))
    supported_network_modes = frozenset(("public",))

    def build(self, root, execution):
        return "sha256:" + "0" * 64

    def start(self, spec):
        return Running()


MANIFEST = """
spec_version: 1
name: cartpole
version: "1"
validation:
  reward: {range: [0, 1], floor_margin: 0.5}
  resources: {cpu: 1, memory_mb: 512, disk_mb: 512, episode_timeout_s: 60}
  capabilities: {verifier: {kind: reward_channel}}
  types: {tags: [control]}
  execution: {kind: openenv_ws}
"""


class Packages(unittest.TestCase):
    """`openenv validate` of a package: 0.10.0 does not read the entry points by itself, and does then."""

    def validate(self):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "openenv.yaml").write_text(MANIFEST)
            (root / "Dockerfile").write_text("FROM scratch\n")
            (root / "validation").mkdir()
            plan = {
                "plan_schema_version": "1",
                "reset": {"episode_id": "one", "seed": 3},
                "actions": [{"action": at % 2} for at in range(6)],
            }
            (root / "validation/runtime.json").write_text(json.dumps(plan))
            report = run_validation(root, max_level=Level.SEMANTIC, provider=Provider())
        return {result.check_id: (result.status.value, result.evidence) for result in report.results}

    def test_reads_the_entry_points_when_it_is_told_to(self):
        self.assertEqual(GraderRegistry().load_entry_points(), len(OURS) + 1)
        missing = [name for name in OURS if name not in {entry.check_id for entry in load_policy("v2").entries}]
        self.assertEqual(missing, [])
        before = self.validate()
        self.assertEqual({before[name][1][0] for name in OURS}, {"grader not implemented in this build"})
        openenv_validate.load_entry_points()
        openenv_validate.load_entry_points()
        after = self.validate()
        runtime = {name for name in OURS if name.startswith("runtime.")}
        self.assertEqual({after[name][0] for name in runtime}, {"pass"}, after)
        # It runs no grader of the semantic level yet.
        self.assertEqual({after[name][0] for name in OURS - runtime}, {"skip"})


if __name__ == "__main__":
    unittest.main()
