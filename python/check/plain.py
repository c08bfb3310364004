"""Plays an environment as anybody would without Sameseed: in an interpreter of its own, with Gymnasium's interface alone.

`sameseed check` sends this file into a sandbox of the host's world, where a new interpreter runs it. Sameseed's package
makes the environment from its name and encodes what is compared; seeds, steps and clock are this file's.

The task is JSON in TASK. Each line of the answer is a JSON object.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from hashlib import sha256

sys.path.insert(0, "/opt/sameseed")

from sameseed.play.environment import from_file, from_gymnasium, unwrap  # noqa: E402
from sameseed.policy.source_files import enter_folder  # noqa: E402
from sameseed.recording.canonical import encode  # noqa: E402

try:
    from sameseed.play.shipped_environments import PREFIX, shipped  # noqa: E402
except ImportError:  # an image from before there were any
    PREFIX, shipped = "\0", None

_STYLE = re.compile(r"\x1b\[[0-9;]*m")
_DIGEST_DIGITS = 16
_LEAST_SECONDS = 0.5
_MOST_ROUNDS = 1000


def make(task: dict) -> object:
    ref = task["environment"]
    if task["folder"] is not None:
        enter_folder(task["folder"])
    if ref["kind"] == "file":
        return from_file(ref["path"], ref["class"], task["envArgs"])
    if ref["id"].startswith(PREFIX):
        return shipped(ref["id"], task["envArgs"])
    return from_gymnasium(ref["id"], task["envArgs"])


def seed_globals(seed: int, generators: tuple[str, ...] = ("random", "numpy.random")) -> None:
    if "random" in generators:
        random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None and "numpy.random" in generators:
        numpy.random.seed([seed & 0xFFFFFFFF, seed >> 32] if seed >> 32 else seed)


def seed_spaces(env: object, seed: int) -> None:
    for name in ("action_space", "observation_space"):
        space = getattr(env, name, None)
        if hasattr(space, "seed"):
            space.seed(seed)


def episode(env: object, seed: int, most: int) -> Iterator[dict]:
    """What each step gave, the reset first; the actions are the action space's own."""
    observation, info = env.reset(seed=seed)
    yield {"observation": observation, "info": info}
    for _ in range(most):
        action = env.action_space.sample()
        # Before the environment can change it.
        taken = encode(action)
        observation, reward, terminated, truncated, info = env.step(action)
        yield {
            "action": taken,
            "observation": observation,
            "reward": reward,
            "terminated": terminated,
            "truncated": truncated,
            "info": info,
        }
        if terminated or truncated:
            return


def digest(value: object) -> str:
    data = value if type(value) is bytes else encode(value)
    return sha256(data).hexdigest()[:_DIGEST_DIGITS]


def apart(work: Callable, *args: object) -> None:
    """Does something in a copy of this process, so that nothing of it is left for what comes next."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work(*args)
            sys.stdout.flush()
            status = 0
        except BaseException as error:  # noqa: BLE001 - whatever an environment raises is the answer
            print(json.dumps({"failed": f"{type(error).__name__}: {error}"}), flush=True)
        finally:
            os._exit(status)
    os.waitpid(child, 0)


def play(task: dict, seed: int) -> None:
    """One episode with the seedings that Sameseed's documentation names; a line for each step."""
    seed_globals(seed)
    env = make(task)
    seed_spaces(env, seed)
    for step, fields in enumerate(episode(env, seed, task["maxSteps"])):
        told = {name: digest(value) for name, value in fields.items() if name not in task["leaveOut"]}
        print(json.dumps({"seed": seed, "step": step, "fields": told}))


def whole(env: object, seed: int, most: int) -> str:
    """One digest of all that an episode shows; info is left out, where packages put times and addresses."""
    seed_spaces(env, 0)
    lines = [{key: digest(value) for key, value in fields.items() if key != "info"} for fields in episode(env, seed, most)]
    return sha256(json.dumps(lines).encode()).hexdigest()


def seeding(task: dict, seed: int) -> None:
    """An episode with the same actions under another seed of the reset: twice in one environment."""
    # As chance is in a new process: nothing here but the reset is seeded, and what is asked for.
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    seed_globals(seed, tuple(task["seeded"]))
    env = make(task)
    first = whole(env, seed, task["maxSteps"])
    print(json.dumps({"seed": seed, "episode": first, "after": whole(env, seed, task["maxSteps"])}))


def speed(task: dict) -> None:
    """Episodes one after the other in one environment, for at least half a second."""
    began = time.perf_counter()
    env = make(task)
    made = time.perf_counter()
    steps, episodes = 0, 0
    seed_spaces(env, 0)
    while episodes < _MOST_ROUNDS * len(task["seeds"]):
        seed = task["seeds"][episodes % len(task["seeds"])]
        env.reset(seed=seed)
        episodes += 1
        for _ in range(task["maxSteps"]):
            _, _, terminated, truncated, _ = env.step(env.action_space.sample())
            steps += 1
            if terminated or truncated:
                break
        if time.perf_counter() - made >= _LEAST_SECONDS:
            break
    seconds = time.perf_counter() - made
    print(json.dumps({"steps": steps, "episodes": episodes, "seconds": seconds, "makeSeconds": made - began}))


def checker(task: dict) -> None:
    """Gymnasium's own `check_env`, and every warning it gave."""
    try:
        import gymnasium
        from gymnasium.utils.env_checker import check_env
    except ImportError:
        print(json.dumps({"skipped": "the image has no gymnasium"}))
        return
    env = unwrap(make(task))
    if not isinstance(env, gymnasium.Env):
        print(json.dumps({"skipped": "the environment is no gymnasium.Env"}))
        return
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            check_env(env, skip_render_check=True)
        except Exception as raised:  # noqa: BLE001 - assertions and whatever the environment raises
            error = f"{type(raised).__name__}: {raised}"
    told = dict.fromkeys(_STYLE.sub("", str(each.message)).strip() for each in caught)
    print(json.dumps({"error": error, "warnings": list(told), "version": gymnasium.__version__}))


def main() -> None:
    task = json.loads(os.environ["TASK"])
    work = task["work"]
    if work == "play":
        for seed in task["seeds"]:
            apart(play, task, seed)
    elif work == "seeding":
        for seed in task["seeds"]:
            # Twice, in a process of its own each.
            apart(seeding, task, seed)
            apart(seeding, task, seed)
    elif work == "speed":
        apart(speed, task)
    else:
        apart(checker, task)


main()
