"""Scores of completions, and reward functions of trainers.

A score is null where nothing can be said of a completion, and a null is never made a 0: the trainer leaves it out, or is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

# Not relative: verl loads this file by its path, outside of its package.
from sameseed.client import Client, default_client
from sameseed.errors import SameseedError


def score(
    items: Sequence[Mapping[str, Any]], *, client: Client | None = None, **options: Any
) -> list[dict[str, Any]]:
    """Scores `{completion | files, task, limits?}` each; the results come in the order of the items.

    Tasks are those of docs/guide/scoring.md. Every test runs in a fresh sandbox, what it gives is compared outside of it.
    """
    if not items:
        return []
    chosen = client or default_client()
    # By default the server would give one request all its room, and wait until nothing else is open.
    body = {"items": list(items), "concurrency": min(len(items), 4), **options}
    results: list[dict[str, Any]] = chosen.request("POST", "/v1/scores", body, once=True)["results"]
    return results


def trl_reward(
    task: Mapping[str, Any] | None = None, *, column: str = "task", client: Client | None = None
) -> Callable[..., list[float | None]]:
    """A reward function for TRL's trainers: `GRPOTrainer(reward_funcs=[sameseed.trl_reward()], …)`.

    The task is the one that is given, else each row's `column`: a task, or its JSON. None for what cannot be judged, which the
    trainer leaves out of the group.
    """

    def reward(prompts: Any = None, completions: Any = None, **columns: Any) -> list[float | None]:
        texts = [text_of(completion) for completion in completions]
        tasks = [task] * len(texts) if task is not None else [_task(each) for each in columns[column]]
        items = [{"completion": text, "task": each} for text, each in zip(texts, tasks, strict=True)]
        return [result["score"] for result in score(items, client=client)]

    reward.__name__ = "sameseed_reward"
    return reward


def verl_reward(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: Any = None, **_: Any
) -> float:
    """verl's `custom_reward_function`: `ground_truth` is a task, or its JSON.

    verl has no reward that is left out. So what cannot be judged is tried again, and then an exception: never 0.
    """
    item = {"completion": solution_str, "task": _task(ground_truth)}
    result: dict[str, Any] = {}
    for _attempt in range(3):
        [result] = score([item])
        if result["score"] is not None:
            return float(result["score"])
        if not result["retryable"]:
            break
    raise SameseedError(
        "sandbox_failed", f"{data_source}: nothing can be said of the completion: {result.get('message', result['verdict'])}"
    )


def text_of(completion: Any) -> str:
    """A completion's text: of a conversation the assistant's last message."""
    if isinstance(completion, str):
        return completion
    said = [message for message in completion if message.get("role", "assistant") == "assistant"]
    content = said[-1].get("content") if said else ""
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _task(given: Any) -> Any:
    return json.loads(given) if isinstance(given, str) else given
