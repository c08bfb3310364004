"""Policies behind a link that break its rules; lists and replays."""

import base64
import struct
import unittest
from hashlib import sha256
from unittest import mock

import numpy as np
from sameseed.play import policy_link
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_tags import ForeignDataclass, ForeignEnum, ForeignTuple, Opaque
from support import Rollout, file_env, play

SEED = 7
NONCE = sha256(f"sameseed/link/1\0{SEED}\0agent".encode()).digest()[:8]


def frame(
    kind: int, sequence: int, payload: bytes, nonce: bytes = NONCE, length: int | None = None, pad: bytes = bytes(3)
) -> bytes:
    return struct.pack("<IB3sQ8s", len(payload) if length is None else length, kind, pad, sequence, nonce) + payload


READY = frame(2, 0, encode({}))


def action(value: object, sequence: int = 1) -> bytes:
    return frame(4, sequence, encode(value))


def against(data: bytes, environment=None) -> Rollout:
    """The rollout against a policy that says all it has to say at once and leaves when it is asked to."""

    def opponent(far):
        with far:
            try:
                far.sendall(data)
                # Whoever leaves with something unread resets the connection, so read before leaving.
                far.settimeout(0.2)
                while far.recv(1 << 16):
                    pass
            except OSError:
                pass

    return play(environment or file_env("Base"), seed=SEED, opponent=opponent)


class HostilePolicies(unittest.TestCase):
    def ended(self, data: bytes, outcome: str, kind: str, environment=None) -> dict:
        rollout = against(data, environment)
        error = rollout.end["error"]
        self.assertEqual((rollout.end["outcome"], error["type"], error["by"]), (outcome, kind, "policy"), error)
        self.assertEqual(rollout.end["totalReward"], 0.0)
        return error

    def test_a_policy_that_keeps_the_rules(self):
        rollout = against(READY + action(0) + action(np.int64(1), 2) + action(1, 3) + b"more than was asked for")
        self.assertEqual((rollout.end["outcome"], rollout.end["totalReward"]), ("terminated", 4.5))

    def test_early_ends(self):
        for data in (b"", READY[:10], READY, READY + action(0)[:20], READY + action(0)[:24]):
            self.ended(data, "policy_error", "eof")

    def test_broken_frames(self):
        payload = encode(0)
        for bad in (
            frame(4, 1, payload, nonce=bytes(8)),
            frame(4, 1, payload, length=0xFFFFFFFF),
            frame(4, 1, payload, length=65537),
            frame(4, 0, payload),
            frame(4, 2, payload),
            frame(4, 2**64 - 1, payload),
            frame(9, 1, payload),
            frame(2, 1, payload),
            frame(4, 1, payload, pad=b"\0\1\0"),
            b"garbage that is longer than a header",
            frame(5, 1, encode({"type": "E"})),
            frame(5, 1, encode([1])),
        ):
            self.ended(READY + bad, "protocol_error", "LinkError")
        self.ended(action(0), "protocol_error", "LinkError")
        self.ended(frame(2, 0, encode([])), "protocol_error", "LinkError")

    def test_broken_payloads(self):
        huge_array = bytes.fromhex("d828828102d84e5bffffffffffffffff")
        for payload in (b"", b"\xff", b"\x00\x00", b"\x18\x00", b"\x81" * 60000, huge_array, b"\x9b" + b"\xff" * 8):
            self.ended(READY + frame(4, 1, payload), "protocol_error", "DecodeError")
        self.ended(READY + frame(4, 1, b"\x81" * 33 + b"\x00"), "protocol_error", "DecodeError")

    def test_values_that_are_not_plain(self):
        array = {"data": (1 << 40, True), "shape": (1,), "typestr": "<f4", "version": 3}
        interface = ForeignDataclass("m.C", {"__array_interface__": array})
        for environment, values in (
            (file_env("Base"), (Opaque("m.C"), ForeignEnum("m.E", "A", 0), [ForeignEnum("m.E", None, 0)], {0}, (frozenset(),))),
            ({"kind": "gymnasium", "id": "Pendulum-v1"}, (interface, [interface], ForeignTuple("m.T", ("x",), [0.5]))),
            (file_env("Nested"), (dict.fromkeys("tqgxmop", interface), {"g": [interface, None, None]})),
            (file_env("Base"), ({(0,): 0}, {1 << 64: 0}, 1 << 8192, [-1 - (1 << 8192)], np.array(["a"], "U1000"))),
        ):
            for value in values:
                error = self.ended(READY + action(value), "protocol_error", "DecodeError", environment)
                self.assertLess(len(error["message"]), 200)
        said = {"type": "E", "message": "m", "traceback": "t", "more": Opaque("m.C")}
        self.ended(READY + frame(5, 1, encode(said)), "protocol_error", "DecodeError")
        for ready in (np.zeros(2), np.zeros((0, 3)), 0, {"a": 0}):
            self.ended(frame(2, 0, encode(ready)), "protocol_error", "LinkError")

    def test_twenty_bytes_of_two_gigabytes(self):
        wide = bytes.fromhex("d828 82 8101 da53530008 82 1a1fffffff 81 6161".replace(" ", ""))
        empty = bytes.fromhex("d828 82 8100 da53530008 82 1a1fffffff 80".replace(" ", ""))
        for payload in (wide, empty):
            self.ended(READY + frame(4, 1, payload), "protocol_error", "DecodeError")

    def test_whatever_decoding_raises_is_the_senders(self):
        for raised in (MemoryError, RecursionError, OverflowError, ValueError, TypeError, KeyError):
            with mock.patch.object(policy_link, "decode", side_effect=raised("own words")):
                error = self.ended(READY + action(25), "protocol_error", "DecodeError")
            self.assertEqual(error["message"], f"decoding raised {raised.__name__}")

    def test_a_stale_answer_counts_for_nothing(self):
        rollout = against(READY + action(0) + action(0))
        self.assertEqual(
            (rollout.end["outcome"], rollout.end["steps"], rollout.end["error"]["step"]), ("protocol_error", 1, 2)
        )

    def test_illegal_values(self):
        for value in (
            2,
            -1,
            2**63,
            -(2**63) - 1,
            1 << 8191,
            -(1 << 8191),
            True,
            0.0,
            float("nan"),
            None,
            "0",
            b"0",
            [],
            [0],
            {},
            {"a": 0},
            (0,),
            {0: 0},
            np.float32(0),
            np.bool_(True),
            np.array([0]),
            np.uint64(2**64 - 1),
            np.str_("0"),
            [[[[[[0]]]]]],
        ):
            error = self.ended(READY + action(value), "illegal_action", "IllegalAction")
            self.assertLess(len(error["message"]), 200)

    def test_illegal_values_for_nested_and_box_spaces(self):
        box = {"kind": "gymnasium", "id": "Pendulum-v1"}
        for value in (
            [float("nan")],
            [3.0],
            [float("inf")],
            [True],
            0.5,
            ["a"],
            [[0.5]],
            [None],
            [10**400],
            np.zeros((1, 1)),
            {},
            [0.5, [1]],
        ):
            self.ended(READY + action(value), "illegal_action", "IllegalAction", box)
        nested = file_env("Nested")
        for value in ({}, 0, {"t": 1}, dict.fromkeys("tqgxmop"), dict.fromkeys("tqgxmop", [1, 2, 3])):
            self.ended(READY + action(value), "illegal_action", "IllegalAction", nested)

    def test_errors_are_taken_as_text_and_cut(self):
        said = {"type": "T" * 1000, "message": "m" * 5000, "traceback": "t" * 30000}
        error = self.ended(READY + frame(5, 1, encode(said)), "policy_error", "T" * 200)
        self.assertEqual((len(error["message"]), len(error["traceback"])), (4096, 16384))


