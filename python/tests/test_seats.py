"""Links between the referee and seats that keep or break their rules, and what hosts a seat's policy."""

import os
import socket
import struct
import time
import unittest
from hashlib import sha256

from game_support import Opponent, answering, builtin, hear_out, play
from sameseed.policy import seat_host
from sameseed.recording.canonical import encode
from sameseed.recording.canonical_decode import decode
from sameseed.recording.frames import ACTION, ERROR, HELLO, MAX_TO_POLICY, MAX_TO_REFEREE, READY, STEP, Link, LinkClosed
from sameseed.play.policy_link import PolicyLink
from support import Rollout, _above_three, fork


def game_nonce(seat: str) -> bytes:
    return sha256(f"sameseed/link/1\0{7}\0{seat}".encode()).digest()[:8]


class Links(unittest.TestCase):
    def against(self, opponent: Opponent, **more) -> Rollout:
        return play([builtin("X", "random"), {"seat": "O"}], opponents={"O": opponent}, **more)

    def test_two_seats_and_what_they_hear(self) -> None:
        told, tell = os.pipe()

        def listening(far: socket.socket) -> None:
            link = Link(far.detach(), MAX_TO_POLICY, MAX_TO_REFEREE)
            link.receive((HELLO,), 0)
            link.send(READY, 0, encode({}))
            heard = link.nonce
            for number, cell in enumerate((3, 4, 8), 1):
                _, payload = link.receive((STEP,), number)
                heard += payload
                link.send(ACTION, number, encode(cell))
            os.write(tell, heard)

        game = play([{"seat": "X"}, {"seat": "O"}], opponents={"X": answering([0, 1, 5, 2]), "O": listening})
        os.close(tell)
        heard = os.read(told, 1 << 16)
        os.close(told)
        self.assertEqual([step["action"] for step in game.steps], [0, 3, 1, 4, 5, 8, 2])
        self.assertEqual(game.end["totalReward"], 1.0)
        # What a seat is sent is what is recorded, as it is recorded.
        seen = [{"info": game.steps[k]["info"], "observation": game.steps[k]["observation"]} for k in (0, 2, 4)]
        self.assertEqual(heard[8:], b"".join(map(encode, seen)))
        for record in map(encode, seen):
            self.assertIn(record[record.index(b"observation") :], game.raw)
        self.assertNotEqual(heard[:8], bytes(8))

    def test_links_have_nonces_of_their_own(self) -> None:
        nonces = []
        for seat in "XO":
            near, far = socket.socketpair()
            with near, far:
                PolicyLink(os.dup(near.fileno()), seed=7, seat=seat, at=0, wall_ms=1000, answer_ms=None)
                nonces.append(far.recv(1 << 10)[16:24])
        self.assertNotEqual(*nonces)

    def test_a_silent_seat_loses_alone(self) -> None:
        game = self.against(hear_out, wall_ms=100)
        self.assertEqual((game.end["outcome"], game.end["error"]["seat"]), ("wall_limit", "O"))

    def test_time_is_charged_to_who_uses_it(self) -> None:
        """X thinks at once, O a while each time; O loses by all its answers, though no single one is late."""

        def slow(far: socket.socket) -> None:
            link = Link(far.detach(), MAX_TO_POLICY, MAX_TO_REFEREE)
            link.receive((HELLO,), 0)
            link.send(READY, 0, encode({}))
            try:
                for number, cell in enumerate((1, 5, 6, 8), 1):
                    link.receive((STEP,), number)
                    time.sleep(0.15)
                    link.send(ACTION, number, encode(cell))
            except LinkClosed:
                pass

        seats = [{"seat": "X"}, {"seat": "O"}]
        opponents = {"X": answering([0, 2, 4, 3, 7]), "O": slow}
        game = play([dict(seat) for seat in seats], opponents=opponents, wall_ms=400, answer_ms=300)
        self.assertEqual((game.end["outcome"], game.end["error"]["seat"]), ("wall_limit", "O"))
        self.assertIn("400 ms for all", game.end["error"]["message"])
        self.assertEqual(game.end["steps"], 5)
        self.assertEqual(play([dict(seat) for seat in seats], opponents=opponents).end["outcome"], "terminated")

    def test_a_seat_that_answers_byte_by_byte_has_no_more_time(self) -> None:
        def trickling(far: socket.socket) -> None:
            try:
                for byte in struct.pack("<IB3sQ8s", 1, READY, bytes(3), 0, game_nonce("O")) + b"\xa0":
                    time.sleep(0.05)
                    far.send(bytes((byte,)))
            except OSError:
                pass

        began = time.monotonic()
        game = self.against(trickling, answer_ms=200)
        self.assertEqual((game.end["outcome"], game.end["error"]["kind"]), ("wall_limit", "limit"))
        self.assertIn("200 ms for one answer", game.end["error"]["message"])
        self.assertLess(time.monotonic() - began, 4)

    def test_kinds_of_failure_are_the_referees_to_say(self) -> None:
        def saying(sequence: int, **said: object) -> Opponent:
            def serve(far: socket.socket) -> None:
                link = Link(far.detach(), MAX_TO_POLICY, MAX_TO_REFEREE)
                link.receive((HELLO,), 0)
                if sequence:
                    link.send(READY, 0, encode({}))
                    link.receive((STEP,), 1)
                link.send(ERROR, sequence, encode({"type": "BadPolicy", "message": "m", "traceback": "t", **said}))
                hear_out(socket.socket(fileno=os.dup(link.fd)))

            return serve

        for sequence, kind, taken in (
            (0, "bad_policy", "bad_policy"),
            (0, "raised", "raised"),
            (0, "no_policy", "raised"),
            (0, "illegal_action", "raised"),
            (1, "bad_policy", "raised"),
            (1, "unknown_environment", "raised"),
            (1, "limit", "raised"),
            (1, ["bad_policy"], "raised"),
            (1, "illegal_action", "illegal_action"),
        ):
            error = self.against(saying(sequence, kind=kind)).end["error"]
            self.assertEqual((error["kind"], error["by"], error["seat"]), (taken, "policy", "O"), (sequence, kind))
        self.assertEqual(self.against(saying(1)).end["error"]["kind"], "raised")

    def test_a_seat_that_leaves(self) -> None:
        game = self.against(lambda far: far.close())
        self.assertEqual((game.end["error"]["kind"], game.end["error"]["seat"]), ("silent", "O"))
        self.assertEqual(game.end["steps"], 0)

    def test_forged_frames(self) -> None:
        def with_nonce(nonce: bytes) -> Opponent:
            def serve(far: socket.socket) -> None:
                far.recv(1 << 10)
                far.sendall(struct.pack("<IB3sQ8s", 1, READY, bytes(3), 0, nonce) + b"\xa0")
                hear_out(far)

            return serve

        other = game_nonce("X")
        for nonce in (bytes(8), other):
            game = self.against(with_nonce(nonce))
            self.assertEqual((game.end["outcome"], game.end["error"]["seat"]), ("protocol_error", "O"))
        self.assertEqual(self.against(with_nonce(game_nonce("O")), wall_ms=200).end["outcome"], "wall_limit")

    def test_an_answer_that_is_no_action(self) -> None:
        for cells, outcome in (([99], "illegal_action"), ([True], "illegal_action"), ([{"a": 1}], "illegal_action")):
            self.assertEqual(self.against(answering(cells)).end["outcome"], outcome)


