"""A no-op environment at OpenEnv's own server: the baseline of `sameseed bench serving-openenv`."""

import sys

import uvicorn
from openenv.core.env_server import Action, Environment, Observation, State, create_fastapi_app


class NoAction(Action):
    action: int = 0


class Nothing(Observation):
    observation: int = 0


class NoOp(Environment):
    SUPPORTS_CONCURRENT_SESSIONS = True

    def __init__(self) -> None:
        super().__init__()
        self._state = State(episode_id="0", step_count=0)

    def reset(self, seed=None, episode_id=None, **kwargs):
        self._state = State(episode_id=episode_id or "0", step_count=0)
        return Nothing(observation=0, reward=None, done=False)

    def step(self, action, timeout_s=None, **kwargs):
        self._state.step_count += 1
        return Nothing(observation=0, reward=0.0, done=False)

    @property
    def state(self):
        return self._state


app = create_fastapi_app(NoOp, NoAction, Nothing, max_concurrent_envs=16)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
