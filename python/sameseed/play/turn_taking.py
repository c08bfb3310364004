"""An environment whose agents take turns, as the referee plays it: the AEC interface, which is PettingZoo's.

The observation of a record is what the agent sees whose turn is next, its reward the first agent's, and its info says
whose turn it is: `{agent}`, with `told` where the environment has an info for that agent and `rewards` where they are
not those of two agents that add up to 0.
"""

from __future__ import annotations

from ..recording.hidden import HiddenState
from .actions import coerce, restore
from .environment import unwrap
from .failures import IllegalAction, UnknownEnvironment
from .seeds import agent_space_seed
from .space_state import told_spaces

_SHOWN_MOST = 20


class TurnTaking:
    """Agents act one after the other; seats are numbered in the order of `possible_agents`."""

    has_sampler = False

    def __init__(self, env: object, seats: int, policies: dict) -> None:
        self.env = env
        self.policies = policies
        self.draws = getattr(env, "draws", True)
        self.agents: list[str] = list(env.possible_agents)
        if len(self.agents) != seats:
            raise UnknownEnvironment(f"the game has {len(self.agents)} seats, and {seats} policies were given")
        self._seats = {agent: at for at, agent in enumerate(self.agents)}
        self._own_legal = getattr(env, "legal_actions", None)
        self.turn = 0
        self.legal: list | None = None
        self.seen: object = None
        # What is told of each seat's spaces; known behind the reset.
        self.told: list[dict] = []
        self._agent = self.agents[0]

    def prepare(self, seed: int, hidden: HiddenState, seeded: list[str], warnings: list[str]) -> None:
        """Watches the generators of an environment that has just been made."""
        self._hidden = hidden

    def reset(self, seed: int, seeded: list[str]) -> tuple[object, dict]:
        """Starts the episode; returns what the first agent sees, and whose turn it is."""
        env = self.env
        env.reset(seed=seed)
        seeded.append("env")
        if self.draws:
            for agent in self.agents:
                space_seed = getattr(env.action_space(agent), "seed", None)
                if space_seed is not None:
                    space_seed(agent_space_seed(agent, seed))
                    seeded.append(f"action_space/{agent}")
        self._hidden.watch_environment(unwrap(env))
        return self._look(), self._info()

    def roots(self) -> list[tuple[str, object]]:
        """From where every generator of the environment is reached."""
        spaces = [(f"action_space/{agent}", self.env.action_space(agent)) for agent in self.agents] if self.draws else []
        return [*spaces, ("env", self.env)]

    def space(self) -> object:
        """The action space of whose turn it is. Asked for where it is needed only: some make it anew each time."""
        return self.env.action_space(self._agent)

    def spaces(self) -> list[dict]:
        """What can be told of each seat's spaces, behind the reset: `{action, observation}`."""
        told = []
        for agent in self.agents:
            told.append(told_spaces(self._space("action_space", agent), self._space("observation_space", agent)))
        return told

    def _space(self, name: str, agent: str) -> object:
        ask = getattr(self.env, name, None)
        try:
            return None if ask is None else ask(agent)
        except Exception:
            return None

    def checked(self, value: object) -> object:
        """The action that a plain value stands for; raises IllegalAction where it stands for none or may not be taken."""
        legal = self.legal
        action = coerce(self.env.action_space(self._agent), value)
        if legal is not None and int(action) not in legal:
            error = IllegalAction(f"{int(action)} is not one of the legal actions {_shown(legal)}")
            error.value = value
            raise error
        return action

    def restored(self, value: object) -> object:
        """A sampled action as it was before it was recorded."""
        return restore(self.env.action_space(self._agent), value)

    def step(self, number: int, action: object) -> tuple[tuple, float]:
        """Makes a move; returns what Gymnasium's `step()` would, and the first agent's reward as a float."""
        env, agents = self.env, self.agents
        env.step(action)
        rewards = env.rewards
        reward = float(rewards.get(agents[0], 0))
        told = None
        if len(agents) != 2 or reward + float(rewards.get(agents[1], 0)) != 0.0:
            told = {agent: float(rewards.get(agent, 0)) for agent in agents}
        ends, cuts = env.terminations, env.truncations
        over, ended = True, False
        for agent in env.agents:
            if ends.get(agent):
                ended = True
            elif not cuts.get(agent):
                over = False
        while not over and (ends.get(env.agent_selection) or cuts.get(env.agent_selection)):
            # Who is out while others play on has no move to make, and says so.
            env.step(None)
            ends, cuts = env.terminations, env.truncations
        seen = self._look()
        info = {} if over else self._info()
        if told is not None:
            info["rewards"] = told
        return (seen, reward, over and ended, over and not ended, info), reward

    def _look(self) -> object:
        """What the agent sees whose turn it is, and which actions are legal for it."""
        env = self.env
        agent = self._agent = env.agent_selection
        self.turn = self._seats[agent]
        seen = self.seen = env.observe(agent)
        self.legal = self._own_legal() if self._own_legal is not None else _masked(env, agent, seen)
        return seen

    def _info(self) -> dict:
        told = self.env.infos.get(self._agent)
        return {"agent": self._agent, "told": told} if told else {"agent": self._agent}


def _masked(env: object, agent: str, seen: object) -> list | None:
    """The numbers of the legal actions, where observation or info has a mask of them."""
    mask = seen.get("action_mask") if type(seen) is dict else None
    if mask is None:
        info = env.infos.get(agent)
        mask = info.get("action_mask") if type(info) is dict else None
    return None if mask is None else [number for number, legal in enumerate(mask) if legal]


def _shown(legal: list) -> str:
    return str(legal) if len(legal) <= _SHOWN_MOST else f"[{', '.join(map(str, legal[:_SHOWN_MOST]))}, …]"
