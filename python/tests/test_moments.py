"""The line tracer that begins later than its program."""

import unittest

from tracing import traced

LATE = """
import sys
from sameseed.audit import explain
from sameseed.play.one_agent import OneAgent
from sameseed.play.referee import _Episode
from sameseed.policy import seat_host


class Env:
    def __init__(self):
        self.kept = []
        self.other = []

    def reset(self, seed):
        self.kept.append(0)
        self.other.append(0)
        return 0, {}

    def step(self):
        self.kept.append(1)
        return len(self.kept)


class Stage(OneAgent):
    def __init__(self, env):
        self.env = env


class Episode(_Episode):
    def __init__(self):
        self.steps = 0


def step(episode, stage):
    stage.env.step()
    episode.steps += 1


def serve(*, mode):
    for _ in range(4):
        seat_host.answered()


_Episode._step = step
OneAgent.reset = lambda self, seed, seeded: self.env.reset(seed)
seat_host.serve = serve
seat_host.answered = lambda: policy.step()
explain.begin({"from": int(sys.argv[1])})
policy = Env()
if len(sys.argv) == 2:
    episode, stage = Episode(), Stage(Env())
    stage.reset(0, [])
    for _ in range(4):
        episode._step(stage)
else:
    seat_host.serve(mode=sys.argv[2])
"""


class Moments(unittest.TestCase):
    def test_a_trace_may_begin_at_a_later_moment(self) -> None:
        def methods(*args: str) -> list[str]:
            ended = [entry["function"] for entry in traced(LATE, *args) if entry["event"] == "return"]
            return [name for name in ended if name.startswith("Env.")]

        self.assertEqual(methods("0"), ["Env.reset", *["Env.step"] * 4])
        self.assertEqual(methods("1"), ["Env.step"] * 4)
        self.assertEqual(methods("3"), ["Env.step"] * 2)
        self.assertEqual(methods("5"), [])
        self.assertEqual(methods("3", "restart"), ["Env.step"] * 4)
        self.assertEqual(methods("3", "keep"), ["Env.step"] * 2)

    def test_a_later_moment_knows_what_was_made_before_it(self) -> None:
        entries = [entry for entry in traced(LATE, "3") if entry["function"] == "Env.step" and entry["after"] == 0]
        # What the step changed in place, and nothing that was so already; none of it is older than the episode for sure.
        self.assertEqual([[name for name, _ in entry["names"]] for entry in entries], [["return"]] * 2)
        changed = [entry for entry in traced(LATE, "3") if ["self.kept"] == [name for name, _ in entry["names"]]]
        self.assertEqual([(entry["begun"], entry.get("left")) for entry in changed], [(True, None)] * 2)


if __name__ == "__main__":
    unittest.main()
