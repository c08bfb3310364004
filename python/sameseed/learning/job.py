"""A piece of a training: takes the table as it stands, plays some episodes, and hands the table back.

The table comes as a file and goes out as the payload of the stream's one frame, in the same canonical form, so that the
host passes on bytes it has no need to read: `{format, episodes, rows}`, or `{format, failure}` where the opponent could
not go on. Nothing untrusted runs in this process; an opponent that is source text sits in sandboxes of its own, one for
each seat.
"""

from __future__ import annotations

from ..recording.canonical import encode
from ..recording.canonical_decode import decode
from ..recording.frames import END, HostStream
from .opponents import OpponentFailure, make_opponent
from .q_learning import Learner, Schedule
from .q_table import QTable

STREAM_FD = 3
FORMAT = 1


def run(
    *,
    seed: int,
    episodes: list[int],
    planned: int,
    alpha: list[float],
    epsilon: list[float],
    gamma: float,
    initial: float,
    opponent: dict,
    table: str | None,
    fd: int = STREAM_FD,
) -> None:
    """Plays the episodes from the first number to before the second, and writes what was learned to `fd`."""
    first, last = episodes
    values = QTable({} if table is None else _rows(table, first), float(initial))
    rival = make_opponent(opponent, opponent.get("seed", seed))
    learner = Learner(values, seed, _schedule(alpha, planned), _schedule(epsilon, planned), float(gamma), rival.cell)
    stream = HostStream(fd)
    episode = first
    try:
        rival.start()
        for episode in range(first, last):
            learner.play(episode)
        said = {"format": FORMAT, "episodes": last, "rows": values.rows}
    except OpponentFailure as failure:
        said = {"format": FORMAT, "failure": {"episode": episode, **failure.facts}}
    rival.close()
    stream.send(END, encode(said))
    stream.flush()


def _rows(path: str, episodes: int) -> dict:
    with open(path, "rb") as file:
        value = decode(file.read())
    if value["format"] != FORMAT or value["episodes"] != episodes:
        raise ValueError("the table is of another format, or not of the episodes before these")
    return value["rows"]


def _schedule(ends: list[float], planned: int) -> Schedule:
    return Schedule(float(ends[0]), float(ends[1]), planned)
