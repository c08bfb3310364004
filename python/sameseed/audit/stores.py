"""Which names a line of a program gives a value, whether or not it is another one than they had.

A trace that wrote down only what changed would differ where an earlier episode left something else, at the very line that
puts it right: `self.speed = 0.0` changes nothing where the speed was 0 already.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType

_known: dict[tuple[CodeType, int], frozenset[str]] = {}


def names_stored(code: CodeType, begin: int) -> frozenset[str]:
    """The attributes of `self` and the globals that are assigned from an instruction to the end of its part of a line.

    A statement of several lines comes back to its first one, and assigns only then.
    """
    names = _known.get((code, begin))
    if names is None:
        end = min((start for start, _ in dis.findlinestarts(code) if start > begin), default=len(code.co_code))
        names = _known[code, begin] = frozenset(_stored(code, begin, end))
    return names


def _stored(code: CodeType, begin: int, end: int) -> Iterator[str]:
    holder: object = None
    for instruction in dis.get_instructions(code):
        if instruction.opname == "EXTENDED_ARG":
            continue
        if begin <= instruction.offset < end:
            if instruction.opname == "STORE_ATTR" and holder == "self":
                yield f"self.{instruction.argval}"
            elif instruction.opname == "STORE_GLOBAL":
                yield f"global {instruction.argval}"
        loads = instruction.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
        # Newer interpreters load two names with one instruction; the object is the later one.
        name = instruction.argval[-1] if loads and type(instruction.argval) is tuple else instruction.argval
        holder = name if loads else None
