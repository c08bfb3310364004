"""Writes down, line by line, what an environment or a policy computes: two such traces of two worlds name the line.

Theory of operation. `sameseed audit` runs the same rollout in two worlds that differ in one thing, both under this
tracer, and looks for the first entry that differs. For each line that was executed an entry holds a digest of every
name that changed: locals, the attributes of `self`, the module's own globals. So the entry that first differs stands
behind the line that let the world in, even where the trajectory shows it many steps later.

Digests must be equal where the values are: nothing here looks at an address, and sets are sorted. Only code outside
the interpreter's library, libraries that compute, Gymnasium's own plumbing and Sameseed is traced; what those return is
seen where it is used. So are the imports of installed packages, which can be tens of thousands of lines: what they kept of the world
shows in the function that uses it. What a line assigns is written down also where the value is the one that was there;
what changed in place and was last given a value before the episode is marked, because a world that left something else
there may have had nothing to change. A line that is repeated often is written down ever more seldom. `__del__` runs at
moments that nobody can know and is left out; what it changed is seen where it is read.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
from types import CodeType, FrameType
from typing import Any, Callable

from .fingerprint import Fingerprints, shown
from .holders import Holder, Holders
from .perturb import take_places_of_trace
from .places import OWN, Places
from .stores import names_stored, words_read

# High enough to leave the numbers that a program gets alone.
_TRACE_FD = 200
_ALWAYS = 64
_MOST_ENTRIES = 200_000
_MOST_NAMES = 6
# The last entry of a trace that went on.
_CUT = {"cut": True}

_out = -1
_left = _MOST_ENTRIES
# Whether the episode's reset has been called. What an environment did before is mostly done again there, with its seed.
_in_episode = False
# Whether the trace began in the midst of it, so that nothing is known to be older than the episode.
_in_midst = False
_places = Places()


def begin(settings: dict[str, Any]) -> None:
    """Traces on what was standard output, and the program's own goes nowhere; `from`: not before that step, 0 being the reset."""
    global _out
    sys.stdout.flush()
    _out = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, _TRACE_FD)
    nowhere = os.open("/dev/null", os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    if "from" in settings:
        # Not before it is needed: it loads the referee.
        from .moments import at_moment

        at_moment(settings["from"], _start)
    else:
        _start(0)


def _start(step: int) -> None:
    global _in_episode, _in_midst
    _in_episode = _in_midst = step > 0
    threading.settrace(_enter)
    sys.settrace(_enter)


class _Thread(threading.local):
    """What is known of one thread; each has its own, because the order of threads is not."""

    def __init__(self) -> None:
        # How many installed modules it is in the middle of importing.
        self.imports = 0
        # How often each object is the `self` of a method that runs.
        self.busy: dict[int, int] = {}
        self.fingerprints = Fingerprints(is_own=lambda kind: _places.is_own(kind), busy=self.busy)
        self.holders = Holders()


_thread = _Thread()
def _enter(frame: FrameType, event: str, _arg: Any) -> Callable | None:
    code = frame.f_code
    if code.co_name == "<module>" and code.co_filename.startswith(_places.site):
        _thread.imports += 1
        frame.f_trace_lines = False
        return _leave_import
    if _left <= 0 or _thread.imports > 0 or code.co_name == "__del__" or not _places.is_traced(code.co_filename):
        return None
    try:
        if _in_episode:
            take_places_of_trace()
        return _Traced(frame).see
    except Exception:
        _cut()
        return None


def _leave_import(_frame: FrameType, event: str, _arg: Any) -> Callable | None:
    # A module that raises returns too.
    if event == "return":
        _thread.imports -= 1
    return _leave_import


# A name, its value, the value's digest, and whether what it replaces is older than the episode.
_Change = tuple[str, Any, bytes, bool]


class _Traced:
    """One execution of one function."""

    def __init__(self, frame: FrameType) -> None:
        self.code: CodeType = frame.f_code
        self.digests: dict[str, bytes] = {}
        self.times: dict[int, int] = {}
        # The instruction where the part of a line begins that runs; none before the first.
        self.part: int | None = None
        myself = frame.f_locals.get("self", self)
        self.busy = id(myself)
        self.object = _thread.holders.of(myself)
        self.module = _thread.holders.of(frame.f_globals)
        _thread.busy[self.busy] = _thread.busy.get(self.busy, 0) + 1
        caller = frame.f_back
        while caller is not None and not _places.is_traced(caller.f_code.co_filename):
            caller = caller.f_back
        if caller is None and not _in_episode:
            _look_for_reset(frame)
        # What an object or the module held before is not this function's doing: an earlier episode may have left it.
        if self.code.co_name != "<module>":
            for name, value in _names(frame):
                holder = self._holder(name)
                if holder is not None:
                    digest = _thread.fingerprints.of(value)
                    if holder.digests.get(name) != digest:
                        holder.digests[name] = digest
                        holder.given.discard(name)
        # What differs before the first line differs because of how it was called.
        self.before = (self.code if caller is None else caller.f_code, frame.f_lineno if caller is None else caller.f_lineno)

    def see(self, frame: FrameType, event: str, arg: Any) -> Callable | None:
        if _left <= 0:
            return None
        try:
            return self._see(frame, event, arg)
        except MemoryError:  # The program's: where its trace ends tells the line that took too much.
            raise
        except Exception:
            # The interpreter would trace nothing more, and the trace look as if it were whole.
            _cut()
            return None

    def _see(self, frame: FrameType, event: str, arg: Any) -> Callable:
        line = frame.f_lineno
        if event == "line":
            blamed, part = self.before, self.part
            self.before, self.part = (self.code, line), frame.f_lasti
            times = self.times[line] = self.times.get(line, 0) + 1
            if times > _ALWAYS and times & (times - 1):
                return self.see
            _write(event, blamed, line, self._changes(frame, part), _reads(self.code, part))
        elif event == "return":
            changes = self._changes(frame, self.part)
            self._leave()
            changes.append(("return", arg, _thread.fingerprints.of(arg), False))
            _write(event, (self.code, line), 0, changes, _reads(self.code, self.part))
        elif event == "exception":
            failure = f"{arg[0].__name__}: {shown(str(arg[1]))}"
            changes = self._changes(frame, self.part)
            _write(event, (self.code, line), 0, [*changes, ("raise", failure, _thread.fingerprints.of(failure), False)])
        return self.see

    def _leave(self) -> None:
        left = _thread.busy.get(self.busy, 0) - 1
        if left > 0:
            _thread.busy[self.busy] = left
        else:
            _thread.busy.pop(self.busy, None)

    def _holder(self, name: str) -> Holder | None:
        """Where a name is known to every function; None for this one's own."""
        if name.startswith("self."):
            return self.object
        return self.module if name.startswith("global ") else None

    def _changes(self, frame: FrameType, part: int | None) -> list[_Change]:
        """What has other values than when they were last looked at, or was assigned by the line."""
        changes: list[_Change] = []
        stored = frozenset() if part is None else names_stored(self.code, part)
        for name, value in _names(frame):
            digest = _thread.fingerprints.of(value)
            holder = self._holder(name)
            digests = self.digests if holder is None else holder.digests
            before = digests.get(name)
            if before == digest and name not in stored:
                continue
            digests[name] = digest
            if holder is None:
                changes.append((name, value, digest, False))
                continue
            old = _in_episode and not _in_midst and before is not None
            left = old and name not in holder.given and name not in stored
            holder.given.add(name)
            changes.append((name, value, digest, left))
        return changes


def _look_for_reset(frame: FrameType) -> None:
    """Notes that the episode has begun, where the function was called by the referee's own reset."""
    global _in_episode
    caller, play = frame.f_back, os.path.join(OWN, "play")
    while caller is not None and not caller.f_code.co_filename.startswith(play):
        caller = caller.f_back
    _in_episode = caller is not None and caller.f_code.co_name == "reset"
    if _in_episode:
        _thread.holders.begin_episode()


def _names(frame: FrameType) -> list[tuple[str, Any]]:
    found = []
    inside = frame.f_locals
    for name, value in list(inside.items()):
        if name == "self":
            # Not `vars`: an attribute may be computed.
            own = getattr(value, "__dict__", None)
            if type(own) is dict:
                found += [(f"self.{key}", part) for key, part in list(own.items()) if type(key) is str]
        elif not name.startswith("__"):
            found.append((name, value))
    if frame.f_globals is not inside:
        found += [
            (f"global {name}", value)
            for name, value in list(frame.f_globals.items())
            if not name.startswith("__") and isinstance(value, (int, float, str, bytes, list, dict, set, tuple))
        ]
    return found


_read: set[tuple[CodeType, int]] = set()


def _reads(code: CodeType, part: int | None) -> tuple[frozenset[str], frozenset[str]]:
    """What a part of a line reads, where that has not been written down already, and what it only counts on."""
    if part is None:
        return frozenset(), frozenset()
    read, counted = words_read(code, part)
    is_new = (code, part) not in _read
    _read.add((code, part))
    return read if is_new else frozenset(), counted


def _write(
    event: str,
    blamed: tuple[CodeType, int],
    after: int,
    changes: list[_Change],
    reads: tuple[frozenset[str], ...] = (),
) -> None:
    global _left
    _left -= 1
    if _left <= 0:
        _cut()
        return
    code, line = blamed
    names = sorted((name, digest.hex()) for name, _, digest, _ in changes)
    entry = {
        "thread": threading.current_thread().name,
        "event": event,
        "file": code.co_filename,
        "function": code.co_qualname if sys.version_info >= (3, 11) else code.co_name,
        "line": line,
        "after": after,
        "begun": _in_episode,
        "names": names,
        "values": {name: shown(value) for name, value, *_ in changes[:_MOST_NAMES]},
    }
    left = sorted(name for name, _, _, older in changes if older)
    if left:
        entry["left"] = left
    for key, words in zip(("reads", "counts"), reads):
        if words:
            entry[key] = sorted(words)
    _put(entry)


def _cut() -> None:
    global _left
    _left = 0
    _put(_CUT)


def _put(entry: dict[str, Any]) -> None:
    data = json.dumps(entry).encode() + b"\n"
    while data:
        data = data[os.write(_out, data) :]
