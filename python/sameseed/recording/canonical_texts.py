"""Texts and the key sets of maps, which a program uses again and again: both are encoded once and remembered.

What is remembered depends on what was encoded and on nothing else.
"""

from __future__ import annotations

from .canonical_tags import CanonicalError, head, key_part

_PLAN_CACHE_SIZE = 256
_KNOWN_TEXTS = 1024
_KNOWN_TEXT_BYTES = 32

Plan = tuple[list[tuple[str, bytes]], bytes | None]

_plans: dict[tuple[str, ...], Plan] = {}
_texts: dict[str, bytes] = {}


def encode_text(value: str, depth: int = 0) -> bytes:
    """The encoding of a text; raises CanonicalError where it has none."""
    known = _texts.get(value)
    if known is not None:
        return known
    try:
        data = value.encode()
    except UnicodeEncodeError:
        raise CanonicalError("text with a lone surrogate has no encoding") from None
    encoded = head(3, len(data)) + data
    if len(data) <= _KNOWN_TEXT_BYTES and len(_texts) < _KNOWN_TEXTS:
        _texts[value] = encoded
    return encoded


def note_order(encoded: list[bytes]) -> bytes | None:
    """The array of the keys in the order they were inserted; None where that is the canonical one."""
    in_order = all(a < b for a, b in zip(encoded, encoded[1:]))
    return None if in_order else head(4, len(encoded)) + b"".join(encoded)


def key_plan(keys: tuple[str, ...]) -> Plan:
    """The keys of a map in canonical order with their encodings, and `note_order` of them."""
    plan = _plans.get(keys)
    if plan is None:
        encoded = []
        for key in keys:
            try:
                encoded.append(encode_text(key))
            except CanonicalError as error:
                raise error.inside(key_part(key))
        order = sorted(zip(encoded, keys))
        plan = ([(key, data) for data, key in order], note_order(encoded))
        if len(_plans) >= _PLAN_CACHE_SIZE:
            _plans.clear()
        if len(keys) <= 64:
            _plans[keys] = plan
    return plan
