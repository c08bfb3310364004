"""Tic-tac-toe, the built-in policies, and the referee of games."""

import random
import unittest

from game_support import builtin, play, play_raw, split
from sameseed.play.builtin_environments import load
from sameseed.play.seeds import role_seed
from sameseed.play.sampling import pick
from support import parse

tictactoe = load("tictactoe")
TicTacToe, LINES = tictactoe.Environment, tictactoe.LINES
choose_greedy, choose_minimax = tictactoe.choose_greedy, tictactoe.choose_minimax


def choose_random(board: list, player: str, legal: list, rng: random.Random) -> int:
    return pick(legal, rng)


class Rules(unittest.TestCase):
    def test_every_position(self) -> None:
        seen: dict[str, bool] = {}
        games = {"X": 0, "O": 0, "draw": 0}
        counts: dict[str, dict] = {}

        def walk(moves: list[int]) -> dict:
            env = TicTacToe()
            for move in moves:
                env.step(move)
            key = "".join(mark or "." for mark in env.board)
            if key in counts:
                return counts[key]
            won = [m for m in "XO" if any(all(env.board[c] == m for c in line) for line in LINES)]
            over = bool(won) or None not in env.board
            self.assertEqual(env.terminations, {"X": over, "O": over}, key)
            worth = 0 if not won else 1 if won == ["X"] else -1
            self.assertEqual(env.rewards, {"X": worth, "O": -worth}, key)
            seen[key] = over
            found = dict(games)
            if over:
                found[won[0] if won else "draw"] = 1
            else:
                self.assertEqual(env.agent_selection, "XO"[len(moves) % 2])
                for cell in env.legal_actions():
                    for result, number in walk([*moves, cell]).items():
                        found[result] += number
            counts[key] = found
            return found

        self.assertEqual(walk([]), {"X": 131184, "O": 77904, "draw": 46080})
        self.assertEqual((len(seen), sum(seen.values())), (5478, 958))

    def test_refuses_what_is_no_move(self) -> None:
        env = TicTacToe()
        env.step(4)
        for move in (4, 9, -1, True, 1.0, "1", None):
            with self.assertRaises(ValueError):
                env.step(move)
        self.assertEqual(env.board.count(None), 8)

    def test_is_an_aec_environment(self) -> None:
        env = TicTacToe()
        env.reset(seed=1)
        while env.agents:
            seen, reward, over, cut, info = env.last()
            env.step(None if over or cut else seen["board"].index(None))
        self.assertEqual(env.rewards, {"X": 1, "O": -1})


class Builtins(unittest.TestCase):
    def moves(self, choose, board: str, player: str) -> set[int]:
        cells = [None if mark == "." else mark for mark in board]
        legal = [cell for cell, mark in enumerate(cells) if mark is None]
        rng = random.Random(1)
        return {choose(cells, player, legal, rng) for _ in range(200)}

    def test_choices(self) -> None:
        self.assertEqual(self.moves(choose_random, "XO.......", "X"), set(range(2, 9)))
        self.assertEqual(self.moves(choose_greedy, "XX.OO....", "X"), {2})
        self.assertEqual(self.moves(choose_greedy, "XX.O.....", "O"), {2})
        self.assertEqual(self.moves(choose_greedy, "X........", "O"), set(range(1, 9)))
        self.assertEqual(self.moves(choose_greedy, "XX.X.....", "O"), {2, 6})
        self.assertEqual(self.moves(choose_minimax, ".........", "X"), set(range(9)))
        self.assertEqual(self.moves(choose_minimax, "X........", "O"), {4})

    def test_minimax_never_loses(self) -> None:
        seats = [builtin("X", "minimax"), builtin("O", "random")]
        for order in (seats, [builtin("X", "random"), builtin("O", "minimax")]):
            raw = play_raw([dict(seat) for seat in order], list(range(200)))
            ours = 1 if order is seats else -1
            self.assertGreaterEqual(min(ours * parse(game).end["totalReward"] for game in split(raw)), 0)


class Games(unittest.TestCase):
    def test_records(self) -> None:
        game = play([builtin("X", "random"), builtin("O", "greedy")])
        self.assertEqual(game.records[0]["observation"], {"board": [None] * 9, "player": "X"})
        self.assertEqual([step["info"].get("agent") for step in game.steps[:2]], ["O", "X"])
        self.assertEqual(game.steps[-1]["info"], {})
        self.assertEqual(game.closing["end"], "terminated")
        self.assertEqual(game.end["totalReward"], sum(step["reward"] for step in game.steps))
        self.assertTrue(all(type(step["reward"]) is float for step in game.steps))
        self.assertTrue(all(record["hidden"] == {} for record in game.records))

    def test_alone_as_in_a_batch(self) -> None:
        seats = [builtin("X", "greedy"), builtin("O", "random")]
        seeds = [3, 1, 4, 1 << 52, 5]
        together = split(play_raw([dict(seat) for seat in seats], seeds))
        self.assertEqual(together, [play_raw([dict(seat) for seat in seats], [seed]) for seed in seeds])
        self.assertEqual(len(set(together)), len(seeds))

    def test_each_seat_has_its_own_stream(self) -> None:
        first = [
            [step["action"] for step in play([builtin("X", "random"), builtin("O", name)], seed).steps][0]
            for seed in range(20)
            for name in ("random", "minimax")
        ]
        self.assertEqual(first[::2], first[1::2])
        self.assertGreater(len(set(first)), 3)
        roles = {role_seed(role, 7) for role in ("agent", "X", "O", "policy", "action_space/X")}
        self.assertEqual(len(roles), 5)

    def test_decided_moves_run_out(self) -> None:
        game = play([{"seat": "X", "kind": "actions", "actions": [0, 1]}, builtin("O", "minimax")])
        self.assertEqual((game.end["outcome"], game.end["steps"]), ("truncated", 4))

    def test_illegal_moves_and_empty_seats(self) -> None:
        for action in (9, -1, True, 1.5, "4", None, [4], 10**400):
            game = play([{"seat": "X", "kind": "actions", "actions": [action]}, builtin("O", "random")])
            self.assertEqual((game.end["outcome"], game.end["error"]["seat"]), ("illegal_action", "X"), action)
            self.assertEqual(game.closing["error"]["seat"], "X")
            self.assertEqual(game.closing["action"], action)
        game = play([builtin("X", "random"), {"seat": "O", "kind": "none"}])
        self.assertEqual((game.end["error"]["kind"], game.end["error"]["seat"]), ("no_policy", "O"))

    def test_what_does_not_exist(self) -> None:
        for ref in ({"kind": "builtin", "id": "tictactoo"}, {"kind": "pettingzoo", "id": "x"}):
            game = play([builtin("X", "random"), builtin("O", "random")], environment=ref)
            self.assertEqual(game.end["error"]["kind"], "unknown_environment")
        self.assertIn("2 seats", play([builtin("X", "random")]).end["error"]["message"])


if __name__ == "__main__":
    unittest.main()
