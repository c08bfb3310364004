"""Connect four: its rules, and its built-in policy."""

import random
import unittest

from game_support import builtin, play, play_raw, split
from sameseed.play.builtin_environments import known, load
from support import parse

four = load("connect_four")
GAME = {"kind": "builtin", "id": "connect_four"}


def after(columns: list[int]) -> "four.Environment":
    env = four.Environment()
    for column in columns:
        env.step(column)
    return env


class Rules(unittest.TestCase):
    def test_lines(self) -> None:
        self.assertEqual(len(four.LINES), 69)
        self.assertTrue(all(len(set(line)) == 4 for line in four.LINES))

    def test_marks_fall(self) -> None:
        env = after([3, 3, 3])
        self.assertEqual([env.board[cell] for cell in (38, 31, 24, 17)], ["X", "O", "X", None])
        self.assertEqual(env.agent_selection, "O")

    def test_wins_in_all_four_directions(self) -> None:
        for columns in ([0, 0, 1, 1, 2, 2, 3], [0, 1, 0, 1, 0, 1, 0], [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3]):
            for mirrored in (False, True):
                moves = [6 - column for column in columns] if mirrored else columns
                env = after(moves)
                self.assertEqual(env.rewards, {"X": 1, "O": -1}, moves)
                self.assertEqual(env.terminations, {"X": True, "O": True})
                self.assertFalse(any(after(moves[:-1]).terminations.values()))

    def test_a_full_board_is_a_draw(self) -> None:
        # Pairs of columns filled so that no four are in line.
        env = four.Environment()
        for pair in ((0, 2), (1, 3), (4, 6)):
            for _ in range(3):
                for column in (*pair, *pair[::-1]):
                    env.step(column)
        while not env.terminations["X"]:
            env.step(5)
        self.assertNotIn(None, env.board)
        self.assertEqual(env.legal_actions(), [])
        self.assertEqual(env.rewards, {"X": 0, "O": 0})

    def test_every_mark_that_wins_completes_a_line(self) -> None:
        rng = random.Random(5)
        for _ in range(300):
            env = four.Environment()
            while not env.terminations["X"]:
                env.step(rng.choice(env.legal_actions()))
            won = {m for m in "XO" if any(all(env.board[c] == m for c in line) for line in four.LINES)}
            expected = {1: {"X"}, -1: {"O"}, 0: set()}[env.rewards["X"]]
            self.assertEqual(won, expected, env.board)

    def test_refuses_what_is_no_move(self) -> None:
        env = after([0] * 6)
        for move in (0, 7, -1, True, 1.0, "1", None):
            with self.assertRaises(ValueError):
                env.step(move)


class Games(unittest.TestCase):
    def test_greedy_wins_and_blocks(self) -> None:
        board = after([3, 0, 3, 0, 3, 0]).board
        rng = random.Random(1)
        self.assertEqual({four.choose_greedy(board, "X", list(range(7)), rng) for _ in range(50)}, {3})
        self.assertEqual({four.choose_greedy(board, "O", list(range(7)), rng) for _ in range(50)}, {0})
        board = after([3, 0, 3, 1, 3]).board
        self.assertEqual({four.choose_greedy(board, "O", list(range(7)), rng) for _ in range(50)}, {3})

    def test_greedy_beats_random(self) -> None:
        raw = play_raw([builtin("X", "greedy"), builtin("O", "random")], list(range(60)), GAME)
        self.assertGreater(sum(parse(game).end["totalReward"] for game in split(raw)), 40)

    def test_alone_as_in_a_batch(self) -> None:
        seats = [builtin("X", "greedy"), builtin("O", "random")]
        seeds = [3, 1, 1 << 52]
        together = split(play_raw(seats, seeds, GAME))
        self.assertEqual(together, [play_raw(seats, [seed], GAME) for seed in seeds])
        self.assertEqual(play(seats, 3, environment=GAME).records[0]["observation"]["player"], "X")

    def test_a_full_column_is_illegal(self) -> None:
        columns = {"seat": "X", "kind": "actions", "actions": [0] * 4}, {"seat": "O", "kind": "actions", "actions": [0] * 4}
        end = play(list(columns), environment=GAME).end
        self.assertEqual((end["outcome"], end["steps"], end["error"]["seat"]), ("illegal_action", 6, "X"))


class Declared(unittest.TestCase):
    def test_every_environment_is_what_its_declaration_says(self) -> None:
        self.assertIn("tictactoe", known())
        for name in known():
            module = load(name)
            self.assertEqual(list(module.Environment.possible_agents), module.GAME["seats"], name)
            self.assertEqual(sorted(module.POLICIES), sorted(module.GAME["policies"]), name)


if __name__ == "__main__":
    unittest.main()
