"""The judge's view of a solution that runs elsewhere: a module whose calls cross by value.

A plain value that comes back is the judge's own copy of it, of Python's own types. Anything else stays in the solution's
sandbox and is seen as a Remote. A Remote never asks the solution whether it equals something: it equals itself.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

from .empty_values import note_empty
from .link_ops import MODULE, OPERATIONS, ORDER

if TYPE_CHECKING:
    from .asker import Asker


class Remote:
    """An object in the solution's sandbox: its attributes and methods can be asked for by name.

    It has no operators, so that no expression of the judge's asks an object where it means to have a value: of what a
    function gives, `len`, arithmetic and order would be whatever the solution says. Going through it once is going through
    values; a second time could show others.
    """

    _operators = False
    # The name that it was asked for by.
    _called = ""

    def __init__(self, asker: Asker, number: int, name: str) -> None:
        self._asker = asker
        self._number = number
        self._name = name
        self._gone_through = False

    def __getattr__(self, name: str) -> object:
        # numpy looks there for memory, and reads what it is told to: what an object says of itself would be the judge's own.
        if name.startswith("__array"):
            raise AttributeError(f"the {self._name} of the solution is no array")
        return self._asker.get(self._number, name, self._operators)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self._asker.set(self._number, name, value)

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self._asker.call(self._number, "", args, kwargs, self._operators, self._called)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Remote) and other._number == self._number

    def __hash__(self) -> int:
        return self._number

    def __iter__(self) -> object:
        if self._gone_through:
            raise TypeError(f"the {self._name} of the solution was gone through already")
        self._gone_through = True
        return _items(self._asker, self._asker.call(self._number, "__iter__", (), {}, False))


def _items(asker: Asker, iterator: object) -> object:
    if not isinstance(iterator, Remote):
        yield from iterator
        return
    at = 0
    while True:
        try:
            item = asker.call(iterator._number, "__next__", (), {}, False)
        except StopIteration:
            if at == 0:
                note_empty()
            return
        at += 1
        yield item


class RemoteIterator(Remote):
    """An object that says of itself that it is an iterator: it may be asked for one value after the other."""

    def __next__(self) -> object:
        return self._asker.call(self._number, "__next__", (), {}, self._operators)


class RemoteWithOperators(Remote):
    """An object of a class whose operators the judge asks for: its file names the class in `OPERATORS`."""

    _operators = True

    def __iter__(self) -> object:
        # It answers what it likes, so it may be gone through again, as a stack is that something was pushed on.
        return _items(self._asker, self._asker.call(self._number, "__iter__", (), {}, False))


class RemoteIteratorWithOperators(RemoteIterator, RemoteWithOperators):
    """An iterator of such a class."""


def _operation(name: str) -> object:
    def operate(self: Remote, *args: object) -> object:
        if name in ORDER and not isinstance(args[0], Remote):
            return NotImplemented
        given = () if name == "__exit__" else args
        return self._asker.call(self._number, name, given, {}, True)

    operate.__name__ = name
    return operate


for _name in OPERATIONS:
    if _name not in ("__iter__", "__next__"):
        setattr(RemoteWithOperators, _name, _operation(_name))


def remote(asker: Asker, number: int, name: str, operators: bool, iterates: bool) -> Remote:
    """The view of an object: what it may be asked is the judge's to say, and whether it iterates the object's own."""
    if iterates:
        return (RemoteIteratorWithOperators if operators else RemoteIterator)(asker, number, name)
    return (RemoteWithOperators if operators else Remote)(asker, number, name)


class SolutionModule(ModuleType):
    """The module `solution` as the judge imports it."""

    def __init__(self, asker: Asker | None) -> None:
        super().__init__("solution")
        self.__dict__["_asker"] = asker
        # The classes whose operators are asked for.
        self.__dict__["_operators"] = ()

    def _declare(self, operators: tuple[str, ...], changing: tuple[str, ...]) -> None:
        self.__dict__["_operators"] = operators
        if self._asker is not None:
            self._asker.changing = changing

    def __getattr__(self, name: str) -> object:
        # What a star would bring in is the solution's to say, and could take the place of the judge's own names.
        if name == "__all__" or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        if self._asker is None:
            return Unasked(name)
        return self._asker.get(MODULE, name, name in self._operators)


class Unasked:
    """A name of the solution while tests are only counted: there is no solution yet."""

    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return Unasked(name)

    def __call__(self, *args: object, **kwargs: object) -> object:
        raise RuntimeError(f"{self.__name__} is called while the tests are loaded; call the solution inside of tests only")