class Hosts(unittest.TestCase):
    def answer(self, source: str, **more) -> list[tuple[int, object]]:
        """What a seat's host says to one question."""
        path = f"/tmp/seat_{os.getpid()}_{abs(hash(source))}.py"
        with open(path, "w") as file:
            file.write(source)
        near, far = map(_above_three, socket.socketpair())
        arguments = {"seed": 1, "path": path, "seat": "O", "mode": "keep", "move_us": 0} | more

        def host() -> None:
            near.close()
            seat_host.serve(fd=far.fileno(), **arguments)

        child = fork(host)
        far.close()
        link = Link(near.detach(), MAX_TO_REFEREE, MAX_TO_POLICY, bytes(range(8)))
        link.send(HELLO, 0, encode({"format": 1}))
        question = {"info": {"agent": "O"}, "observation": {"board": ["X"] + [None] * 8, "player": "O"}}
        link.send(STEP, 1, encode(question))
        said = []
        for number in range(2):
            try:
                kind, payload = link.receive((READY, ACTION, 5), number)
            except LinkClosed:
                break
            said.append((kind, decode(payload)))
            if kind == 5:
                break
        link.close()
        os.waitpid(child, 0)
        os.unlink(path)
        return said

    def test_the_two_forms_of_a_policy(self) -> None:
        by_board = "def choose_action(board, player, rng):\n return board.index(None) if player == 'O' else 9"
        self.assertEqual(self.answer(by_board), [(READY, {}), (ACTION, 1)])
        by_view = "def act(observation, rng, info):\n return [info['agent'], observation['board'][0]]"
        self.assertEqual(self.answer(by_view), [(READY, {}), (ACTION, ["O", "X"])])
        self.assertEqual(self.answer("def act(observation, rng): return 3"), [(READY, {}), (ACTION, 3)])
        with_init = "def init(seat, rng):\n global s\n s = seat, rng\ndef choose_action(b, p, r): return [s[0], s[1] is r]"
        self.assertEqual(self.answer(with_init)[1], (ACTION, ["O", True]))

    def test_what_is_no_policy(self) -> None:
        borrowed = "from sameseed.policy.load_policy import BadPolicy\n"
        for source, kind in (
            ("def (", "bad_policy"),
            ("x = 1", "bad_policy"),
            ("raise ValueError('no')", "raised"),
            ("eval('1 +')", "raised"),
            (borrowed + "raise BadPolicy('not I')", "raised"),
            (borrowed + "def init(seat, rng): raise BadPolicy('not I')\ndef act(o, r): return 0", "raised"),
        ):
            said = self.answer(source)
            self.assertEqual([(number, value["kind"]) for number, value in said], [(5, kind)])

    def test_objects_are_no_actions(self) -> None:
        lying = "class L(int):\n __eq__ = lambda s, o: True\n __hash__ = None\ndef choose_action(b, p, r): return L(4)"
        self.assertEqual(self.answer(lying)[1][1]["kind"], "illegal_action")

    def test_only_a_first_process_may_restart(self) -> None:
        self.assertNotEqual(os.getpid(), 1)
        self.assertEqual(self.answer("def act(o, r): return 1", mode="restart"), [])


if __name__ == "__main__":
    unittest.main()
