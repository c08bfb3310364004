"""The two spaces of a Gymnasium environment: seeded before the reset, watched, and seeded again where the reset replaced them."""

from __future__ import annotations

from ..recording.hidden import HiddenState

_SPACES = ("action_space", "observation_space")


class Spaces:
    """The two spaces of an environment: seeded before the reset, and again where the reset replaced them."""

    def __init__(self, env: object, seed: int, hidden: HiddenState, seeded: list[str], warnings: list[str]) -> None:
        self._env = env
        self._seed = seed
        self._hidden = hidden
        self._seeded = seeded
        self._warnings = warnings
        self._held: dict[str, object] = {}
        self._known: dict[str, object] = {}

    @property
    def action_space(self) -> object:
        """The action space as it was last looked at."""
        return self._known["action_space"]

    @property
    def observation_space(self) -> object:
        """The observation space as it was last looked at."""
        return self._known["observation_space"]

    def watched(self) -> list[tuple[str, object]]:
        """Both spaces by their names, as they were last looked at; those that the environment has."""
        return [(name, space) for name, space in self._known.items() if space is not None]

    def seed_first(self) -> None:
        """Seeds both spaces of an environment that has just been made."""
        for name in _SPACES:
            space = self._current(name)
            if space is not None and self._current(name) is not space:
                self._held[name] = space
                self._warnings.append(f"{name} is another object at each access; the first one is used throughout")
            if self._seed_space(space):
                self._seeded.append(name)
            self._known[name] = space

    def seed_replaced(self) -> None:
        """Seeds the spaces that `reset()` put in the place of the seeded ones, and starts watching both."""
        for name in _SPACES:
            space = self._current(name)
            before = self._known[name]
            if space is not before:
                made = "replaced" if before is not None else "made"
                if self._seed_space(space):
                    self._seeded.append(f"{name} ({made} by reset)")
                    self._warnings.append(f"reset() {made} {name}; it was seeded after the reset")
                self._known[name] = space
            if space is None:
                self._warnings.append(f"the environment has no {name}")
            elif getattr(space, "seed", None) is None:
                self._warnings.append(f"{name} cannot be seeded")
            self._hidden.watch_space(name, space)

    def look(self, step: int) -> None:
        """Notices a space that a step replaced: what that one samples is not seeded."""
        for name in _SPACES:
            space = self._current(name)
            if space is not self._known[name]:
                self._known[name] = space
                self._hidden.watch_space(name, space)
                self._warnings.append(f"step {step} replaced {name}; the new one is not seeded")

    def _current(self, name: str) -> object:
        if name in self._held:
            return self._held[name]
        try:
            return getattr(self._env, name, None)
        except NotImplementedError:
            return None

    def _seed_space(self, space: object) -> bool:
        seed = getattr(space, "seed", None)
        if seed is None:
            return False
        seed(self._seed)
        return True
