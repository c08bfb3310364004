"""A branch by replay gives the frames that the straight rollout gives, at every step, and other ones where it is re-keyed."""

import base64
import unittest

from game_support import GAME, builtin
from sameseed.recording.canonical import encode
from support import Rollout, parse, play_raw

AGENT = [{"seat": "agent", "kind": "builtin", "name": "random"}]
RECORDED = [{"seat": "agent", "kind": "recorded"}]
CARTPOLE = {"kind": "gymnasium", "id": "CartPole-v1"}


def part(seats: list[dict], actions: list, reseed: int | None = None) -> dict:
    return {"seats": seats, "actions": base64.b64encode(encode(actions)).decode(), "reseed": reseed}


def played(environment: dict, seats: list[dict], past: list[dict] = (), seed: int = 7, **more) -> Rollout:
    return parse(play_raw(environment, seats, seeds=[seed], past=past, **more))


class Alike(unittest.TestCase):
    def same(self, first: object, second: object) -> None:
        self.assertEqual(encode(first), encode(second))


class Straight(Alike):
    def same_at_each_step(self, environment: dict, seats: list[dict], **more) -> None:
        straight = played(environment, seats, **more)
        actions = [step["action"] for step in straight.steps]
        self.assertGreater(len(actions), 3)
        for step in {0, 1, 2, len(actions) // 2, len(actions) - 1}:
            again = played(environment, seats, [part(seats, actions[:step])], **more)
            self.assertEqual(again.raw, straight.raw, step)

    def test_a_sampling_policy(self) -> None:
        for name in ("CartPole-v1", "Pendulum-v1", "Taxi-v4", "Blackjack-v1"):
            environment = {"kind": "gymnasium", "id": name}
            if name == "Blackjack-v1":
                straight = played(environment, AGENT)
                self.assertEqual(played(environment, AGENT, [part(AGENT, [])]).raw, straight.raw)
            else:
                self.same_at_each_step(environment, AGENT, max_steps=20)

    def test_built_in_policies_of_a_game(self) -> None:
        for names in (("random", "random"), ("random", "minimax"), ("minimax", "random")):
            self.same_at_each_step(GAME, [builtin("X", names[0]), builtin("O", names[1])])

    def test_parts_of_parts(self) -> None:
        seats = [builtin("X", "random"), builtin("O", "random")]
        straight = played(GAME, seats)
        actions = [step["action"] for step in straight.steps]
        for first in range(3):
            for second in range(first, 5):
                past = [part(seats, actions[:first]), part(seats, actions[first:second])]
                self.assertEqual(played(GAME, seats, past).raw, straight.raw)

    def test_a_sampler_stands_where_it_stood_for_another_policy_too(self) -> None:
        straight = played(CARTPOLE, AGENT, max_steps=8)
        actions = [step["action"] for step in straight.steps]
        listed = [{"seat": "agent", "kind": "actions", "actions": [int(action) for action in actions[4:]]}]
        branch = played(CARTPOLE, listed, [part(AGENT, actions[:4])])
        # What the sampler did not draw any more is all that differs.
        self.same(branch.records[:5], straight.records[:5])
        for own, other in zip(branch.records[5:9], straight.records[5:9]):
            own["hidden"].pop("action_space"), other["hidden"].pop("action_space")
            self.same(own, other)


class Taken(Alike):
    def test_a_seat_that_changes_hands_starts_its_own_stream(self) -> None:
        seats = [builtin("X", "random"), builtin("O", "random")]
        straight = played(GAME, seats)
        actions = [step["action"] for step in straight.steps]
        recorded = [{"seat": "X", "kind": "recorded"}, builtin("O", "random")]
        branch = played(GAME, seats, [part(recorded, actions[:2])])
        self.same(branch.steps[:2], straight.steps[:2])
        self.assertEqual(branch.end["seeded"], ["env", "O", "X (from step 2)"])

    def test_a_past_that_is_over_gives_no_branch(self) -> None:
        straight = played(CARTPOLE, AGENT)
        actions = [step["action"] for step in straight.steps]
        branch = played(CARTPOLE, AGENT, [part(AGENT, [*actions, 1, 1])])
        self.assertEqual(branch.raw, straight.raw)


class Rekeyed(Alike):
    def test_same_integer_same_frames_other_integer_other_frames(self) -> None:
        for environment, seats in (
            (CARTPOLE, AGENT),
            ({"kind": "gymnasium", "id": "FrozenLake-v1"}, AGENT),
            (GAME, [builtin("X", "random"), builtin("O", "random")]),
        ):
            straight = played(environment, seats)
            actions = [step["action"] for step in straight.steps]
            at = min(2, len(actions) - 1)
            futures = [
                played(environment, seats, [part(seats, actions[:at], number)]) for number in (1, 1, 2, 3, 4, 5)
            ]
            self.assertEqual(futures[0].raw, futures[1].raw)
            self.assertGreater(len({future.raw[:-200] for future in futures[1:]}), 3)
            for future in futures:
                self.same(future.records[: at + 1], straight.records[: at + 1])
            self.assertEqual(futures[0].end["seeded"][-1], f"reseed 1 at step {at}")

    def test_nothing_random_nothing_changes_but_the_generators(self) -> None:
        straight = played(CARTPOLE, [{"seat": "agent", "kind": "actions", "actions": [0, 1, 0, 1, 0]}])
        past = [part(RECORDED, [0, 1], 9)]
        branch = played(CARTPOLE, [{"seat": "agent", "kind": "actions", "actions": [0, 1, 0]}], past)
        for own, other in zip(branch.records[:-1], straight.records[:-1]):
            self.same({**own, "hidden": 0}, {**other, "hidden": 0})
        self.assertNotEqual(branch.records[3]["hidden"], straight.records[3]["hidden"])


if __name__ == "__main__":
    unittest.main()
