"""Q-learning of tic-tac-toe: its arithmetic, its forms, and that it makes no difference how its episodes are cut."""

import random
import unittest

from sameseed.play.builtin_environments import load
from sameseed.learning.q_learning import Learner, Schedule, episode_stream
from sameseed.learning.q_table import TURNS, QTable, best_value, board_text, free_cells


LINES = load("tictactoe").LINES


def learner(table: QTable, *, epsilon: float = 0.3, opponent=None, alpha: float = 0.5, gamma: float = 1.0) -> Learner:
    return Learner(table, 7, Schedule(alpha, alpha, 200), Schedule(epsilon, epsilon, 200), gamma, opponent)


def drawing(board: list, mark: str, legal: list, rng: random.Random) -> int:
    return legal[int(rng.random() * len(legal))]


def lowest(board: list, mark: str, legal: list, rng: random.Random) -> int:
    return legal[0]


def highest(board: list, mark: str, legal: list, rng: random.Random) -> int:
    return legal[-1]


class Arithmetic(unittest.TestCase):
    def values(self, opponent, episodes: tuple[int, ...], gamma: float = 1.0) -> tuple[set[int], list[float]]:
        """The results of greedy episodes, and all values that are not 0 afterwards, sorted."""
        table = QTable({}, 0.0)
        greedy = learner(table, epsilon=0.0, opponent=opponent, gamma=gamma)
        results = {greedy.play(episode) for episode in episodes}
        return results, sorted(value for row in table.rows.values() for value in row if value)

    def test_the_result_travels_back_one_own_move_an_episode(self):
        # Each greedy episode repeats the one before, since what won is now worth more than 0.
        self.assertEqual(self.values(highest, (0,)), ({1}, [0.5]))
        # The last move: half of the way to 1 each time. The one before: half of the way to γ times what the last was
        # worth when it was looked at. And the one before that.
        self.assertEqual(self.values(highest, (0, 2), 0.5), ({1}, [0.5 * 0.5 * 0.5, 0.75]))
        second = 0.5 * (0.125 + 0.5 * 0.75)
        self.assertEqual(self.values(highest, (0, 2, 4), 0.5), ({1}, [0.5 * 0.5 * 0.125, second, 0.875]))

    def test_a_loss_is_minus_one_for_the_loser(self):
        results, values = self.values(lowest, (1,))
        self.assertEqual((results, values), ({1}, [-0.5]))

    def test_self_play_tells_both_seats(self):
        results, values = self.values(None, (0,))
        self.assertEqual((results, values), ({1}, [-0.5, 0.5]))

    def test_a_schedule_goes_straight_from_first_to_last(self):
        schedule = Schedule(0.5, 0.25, 4)
        self.assertEqual([schedule.at(episode) for episode in range(5)], [0.5, 0.4375, 0.375, 0.3125, 0.25])


class Pieces(unittest.TestCase):
    def rows(self, cuts, opponent=None):
        """Learned in pieces, each with a learner and a table object of its own."""
        rows = {}
        for first, last in zip(cuts, cuts[1:]):
            copied = {form: list(row) for form, row in sorted(rows.items())}
            table = QTable(copied, 0.0)
            piece = learner(table, opponent=opponent)
            for episode in range(first, last):
                piece.play(episode)
            rows = table.rows
        return rows

    def test_cuts_make_no_difference(self):
        for opponent in (None, drawing):
            whole = self.rows([0, 200], opponent)
            self.assertEqual(self.rows([0, 1, 77, 200], opponent), whole)
            self.assertGreater(len(whole), 100)
            self.assertNotEqual(self.rows([0, 199], opponent), whole)

    def test_streams_are_of_role_seed_and_episode(self):
        drawn = {episode_stream(*key).random() for key in (("a", 1, 0), ("b", 1, 0), ("a", 2, 0), ("a", 1, 1))}
        self.assertEqual(len(drawn), 4)
        self.assertEqual(episode_stream("a", 1, 0).random(), episode_stream("a", 1, 0).random())

    def test_against_a_policy_one_seat_learns(self):
        for episode, parity in ((0, 0), (1, 1)):
            table = QTable({}, 0.0)
            learner(table, opponent=drawing).play(episode)
            marks = {(9 - form.count(".")) % 2 for form in table.rows}
            self.assertEqual(marks, {parity})


class Forms(unittest.TestCase):
    def test_eight_boards_have_one_form(self):
        table = QTable({}, 0.0)
        board = "XO..X...."
        images = {"".join(board[cell] for cell in turn) for turn in TURNS}
        self.assertEqual(len(images), 8)
        self.assertEqual({table.form(image)[0] for image in images}, {min(images)})
        for image in images:
            form, origin = table.form(image)
            self.assertEqual("".join(image[cell] for cell in origin), form)

    def test_turns_keep_lines(self):
        for turn in TURNS:
            moved = {tuple(sorted(turn[cell] for cell in line)) for line in LINES}
            self.assertEqual(moved, {tuple(sorted(line)) for line in LINES})

    def test_rows_and_texts(self):
        row = QTable({}, 0.25).row("XO.......")
        self.assertEqual((row[:3], best_value(row)), ([None, None, 0.25], 0.25))
        self.assertEqual(board_text(["X", None, "O"] + [None] * 6), "X.O......")
        self.assertEqual(free_cells("X.O......"), [1, 3, 4, 5, 6, 7, 8])


if __name__ == "__main__":
    unittest.main()
