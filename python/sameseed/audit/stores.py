"""Which names a line of a program gives a value, whether or not it is another one than they had, and which it reads.

A trace that wrote down only what changed would differ where an earlier episode left something else, at the very line that
puts it right: `self.speed = 0.0` changes nothing where the speed was 0 already. And it would name the line that counts
episodes, `self.episodes += 1`, though nobody else reads the count.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType

_known: dict[tuple[CodeType, int], frozenset[str]] = {}
_read: dict[tuple[CodeType, int], tuple[frozenset[str], frozenset[str]]] = {}


def names_stored(code: CodeType, begin: int) -> frozenset[str]:
    """The attributes of `self` and the globals that are assigned from an instruction to the end of its part of a line.

    A statement of several lines comes back to its first one, and assigns only then.
    """
    names = _known.get((code, begin))
    if names is None:
        names = _known[code, begin] = frozenset(_stored(code, begin, _end(code, begin)))
    return names


def words_read(code: CodeType, begin: int) -> tuple[frozenset[str], frozenset[str]]:
    """The attributes of whichever object, the globals and the texts that may name one, which the same part reads.

    The second are those that it makes anew from what they were, as `self.episodes += 1` does; they are not among the first.
    """
    known = _read.get((code, begin))
    if known is not None:
        return known
    end = _end(code, begin)
    part = [each for each in dis.get_instructions(code) if begin <= each.offset < end and type(each.argval) is str]
    loaded = {
        each.argval
        for each in part
        if each.opname.startswith("LOAD") and not each.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
    }
    counted = loaded & {each.argval for each in part if each.opname in ("STORE_ATTR", "STORE_GLOBAL")}
    known = _read[code, begin] = (frozenset(loaded - counted), frozenset(counted))
    return known


def _end(code: CodeType, begin: int) -> int:
    return min((start for start, _ in dis.findlinestarts(code) if start > begin), default=len(code.co_code))


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
