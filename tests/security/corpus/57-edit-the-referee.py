# runs-as: policy
# expects: referees: 0
# expects: environments: 0
# expects: recorders: 0
# expects: end: terminated
# expects: record: as the honest policy's
# control-in-process: referees, record
# why: in the referee's own interpreter this makes a return of a billion; here it edits its own process
import builtins
import gc
import json
import random
import sys
import threading
import types

from kit import say

found = {"environments": [], "referees": [], "recorders": []}


def lie(*arguments, **options):
    raise RuntimeError("edited")


class Always(types.ModuleType):
    def __getattr__(self, name):
        return lie


def search():
    for thing in gc.get_objects():
        kind = type(thing).__name__
        if kind == "_Episode":
            found["referees"].append(thing)
        elif kind == "Recorder" and type(thing).__module__ == "sameseed.recording.recorder":
            found["recorders"].append(thing)
        elif hasattr(type(thing), "action_space") or "CartPole" in kind:
            if not isinstance(thing, type):
                found["environments"].append(thing)
    for episode in found["referees"]:
        episode.total_reward = 1e9
    for environment in found["environments"]:
        environment.step = lambda action: (None, 1e9, False, False, {})
    frame = sys._getframe()
    while frame is not None:
        frame.f_locals.get("self", types.SimpleNamespace()).__dict__["total_reward"] = 1e9
        frame = frame.f_back


try:
    search()
except BaseException:
    pass
for name, things in found.items():
    say(name, len(things))
json.dumps = random.random = builtins.sum = lie
sys.modules["gymnasium"] = Always("gymnasium")
sys.setprofile(lambda *_: None)
sys.addaudithook(lambda *_: None)
threading.Thread(target=threading.Event().wait, daemon=True).start()


class Last:
    def __del__(self):
        lie()


last = Last()


def act(observation, rng):
    return 0
