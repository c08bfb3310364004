"""Environments that speak OpenEnv's protocol, each with one fault: what graders must find. One program serves all, by path.

Before the name of a fault, `one_session_` allows one session at a time; `one_session` alone is no fault.
"""

import json
import random
import sys
import threading
import time
from http import HTTPStatus

from websockets.sync.server import serve

SCHEMA = {
    "action": {"type": "object", "properties": {"action": {"type": "integer", "minimum": 0, "maximum": 3}}},
    "observation": {"type": "object"},
    "state": {"type": "object"},
}
shared = {"steps": 0, "open": 0}
entering = threading.Lock()


class Game:
    """A walk whose steps are drawn from the seed."""

    def __init__(self, fault):
        self.fault, self.left_over = fault, 0
        self.random, self.at, self.steps, self.episode, self.seed = random.Random(0), 0.0, 0, None, None

    def reset(self, data):
        self.seed = data.get("seed")
        self.random = random.Random(0 if self.fault == "nothing_random" else self.seed)
        if self.fault == "ignores_seed":
            self.random = random.Random()
        if self.fault == "one_seed" and self.seed is not None:
            self.random = random.Random(0)
        self.at, self.steps, self.episode = self.random.random(), 0, data.get("episode_id")
        if self.fault == "remembers":
            self.at += self.left_over
        if self.fault == "runs_unwalled" and "env" in data:
            return self.run(data)
        return self.told(None, False)

    def run(self, data):
        """Runs an environment's text as this very process: only what it reaches is asked."""
        source = data["env"]["source"].split("import gymnasium")[0]
        names = {}
        exec(source, names)
        bait = data["envArgs"]["bait"]
        info = {"reached": names["reached"](bait), "heard": bait["word"]}
        return {"observation": {"info": info}, "reward": None, "done": False}

    def step(self, data):
        self.steps += 1
        self.left_over += 1
        shared["steps"] += 1
        move = self.random.random() + data["action"]
        if self.fault == "shares":
            # What another session does is seen here.
            move += shared["steps"] * (shared["open"] > 1)
        self.at += move
        reward = move
        if self.fault == "judges_by_load" and shared["open"] > 1:
            reward += 1e-9
        if self.fault == "clock" and self.steps == 3:
            self.at = time.time()
        return self.told(reward, False)

    def told(self, reward, done):
        return {"observation": {"at": self.at}, "reward": reward, "done": done}

    def state(self):
        return {"episode_id": self.episode, "step_count": self.steps}


def enter(at_most):
    """Whether there was room for a session."""
    with entering:
        if shared["open"] >= at_most:
            return False
        shared["open"] += 1
        return True


def leave():
    with entering:
        shared["open"] -= 1


def refuse(connection):
    """As OpenEnv's server, which reads nothing before it says so and ends the connection."""
    told = {"message": "full", "code": "CAPACITY_REACHED", "active_sessions": 1, "max_sessions": 1}
    connection.send(json.dumps({"type": "error", "data": told}))


def play(connection):
    game = Game(connection.request.path.split("/")[1])
    alone = game.fault.startswith("one_session")
    game.fault = game.fault.removeprefix("one_session_")
    if not enter(1 if alone else 1000):
        return refuse(connection)
    try:
        for message in connection:
            asked = json.loads(message)
            kind, data = asked["type"], asked.get("data", {})
            if kind == "close":
                return
            told = game.state() if kind == "state" else getattr(game, kind)(data)
            connection.send(json.dumps({"type": "state" if kind == "state" else "observation", "data": told}))
    finally:
        # A session that is one of one is destroyed when its connection is gone already, as OpenEnv's.
        threading.Timer(0.05, leave).start() if alone else leave()


def answer_http(connection, request):
    if request.path.endswith("/schema"):
        response = connection.respond(HTTPStatus.OK, json.dumps(SCHEMA))
        response.headers["Content-Type"] = "application/json"
        return response
    return None


if __name__ == "__main__":
    with serve(play, "127.0.0.1", 0, process_request=answer_http) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.socket.getsockname()[1], flush=True)
        sys.stdin.read()
