"""The hidden state of a rollout: one digest for each source of randomness, cached until it moves.

docs/trajectory-format.md, section 5, is the specification.
"""

from __future__ import annotations

from hashlib import sha256

from .canonical_tags import head
from .generators import global_watchers, is_generator, watch

# Where gymnasium's composite spaces keep their parts.
_PART_ATTRIBUTES = ("feature_space", "node_space", "edge_space")
_MAX_SPACE_DEPTH = 32


def _text(value: str) -> bytes:
    data = value.encode("utf-8", "backslashreplace")
    return head(3, len(data)) + data


def _attributes(value: object) -> dict:
    try:
        return vars(value)
    except TypeError:
        return {}


class _Slot:
    """One place that may hold a generator; the generator in it may be replaced at any time."""

    def __init__(self, label: str, attributes: dict, name: str) -> None:
        self.label = _text(label)
        self.attributes = attributes
        self.name = name
        self.watcher = None
        self.encoded = b""

    def moved(self) -> bool:
        source = self.attributes.get(self.name)
        watcher = self.watcher
        if watcher is None or watcher.source is not source:
            watcher = self.watcher = None if source is None else watch(source)
        encoded = b"" if watcher is None else watcher.look()
        if encoded is self.encoded:
            return False
        self.encoded = encoded
        return True


class _Group:
    """Slots that share one digest: a map from label to state."""

    def __init__(self, slots: list[_Slot]) -> None:
        self.slots = sorted(slots, key=lambda slot: slot.label)
        self._digest: bytes | None = None

    def digest(self) -> bytes | None:
        moved = False
        for slot in self.slots:
            if slot.moved():
                moved = True
        if moved:
            filled = [slot for slot in self.slots if slot.encoded]
            parts = [head(5, len(filled))]
            for slot in filled:
                parts += (slot.label, slot.encoded)
            self._digest = sha256(b"".join(parts)).digest() if filled else None
        return self._digest


def _space_slots(space: object, label: str, slots: list[_Slot], depth: int) -> None:
    attributes = _attributes(space)
    if "_np_random" in attributes:
        slots.append(_Slot(label, attributes, "_np_random"))
    if depth >= _MAX_SPACE_DEPTH:
        return
    parts = attributes.get("spaces")
    if type(parts) in (list, tuple):
        named = [(str(index), part) for index, part in enumerate(parts)]
    elif isinstance(parts, dict):
        named = [(key if type(key) is str else str(index), part) for index, (key, part) in enumerate(parts.items())]
    else:
        named = []
    named += [(name, attributes[name]) for name in _PART_ATTRIBUTES if attributes.get(name) is not None]
    for name, part in named:
        _space_slots(part, f"{label}/{name}", slots, depth + 1)


class _Global:
    """A generator of the whole process, reported only when it has moved."""

    def __init__(self, watcher: object) -> None:
        self._watcher = watcher
        self._encoded = b""
        self._digest = b""
        self._reported = b""

    def digest(self, always: bool) -> bytes | None:
        encoded = self._watcher.look()
        if encoded is not self._encoded:
            self._encoded = encoded
            self._digest = sha256(encoded).digest()
        if not always and self._digest == self._reported:
            return None
        self._reported = self._digest
        return self._digest


class NoHidden:
    """The hidden state of an environment in which nothing is drawn but by the seats' own streams."""

    def watch_environment(self, unwrapped: object) -> None:
        """There is nothing to watch."""

    def encoded(self, closing: bool = False) -> bytes:
        """An empty map."""
        return b"\xa0"


class HiddenState:
    """Digests of the generators of one rollout, for the `hidden` field of its records."""

    def __init__(self) -> None:
        self._unwrapped: object = None
        self._environment: _Group | None = None
        self._spaces: dict[str, _Group] = {}
        self._globals = {name: _Global(watcher) for name, watcher in global_watchers().items()}

    def watch_environment(self, unwrapped: object) -> None:
        """Looks up which attributes of the unwrapped environment hold generators."""
        self._unwrapped = unwrapped
        attributes = _attributes(unwrapped)
        names = {name for name, value in attributes.items() if type(name) is str and is_generator(value)}
        # gymnasium's own, which may come into being at any step.
        names.add("_np_random")
        self._environment = _Group([_Slot(name, attributes, name) for name in names])

    def watch_space(self, name: str, space: object) -> None:
        """Watches a space under `name`, in the place of the one watched so far."""
        slots: list[_Slot] = []
        _space_slots(space, "", slots, 0)
        self._spaces[name] = _Group(slots)

    def encoded(self, closing: bool = False) -> bytes:
        """The encoded `hidden` map; `closing` looks for new generators and reports the global ones."""
        if closing and self._environment is not None:
            self.watch_environment(self._unwrapped)
        found: list[bytes] = []
        # The names below come in canonical order.
        if self._environment is not None:
            digest = self._environment.digest()
            if digest is not None:
                found += (b"\x63env\x58\x20", digest)
        if "numpy" in self._globals:
            digest = self._globals["numpy"].digest(closing)
            if digest is not None:
                found += (b"\x65numpy\x58\x20", digest)
        digest = self._globals["random"].digest(closing)
        if digest is not None:
            found += (b"\x66random\x58\x20", digest)
        for name, label in (
            ("action_space", b"\x6caction_space\x58\x20"),
            ("observation_space", b"\x71observation_space\x58\x20"),
        ):
            known = self._spaces.get(name)
            digest = None if known is None else known.digest()
            if digest is not None:
                found += (label, digest)
        return head(5, len(found) // 2) + b"".join(found)
