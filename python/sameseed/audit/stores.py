"""Which names a line of a program gives a value, whether or not it is another one than they had.

A trace that wrote down only what changed would differ where an earlier episode left something else, at the very line that
puts it right: `self.speed = 0.0` changes nothing where the speed was 0 already.
"""

from __future__ import annotations

import dis
from types import CodeType

_known: dict[CodeType, dict[int, frozenset[str]]] = {}


def names_stored(code: CodeType, line: int) -> frozenset[str]:
    """The attributes of `self` and the globals that a line assigns, as traces name them."""
    lines = _known.get(code)
    if lines is None:
        lines = _known[code] = _lines(code)
    return lines.get(line, frozenset())


def _lines(code: CodeType) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    starts = dict(dis.findlinestarts(code))
    line: int | None = None
    holder: object = None
    for instruction in dis.get_instructions(code):
        line = starts.get(instruction.offset, line)
        if instruction.opname == "EXTENDED_ARG":
            continue
        if line is not None and instruction.opname == "STORE_ATTR" and holder == "self":
            found.setdefault(line, set()).add(f"self.{instruction.argval}")
        elif line is not None and instruction.opname == "STORE_GLOBAL":
            found.setdefault(line, set()).add(f"global {instruction.argval}")
        loads = instruction.opname.startswith(("LOAD_FAST", "LOAD_DEREF"))
        # Newer interpreters load two names with one instruction; the object is the later one.
        name = instruction.argval[-1] if loads and type(instruction.argval) is tuple else instruction.argval
        holder = name if loads else None
    return {at: frozenset(names) for at, names in found.items()}
