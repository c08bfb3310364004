"""Rewards of every shape, and environments whose agents act together."""

import base64
import tempfile
import unittest

from sameseed.play.rewards import RewardSum, reward_of
from sameseed.recording.canonical import encode
from sameseed.play.seeds import role_seed
from sameseed.policy.seat_host import serve
from support import Rollout, file_env, parse, play, play_raw

PARALLEL = file_env("Together", "parallel.py")


def rewards(*values: object, flags: list | None = None) -> Rollout:
    seat = {"kind": "actions", "actions": [0] * len(values)}
    return play(file_env("Rewards", "parallel.py"), seat, env_args={"rewards": list(values), "flags": flags})


def listed(*lists: list) -> list[dict]:
    return [{"seat": str(at + 1), "kind": "actions", "actions": actions} for at, actions in enumerate(lists)]


def randoms(count: int) -> list[dict]:
    return [{"seat": str(at + 1), "kind": "builtin", "name": "random"} for at in range(count)]


def together(seats: list[dict], seed: int = 5, **arguments: object) -> Rollout:
    return parse(play_raw(PARALLEL, seats, seeds=[seed], **arguments))


class RewardShapes(unittest.TestCase):
    def test_sums_are_elementwise(self):
        for values, total in (
            (([1, 2.5], [1, -1]), [2.0, 1.5]),
            (({"array": [1.0, 2.0]}, {"array": [0.5, 0.5]}), [1.5, 2.5]),
            (({"array": [[1, 2]]}, {"array": [[3, 4]]}), [[4.0, 6.0]]),
            (({"array": [7]}, 1), 8.0),
            (({"a": 1}, {"a": 1, "b": [2]}, {"b": [3]}), {"a": 2.0, "b": [5.0]}),
        ):
            with self.subTest(values=values):
                rollout = rewards(*values)
                self.assertEqual((rollout.end["outcome"], rollout.end["totalReward"]), ("terminated", total))
                self.assertEqual(rollout.end["warnings"], [])

    def test_what_cannot_be_added_is_recorded_and_says_why(self):
        for values, why in (
            (([1, 2], [1, 2, 3]), "the reward of step 2 is of another shape than those before it"),
            ((1, [1]), "the reward of step 2 is of another kind than those before it"),
            (([1], ["high"]), "the reward of step 2 holds a value of type str"),
            (({"array": ["a"]}, 0), "the reward of step 1 is an array of str32"),
            (({"__proto__": 1}, 0), "the reward of step 1 has keys that are no names"),
            (([0] * 5000, 0), "the reward of step 1 has more than 4096 numbers"),
        ):
            with self.subTest(why=why):
                rollout = rewards(*values)
                self.assertEqual((rollout.end["outcome"], rollout.end["totalReward"]), ("terminated", None))
                self.assertEqual(rollout.end["warnings"], [f"totalReward is null: {why}"])

    def test_a_reward_that_is_none_fails(self):
        for value in ("high", None):
            end = rewards(value).end
            self.assertEqual((end["outcome"], end["error"]["type"]), ("env_error", "TypeError"))
            self.assertIn("the reward must be a number, or an array, list or dict of numbers", end["error"]["message"])

    def test_a_flag_for_each_agent(self):
        rollout = rewards([1, 1], [1, 1], [1, 1], flags=[[False, False], [True, False], [True, True]])
        self.assertEqual((rollout.end["outcome"], rollout.end["steps"]), ("terminated", 3))
        self.assertEqual(rollout.steps[1]["terminated"], [True, False])

    def test_a_sum_of_numbers_is_as_it_was(self):
        total = RewardSum()
        for step, value in enumerate((0.1, 0.2, 0.3), 1):
            total.add(step, reward_of(value))
        self.assertEqual(total.value, 0.1 + 0.2 + 0.3)


class ActingTogether(unittest.TestCase):
    def test_a_seat_for_each_agent(self):
        rollout = together(listed([0, 1, 2, 3], [3, 2]))
        self.assertEqual((rollout.end["outcome"], rollout.end["steps"]), ("terminated", 4))
        self.assertEqual(rollout.end["totalReward"], {"left": 6.0, "right": 5.0})
        self.assertEqual([step["action"] for step in rollout.steps][1:3], [{"left": 1, "right": 2}, {"left": 2}])
        self.assertEqual(rollout.steps[0]["observation"], {"left": 3, "right": 0})
        self.assertIn("action_space/right", rollout.end["seeded"])

    def test_one_seat_for_all_agents(self):
        actions = [{"right": 1, "left": 2}, {"left": 0, "right": 3}, {"left": 1}]
        rollout = together([{"seat": "agent", "kind": "actions", "actions": actions}])
        self.assertEqual(rollout.end["totalReward"], {"left": 3.0, "right": 4.0})
        one = {"seat": "agent", "kind": "builtin", "name": "random"}
        self.assertEqual(
            [step["action"] for step in together([one]).steps], [step["action"] for step in together(randoms(2)).steps]
        )
        refused = together([{"seat": "agent", "kind": "actions", "actions": [{"left": 1}]}])
        self.assertEqual(refused.end["outcome"], "illegal_action")

    def test_samples_follow_from_the_seed_and_keep_to_masks(self):
        self.assertEqual(together(randoms(2)).raw, together(randoms(2)).raw)
        played = {str([step["action"] for step in together(randoms(2), seed).steps]) for seed in range(5)}
        self.assertGreater(len(played), 3)
        for seats in (randoms(2), [{"seat": "agent", "kind": "builtin", "name": "random"}]):
            masked = together(seats, env_args={"masked": True})
            self.assertEqual(masked.end["totalReward"], {"left": 8.0, "right": 4.0})

    def test_a_policy_sees_its_own_part_alone(self):
        source = (
            "def act(observation, rng, info):\n"
            "    assert not isinstance(observation, dict) and info['agent'] == 'right', (observation, info)\n"
            "    assert info.get('told', {'told': 'right'}) == {'told': 'right'}, info\n"
            "    return 1\n"
        )
        with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
            file.write(source)
            file.flush()

            def opponent(far):
                serve(seed=role_seed("2", 5), fd=far.detach(), path=file.name, seat="2", mode="keep", move_us=0)

            seats = [*listed([0, 0, 0, 0]), {"seat": "2"}]
            rollout = parse(play_raw(PARALLEL, seats, seeds=[5], opponents={"2": opponent}))
        self.assertEqual((rollout.end["outcome"], rollout.end["totalReward"]), ("terminated", {"left": 0.0, "right": 2.0}))

    def test_a_replay_gives_the_same_records(self):
        for seats in (randoms(2), listed([0, 1, 2, 3], [3, 2]), listed([0, 1, 2, 3], [3, 9]), listed([0], [1])):
            recorded = together(seats)
            actions = [step["action"] for step in recorded.steps]
            if "action" in recorded.closing:
                actions.append(recorded.closing["action"])
            replay = {"actions": base64.b64encode(encode(actions)).decode()}
            if "error" in recorded.end:
                error = {key: recorded.end["error"][key] for key in ("kind", "type", "message", "seat")}
                replay["end"] = {"outcome": recorded.end["outcome"], "error": error, "refused": "action" in recorded.closing}
            self.assertEqual(together(seats, replay=replay).records, recorded.records)

    def test_another_number_of_policies_is_refused(self):
        end = together(listed([0], [0], [0])).end
        self.assertEqual(end["error"]["kind"], "unknown_environment")
        self.assertIn("2 agents (left, right), and 3 policies were given", end["error"]["message"])


if __name__ == "__main__":
    unittest.main()
