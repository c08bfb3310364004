"""The judge's end of a link to a solution that runs elsewhere: what is asked, and what of an answer is believed."""

from __future__ import annotations

import builtins

from ..recording.canonical import encode
from ..recording.canonical_decode import PLAIN, decode
from ..recording.canonical_tags import DecodeError
from ..recording.frames import ACTION, ERROR, HELLO, READY, STEP, Link, LinkClosed, LinkError
from .empty_values import guarded, unguarded
from .link_ops import MAX_FRAME, NONCE, OBJECT, RAISED, VALUE
from .remote import Remote, remote
from .values import NoValue, decode_value, encode_value


class SolutionGone(BaseException):
    """The solution's sandbox is over or talks nonsense: no test can go on, and none may catch this by accident."""

    def __init__(self, broken: str | None) -> None:
        super().__init__(broken or "the solution ended without an answer")
        self.broken = broken


class SolutionError(Exception):
    """The solution raised something that is none of Python's own exceptions."""


class NotLoaded(Exception):
    """The solution could not be loaded; `kind` and `said` are what it says of that."""

    def __init__(self, kind: int, said: bytes) -> None:
        super().__init__(kind)
        self.kind = kind
        self.said = said


class Asker:
    """Asks one solution; `asked` counts, and `gone` says why it can be asked no more."""

    def __init__(self, fd: int) -> None:
        self._link = Link(fd, MAX_FRAME, MAX_FRAME, NONCE)
        self._errors: dict[int, type[BaseException]] = {}
        self.asked = 0
        # Functions whose changes of their arguments count beside what they give.
        self.changing: tuple[str, ...] = ()
        # Why the solution is gone, once it is.
        self.gone: SolutionGone | None = None
        self._link.send(HELLO, 0, encode({}))
        kind, payload = self._receive((READY, ERROR), 0)
        if kind == ERROR:
            told = self._decoded(payload)
            if type(told) is not dict or type(told.get("kind")) is not int or type(told.get("said")) is not bytes:
                raise SolutionGone("an ERROR frame that does not say what failed")
            raise NotLoaded(told["kind"], told["said"])

    def get(self, of: int, name: str, operators: bool) -> object:
        """An attribute."""
        found = self._ask({"op": "get", "of": of, "name": name}, {}, operators)
        if isinstance(found, Remote):
            found._called = name
        return found

    def set(self, of: int, name: str, value: object) -> None:
        """Sets an attribute."""
        self._ask({"op": "set", "of": of, "name": name, "value": _sent(value, name)}, {}, False)

    def call(self, of: int, name: str, args: tuple, kwargs: dict, operators: bool, called: str = "") -> object:
        """A call. Lists, dicts and sets that it changes are changed here too where it gives nothing, or is one of `changing`.

        A test that says ``f(xs) == sorted(xs)`` would otherwise be told what to expect by an `f` that empties `xs`.
        """
        sent = [_sent(value, f"argument {at}") for at, value in enumerate(args)]
        named = {key: _sent(value, key) for key, value in kwargs.items()}
        request = {"op": "call", "of": of, "name": name, "args": sent, "kwargs": named}
        return self._ask(request, {**dict(enumerate(args)), **kwargs}, operators, called)

    def check(self) -> None:
        """Raises SolutionGone where the solution was lost on the way, whoever caught that."""
        if self.gone is not None:
            raise self.gone

    def _ask(self, request: dict, args: dict, operators: bool, called: str = "") -> object:
        self.asked += 1
        self._link.send(STEP, self.asked, encode(request))
        answer = self._decoded(self._receive((ACTION,), self.asked)[1])
        try:
            kind = answer["as"]
            found = guarded(decode_value(answer["value"])) if kind == VALUE else None
            if kind == VALUE and (found is None or called in self.changing):
                for at, data in answer.get("changed", []):
                    _restore(args[at], guarded(decode_value(data)))
            if kind == VALUE:
                return found
            if kind == OBJECT:
                return self._object(answer, operators)
            if kind != RAISED:
                raise ValueError("an answer of no kind")
            error = self._error(answer)
            # A judge that calls from `map` would take it for the end of its own list, and find nothing wrong in the rest.
            if isinstance(error, StopIteration) and (request["op"], request["name"]) != ("call", "__next__"):
                error = RuntimeError("the solution raised StopIteration")
        except (DecodeError, KeyError, TypeError, ValueError, AttributeError, IndexError) as broken:
            raise self._lost(f"an answer that is none ({type(broken).__name__})") from None
        raise error

    def _object(self, answer: dict, operators: bool) -> object:
        number, name = answer["id"], answer["type"]
        if type(number) is not int or type(name) is not str:
            raise ValueError("an object without a number and a name")
        if answer["error"] is None:
            return remote(self, number, name, operators, answer["iterates"] is True)
        return self._error_class(number, name, answer["error"])

    def _error_class(self, number: object, name: object, base: object) -> type[BaseException]:
        if type(number) is not int or type(name) is not str:
            raise ValueError("an exception without a number and a name")
        if number not in self._errors:
            self._errors[number] = type(name, (_builtin_error(base) or Exception,), {})
        return self._errors[number]

    def _error(self, answer: dict) -> BaseException:
        told = self._decoded(answer["said"])
        message = told["message"]
        if type(message) is not str:
            raise ValueError("a message that is no text")
        if answer["class"] is None:
            kind = _builtin_error(answer["type"]) or SolutionError
        else:
            kind = self._error_class(answer["class"], answer["type"], answer["error"])
        args = [f"{answer['type']}: {message}"] if kind is SolutionError else [message]
        if answer["args"] is not None and kind is not SolutionError:
            args = decode_value(answer["args"])
        try:
            return kind(*args)
        except Exception:
            return SolutionError(f"{answer['type']}: {message}")

    def _receive(self, kinds: tuple[int, ...], sequence: int) -> tuple[int, bytes]:
        try:
            return self._link.receive(kinds, sequence)
        except LinkClosed:
            raise self._lost(None) from None
        except LinkError as error:
            raise self._lost(str(error)) from None

    def _decoded(self, payload: bytes) -> dict:
        try:
            told = decode(payload, PLAIN)
        except DecodeError as error:
            raise self._lost(str(error)) from None
        if type(told) is not dict:
            raise self._lost("an answer that is no map")
        return told

    def _lost(self, broken: str | None) -> SolutionGone:
        self.gone = SolutionGone(broken)
        return self.gone


def _builtin_error(name: object) -> type[BaseException] | None:
    """An exception of Python's own that a solution may raise here; ends that are not a program's own are none."""
    kind = getattr(builtins, name, None) if type(name) is str else None
    return kind if isinstance(kind, type) and issubclass(kind, (Exception, SystemExit)) else None


def _sent(value: object, name: str) -> list:
    if isinstance(value, Remote):
        return ["o", object.__getattribute__(value, "_number")]
    try:
        return ["v", encode_value(unguarded(value), name)]
    except NoValue as error:
        raise TypeError(f"only values cross to the solution: {error}") from None


def _restore(kept: object, now: object) -> None:
    # What crossed was a value of the plain class that the judge's own is of.
    if isinstance(kept, list) and isinstance(now, list):
        kept[:] = now
    elif isinstance(kept, (dict, set)) and isinstance(kept, type(now)):
        kept.clear()
        kept.update(now)
    else:
        raise ValueError("an argument that cannot change, or changed its type")
