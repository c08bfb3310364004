"""A Python session: an action is source text, which runs in a namespace that stays; the observation says what came of it.

An observation is `{stdout, stderr, result, error}`: what the source printed, the `repr` of its last statement where that is
an expression other than None, and the traceback of what it raised. The reward is 0. The episode ends when the source
raises SystemExit, or has used up its time: how far it came then depends on the machine, so what it printed is left out
and nothing goes on from there.

The source runs in the environment's own process, as the environment's code does: it can spoil the record of its own
episode, and nothing else. Files live in /tmp for as long as the episode.
"""

from __future__ import annotations

import ast
import builtins
import linecache
import sys
import traceback
import types

from sameseed.play.action_clock import ActionClock, TimeLimit

ID = "sameseed/PythonSession-v0"

_LEAST_CHARACTERS = 100
_LEFT_OUT = "\n[… {} characters left out …]\n"


class Source:
    """The action space: any text."""

    def contains(self, action: object) -> bool:
        """Whether it is a text."""
        return type(action) is str

    def seed(self, seed: int | None = None) -> None:
        """Nothing is drawn here but the empty text."""

    def sample(self) -> str:
        """The empty text, which does nothing."""
        return ""

    def __repr__(self) -> str:
        return "the space of source texts"


class Said:
    """The dict of four that an observation is; it cannot be sampled."""

    def contains(self, value: object) -> bool:
        """Whether it has the four keys."""
        return type(value) is dict and set(value) == {"stdout", "stderr", "result", "error"}

    def seed(self, seed: int | None = None) -> None:
        """Nothing is drawn here."""

    def __repr__(self) -> str:
        return "the space of a session's observations"


class Environment:
    """One session. `time_ms` is the CPU time of one action, `output_characters` the most of each text that is kept."""

    metadata: dict = {"render_modes": []}

    def __init__(self, time_ms: int = 10_000, output_characters: int = 20_000) -> None:
        for name, value, least in (("time_ms", time_ms, 1), ("output_characters", output_characters, _LEAST_CHARACTERS)):
            if type(value) is not int or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}")
        self.action_space = Source()
        self.observation_space = Said()
        self._clock = ActionClock(time_ms)
        self._time_ms = time_ms
        self._most = output_characters

    def reset(self, seed: int | None = None, options: dict | None = None) -> tuple[dict, dict]:
        """Begins with an empty namespace; what is drawn in it follows from the rollout's seed."""
        self._actions = 0
        module = types.ModuleType("__main__")
        module.__dict__["__builtins__"] = builtins
        # Where classes that the source defines are looked up by name.
        sys.modules["__main__"] = module
        self._namespace = module.__dict__
        return {"stdout": "", "stderr": "", "result": None, "error": None}, {}

    def step(self, action: str) -> tuple[dict, float, bool, bool, dict]:
        """Runs the source."""
        self._actions += 1
        name = f"<action {self._actions}>"
        out, err = Kept(self._most), Kept(self._most)
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = out, err
        result, error, is_over = None, None, False
        try:
            # What an error says of itself is the source's code, too.
            with self._clock:
                try:
                    result = self._run(action, name)
                except TimeLimit:
                    raise
                except SystemExit as end:
                    result, is_over = (None if end.code is None else self._cut(str(end.code))), True
                except BaseException as raised:
                    error = self._cut(told(raised, name))
        except TimeLimit:
            out, err, result = Kept(self._most), Kept(self._most), None
            error, is_over = f"TimeLimit: the action used more than {self._time_ms} ms of CPU time", True
        finally:
            sys.stdout, sys.stderr = before
        seen = {"stdout": out.text(), "stderr": err.text(), "result": result, "error": error}
        return seen, 0.0, is_over, False, {}

    def close(self) -> None:
        """Forgets the namespace."""
        self._namespace = {}

    def _run(self, source: str, name: str) -> str | None:
        # So that a traceback has the lines.
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        tree = ast.parse(source, name)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, name, "exec", dont_inherit=True), self._namespace)
        if last is None:
            return None
        value = eval(compile(ast.Expression(last.value), name, "eval", dont_inherit=True), self._namespace)
        return None if value is None else self._cut(repr(value))

    def _cut(self, text: str) -> str:
        kept = Kept(self._most)
        kept.write(text)
        return kept.text()


class Kept:
    """A text stream that keeps the beginning and the end of what is written to it."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, most: int) -> None:
        self._half = most // 2
        self._head = ""
        self._tail = ""
        self._left_out = 0

    def write(self, text: str) -> int:
        """Takes a text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        rest = str(text)
        room = self._half - len(self._head)
        if room > 0:
            self._head, rest = self._head + rest[:room], rest[room:]
        if rest:
            tail = self._tail + rest
            self._left_out += max(0, len(tail) - self._half)
            self._tail = tail[-self._half :]
        return len(text)

    def writelines(self, lines: object) -> None:
        """Takes several texts."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        """No terminal."""
        return False

    def writable(self) -> bool:
        """Takes texts."""
        return True

    def text(self) -> str:
        """What is kept, as it can be recorded."""
        middle = _LEFT_OUT.format(self._left_out) if self._left_out else ""
        return (self._head + middle + self._tail).encode("utf-8", "backslashreplace").decode()


def told(error: BaseException, name: str) -> str:
    """The traceback of what a source raised, from its own first line on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != name:
        trace = trace.tb_next
    try:
        # As if it had been the first program: what lies before the source's own lines is left out.
        return "".join(traceback.format_exception(type(error), error, trace)).rstrip("\n")
    except BaseException:
        return f"{type.__getattribute__(type(error), '__qualname__')}: (the message cannot be read: asking for it raised)"
