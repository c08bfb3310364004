"""An environment whose agents all act in every step, as the referee plays it: PettingZoo's Parallel interface.

Records hold what the environment returns: dicts by agent of observations, rewards, flags and infos; the action is the
dict that `step()` was handed. With one seat, its policy acts for all agents at once, with such dicts. With a seat for
each agent, in the order of `possible_agents`, each is asked in its turn and sees its own agent's part alone.

Whatever comes from outside is put into the order of the environment's agents: one that walks over its actions in the
order they come in then does the same however they were made.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..recording.canonical import encode_part, take_orders
from ..recording.hidden import HiddenState
from .actions import coerce, restore
from .environment import unwrap
from .failures import IllegalAction, UnknownEnvironment
from .one_agent import flags_of
from .rewards import reward_of
from .seeds import agent_space_seed
from .space_state import told_spaces


def is_parallel(env: object) -> bool:
    """Whether an environment has the Parallel interface; one whose agents take turns has `observe` as well."""
    return hasattr(env, "possible_agents") and callable(getattr(env, "action_space", None)) and not hasattr(env, "observe")


class Together:
    """All agents that are in act in each step."""

    policies: dict = {}
    has_sampler = False
    turn = 0
    legal: list | None = None

    def __init__(self, env: object, seats: int) -> None:
        self.env = env
        agents = list(env.possible_agents)
        if any(type(agent) is not str for agent in agents):
            raise UnknownEnvironment("the environment's agents must be named by texts")
        if seats not in (1, len(agents)):
            named = ", ".join(agents[:8]) + (", …" if len(agents) > 8 else "")
            raise UnknownEnvironment(
                f"the environment has {len(agents)} agents ({named}), and {seats} policies were given; "
                "give one for each, or one for all of them"
            )
        # Whether each agent has a seat of its own.
        self.together = seats > 1
        self.agent = ""
        # What is told of each seat's spaces; known behind the reset.
        self.told: list[dict] = []
        self._agents = agents
        self._seats = {agent: at for at, agent in enumerate(agents)}
        self._spaces: dict[str, object] = {}
        self._seen: dict = {}
        self._told: dict = {}

    def prepare(self, seed: int, hidden: HiddenState, seeded: list[str], warnings: list[str]) -> None:
        """Watches the generators of an environment that has just been made."""
        self._hidden = hidden

    def reset(self, seed: int, seeded: list[str]) -> tuple[object, dict]:
        """Starts the episode; returns the observations and infos of all agents."""
        self._seed = seed
        result = self.env.reset(seed=seed)
        if type(result) is not tuple or len(result) != 2 or not all(isinstance(part, dict) for part in result):
            raise TypeError("reset() must return (observations, infos), a dict by agent each")
        seeded.append("env")
        for agent in self._agents:
            if self._space_of(agent) is not None:
                seeded.append(f"action_space/{agent}")
        self._hidden.watch_environment(unwrap(self.env))
        self._seen, self._told = result
        return result

    def step(self, number: int, action: dict) -> tuple[tuple, object, bool, bool]:
        """Takes a step; returns the five dicts of `step()`, the rewards to add, and whether and how it is over."""
        result = self.env.step(action)
        if type(result) is not tuple or len(result) != 5 or not all(isinstance(part, dict) for part in result):
            raise TypeError("step() must return five dicts by agent")
        ended, cut = flags_of(result[2], result[3])
        if not self.env.agents and not (ended or cut):
            # Everybody has left, those before this step included.
            ended = not any(result[3].values())
            cut = not ended
        self._seen, self._told = result[0], result[4]
        return result, reward_of(result[1]), ended, cut

    def spaces(self) -> list[dict]:
        """What can be told of each seat's spaces, behind the reset; one that acts for all agents has none of its own."""
        if not self.together:
            return [{}]
        return [told_spaces(self._space(agent), self._observation_space(agent)) for agent in self._agents]

    def roots(self) -> list[tuple[str, object]]:
        """From where every generator of the environment is reached."""
        return [*((f"action_space/{agent}", self._space(agent)) for agent in self._agents), ("env", self.env)]

    def turns(self) -> Iterator[int]:
        """The seats of the agents that act in this step."""
        return (self._seats[agent] for agent in list(self.env.agents))

    def face(self, at: int) -> None:
        """Turns to one agent: what is legal, and which space its action is of, is its own from here on."""
        self.turn = at
        agent = self.agent = self._agents[at]
        mask = self._mask(agent)
        self.legal = None if mask is None else [number for number, legal in enumerate(mask) if legal]

    def view(self) -> tuple[bytes, bytes]:
        """The encoded observation of the agent it has turned to, and what that agent is told."""
        told = self._told.get(self.agent)
        info = {"agent": self.agent, "told": told} if told else {"agent": self.agent}
        view = encode_part(self._seen.get(self.agent), 1), encode_part(info, 1)
        # How the environment filled these maps was noted when it was recorded.
        take_orders()
        return view

    def in_turns(self, actions: list, refused: list) -> Iterator[object]:
        """Recorded actions one by one, in the order in which the seats are asked; last what one of them was refused."""
        for action in actions:
            for agent in list(self.env.agents):
                if type(action) is dict and agent in action:
                    yield action[agent]
        yield from refused

    def space(self) -> object:
        """What a random policy samples: the space of the agent it has turned to, or all spaces at once."""
        return self._space(self.agent) if self.together else _AllSpaces(self)

    def checked(self, value: object) -> object:
        """The action that a plain value stands for; raises IllegalAction where it stands for none."""
        if self.together:
            return self._checked_of(self.agent, value)
        agents = list(self.env.agents)
        if type(value) is not dict or set(value) != set(agents):
            error = IllegalAction(f"an action must be an object with the keys {', '.join(agents)}")
            error.value = value
            raise error
        return {agent: self._checked_of(agent, value[agent]) for agent in agents}

    def restored(self, value: object) -> object:
        """A sampled action as it was before it was recorded."""
        if self.together:
            return restore(self._space(self.agent), value)
        return {agent: restore(self._space(agent), value[agent]) for agent in list(self.env.agents) if agent in value}

    def sample(self) -> dict:
        """An action of each agent, of those that its mask allows."""
        chosen = {}
        for agent in list(self.env.agents):
            mask = self._mask(agent)
            space = self._space(agent)
            chosen[agent] = space.sample() if mask is None else space.sample(mask=mask)
        return chosen

    def _checked_of(self, agent: str, value: object) -> object:
        mask = self._mask(agent)
        action = coerce(self._space(agent), value)
        if mask is not None and not mask[int(action)]:
            error = IllegalAction(f"{int(action)} is not one of the legal actions of {agent}")
            error.value = value
            raise error
        return action

    def _observation_space(self, agent: str) -> object:
        try:
            return self.env.observation_space(agent)
        except Exception:
            return None

    def _space(self, agent: str) -> object:
        self._space_of(agent)
        return self._spaces[agent]

    def _space_of(self, agent: str) -> object:
        """The method that seeded the space of an agent; None where it has none. Asked for once: some make it anew."""
        if agent not in self._spaces:
            space = self._spaces[agent] = self.env.action_space(agent)
            seed = getattr(space, "seed", None)
            if seed is not None:
                seed(agent_space_seed(agent, self._seed))
        return getattr(self._spaces[agent], "seed", None)

    def _mask(self, agent: str) -> object:
        seen, told = self._seen.get(agent), self._told.get(agent)
        mask = seen.get("action_mask") if type(seen) is dict else None
        if mask is None and type(told) is dict:
            mask = told.get("action_mask")
        return mask


class _AllSpaces:
    def __init__(self, stage: Together) -> None:
        self._stage = stage

    def sample(self) -> dict:
        return self._stage.sample()