class ListsAndReplays(unittest.TestCase):
    def replay(self, original: Rollout, environment, policy: dict | None = None, end: dict | None = None) -> Rollout:
        actions = [step["action"] for step in original.steps]
        if "action" in original.closing:
            actions.append(original.closing["action"])
        replay = {"actions": base64.b64encode(encode(actions)).decode(), "end": end}
        return play(environment, policy, replay=replay)

    def test_replays_are_equal_to_the_byte(self):
        for environment in (
            "CartPole-v1",
            "Pendulum-v1",
            "Blackjack-v1",
            file_env("Nested"),
            file_env("Globals"),
            file_env("Raises"),
        ):
            original = play(environment)
            self.assertEqual(self.replay(original, environment).raw, original.raw, environment)

    def test_a_replay_of_a_list_does_not_sample(self):
        original = play("CartPole-v1", {"kind": "actions", "actions": [0, 1, 1]})
        self.assertEqual(self.replay(original, "CartPole-v1", {"kind": "actions", "actions": []}).raw, original.raw)
        self.assertNotEqual(self.replay(original, "CartPole-v1").raw, original.raw)

    def test_a_replay_ends_as_the_policy_ended(self):
        original = against(READY + action(0))
        end = {"outcome": original.closing["end"], "error": original.end["error"]}
        again = self.replay(original, file_env("Base"), {"kind": "none"}, end)
        self.assertEqual(again.records[-1], original.closing)
        self.assertEqual(again.end["error"], original.end["error"])

    def test_nested_actions_take_the_form_of_the_space(self):
        plain = {
            "t": [-2, [2, 3]],
            "q": [[0, 1], [0.5, 0.25]],
            "g": [np.zeros((2, 2), np.float32), None, None],
            "x": "abc",
            "m": [0, 1, 1],
            "o": [1, 0.5],
            "p": 0.25,
        }
        rollout = against(READY + action(plain) + action(plain, 2) + action(plain, 3), file_env("Nested"))
        self.assertEqual(rollout.end["outcome"], "terminated", rollout.end)
        sampled = play(file_env("Nested"))
        self.assertTrue(all(step["info"]["inside"] for step in (*rollout.steps, *sampled.steps)))
        self.assertEqual(rollout.steps[0]["info"]["kinds"], sampled.steps[0]["info"]["kinds"])


if __name__ == "__main__":
    unittest.main()
