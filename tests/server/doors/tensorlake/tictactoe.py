"""Tic-tac-toe with the package as its users write it: policies as text, a sandbox for each seed, and one that stays for play."""

import json
import statistics
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from tensorlake.sandbox import Sandbox

POLICIES = {
    "random": """
def choose_action(board, player, rng):
    return rng.choice([i for i, mark in enumerate(board) if mark is None])
""",
    "greedy": """
LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]

def choose_action(board, player, rng):
    legal = [i for i, mark in enumerate(board) if mark is None]
    for mark in (player, "O" if player == "X" else "X"):
        for i in legal:
            if any(i in line and [board[j] for j in line if j != i] == [mark, mark] for line in LINES):
                return i
    return rng.choice(legal)
""",
}

GAME = """
import json, random, sys
sys.path.insert(0, "/tmp")
import policy_x, policy_o
LINES = [(0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6)]
seed, games = int(sys.argv[1]), int(sys.argv[2])
rng = random.Random(seed)
outcomes, moves = [], 0
for _ in range(games):
    board, player, winner = [None] * 9, "X", None
    while winner is None and None in board:
        policy = policy_x if player == "X" else policy_o
        board[policy.choose_action(board[:], player, rng)] = player
        moves += 1
        if any(all(board[i] == player for i in line) for line in LINES):
            winner = player
        player = "O" if player == "X" else "X"
    outcomes.append({"X": 1, "O": -1, None: 0}[winner])
print(json.dumps({"outcomes": outcomes, "moves": moves}))
"""

REFEREE = """
import json, random, sys
sys.path.insert(0, "/tmp")
import policy_o
rng = random.Random(7)
for line in sys.stdin:
    board = json.loads(line)
    print(policy_o.choose_action(board, "O", rng), flush=True)
"""


@dataclass
class TttConfig:
    seed: int
    policy_x: str
    policy_o: str
    n_games: int = 20


@dataclass
class RolloutResult:
    seed: int
    total_reward: float
    steps: int
    trajectory: list[dict] = field(default_factory=list)


def run_ttt_batch(config: TttConfig) -> RolloutResult:
    with Sandbox.create(timeout_secs=120, allow_internet_access=False) as sandbox:
        sandbox.write_file("/tmp/policy_x.py", POLICIES[config.policy_x].encode())
        sandbox.write_file("/tmp/policy_o.py", POLICIES[config.policy_o].encode())
        sandbox.write_file("/tmp/game.py", GAME.encode())
        result = sandbox.run("python3", ["/tmp/game.py", str(config.seed), str(config.n_games)], timeout=60)
    if result.exit_code != 0:
        raise RuntimeError(result.stderr)
    told = json.loads(result.stdout)
    trajectory = [{"game": n, "outcome": outcome} for n, outcome in enumerate(told["outcomes"])]
    return RolloutResult(config.seed, statistics.mean(told["outcomes"]), told["moves"], trajectory)


def evaluate_matchup(policy_x: str, policy_o: str, seeds: list[int]) -> float:
    with ThreadPoolExecutor(max_workers=4) as pool:
        futures = [pool.submit(run_ttt_batch, TttConfig(seed, policy_x, policy_o)) for seed in seeds]
        return statistics.mean(future.result().total_reward for future in as_completed(futures))


def play_against(policy: str) -> list[int]:
    """A game of several moves against one sandbox that stays."""
    sandbox = Sandbox.create(timeout_secs=300)
    try:
        sandbox.write_file("/tmp/policy_o.py", POLICIES[policy].encode())
        sandbox.write_file("/tmp/referee.py", REFEREE.encode())
        process = sandbox.start_process("python3", ["/tmp/referee.py"], stdin_mode="pipe")
        boards = [["X", "X", None] + [None] * 6, ["X", None, None, "O", "O", None, None, None, "X"]]
        for board in boards:
            sandbox.write_stdin(process.pid, (json.dumps(board) + "\n").encode())
        sandbox.close_stdin(process.pid)
        return [int(event.line) for event in sandbox.follow_stdout(process.pid)]
    finally:
        sandbox.terminate()


assert run_ttt_batch(TttConfig(1, "greedy", "random")) == run_ttt_batch(TttConfig(1, "greedy", "random"))
as_x, as_o = evaluate_matchup("greedy", "random", [1, 2]), evaluate_matchup("random", "greedy", [1, 2])
assert as_x > 0.5 > 0 > as_o, (as_x, as_o)
assert play_against("greedy") == [2, 5]
print(json.dumps([as_x, as_o]))
