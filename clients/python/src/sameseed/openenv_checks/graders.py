"""Graders for checks of OpenEnv's validator (RFC 008) that it ships none for.

They are registered by the entry-point group `openenv.validation.graders`. Each plays episodes over the subject's `/ws`, and
compares all that comes back to the last bit. What cannot be measured is skipped with the reason, and never passed.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from openenv.validation import CheckResult, CheckStatus, Level

from .containment import NotMeasured, reached_from_inside
from .session import Episode, NoRoom, Session, SessionError, first_difference, play_alone

#: Base URLs of the same environment on other hosts, separated by spaces: for `hub.cross_host_determinism`.
OTHER_HOSTS = "SAMESEED_OPENENV_HOSTS"

_TIMES = 3
_SEEDS = 8
_AT_ONCE = 4
_SEED_NAMES = frozenset(("seed", "episode_id"))

_Answers = list[dict[str, Any]]


class Recorded:
    """The episode that the validator itself has recorded, and how to play it again."""

    def __init__(self, subject: Any) -> None:
        evidence = subject.runtime_evidence
        if subject.running is None or evidence is None or evidence.failure_reason:
            raise NotMeasured("no episode was recorded")
        self.subject = subject
        self.base_url: str = subject.running.base_url
        self.timeout = float(subject.manifest.resources.episode_timeout_s)
        rows = [row for row in evidence.exchanges if row.operation in ("reset", "step")]
        if len(rows) < 2:
            raise NotMeasured("the recorded episode has no step")
        asked = [json.loads(row.request_json).get("data") for row in rows]
        self.episode = Episode(asked[0], tuple(asked[1:]))
        self.answers: _Answers = [json.loads(row.response_json)["data"] for row in rows]

    def play(self, episode: Episode | None = None) -> _Answers:
        """Plays it, or another episode, over a connection of its own."""
        return play_alone(self.base_url, episode or self.episode, self.timeout)

    def others(self) -> list[Episode]:
        """The same actions from other seeds."""
        return [self.episode.with_seed((self.episode.seed + more) % 2**31) for more in range(1, _SEEDS)]


class _Grader:
    check_id: str
    level: Level = Level.RUNTIME
    requires_capabilities: frozenset[str] = frozenset()
    requires_provider: frozenset[Any] = frozenset()
    depends_on: tuple[str, ...] = ("runtime.startup",)
    remediation = "Let everything an episode gives follow from its seed and its actions alone."

    def applies_to(self, manifest: Any) -> bool:
        return True

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        """What is wrong, and what was measured."""
        raise NotImplementedError

    def run(self, subject: Any) -> CheckResult:
        started = time.monotonic()
        measured: dict[str, Any] = {}
        try:
            problems, measured = self.check(Recorded(subject))
            status = CheckStatus.FAIL if problems else CheckStatus.PASS
        except NotMeasured as reason:
            status, problems = CheckStatus.SKIP, [str(reason)]
        except NoRoom as error:
            status, problems = CheckStatus.SKIP, [f"the environment has no room for another session: {error}"]
        except SessionError as error:
            # The episode has been played once: that it cannot be played again is the finding.
            status, problems = CheckStatus.FAIL, [f"the recorded episode cannot be played again: {error}"]
        return CheckResult(
            check_id=self.check_id,
            status=status,
            measured=measured,
            evidence=problems[:20] or ["no difference was found"],
            remediation=self.remediation if status is CheckStatus.FAIL else None,
            duration_s=time.monotonic() - started,
        )


class SeedControl(_Grader):
    """The same seed gives the same episode, and seeds are not all the same."""

    check_id = "runtime.seed_control"
    remediation = "Draw everything that is random from a generator that reset(seed=…) makes."

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        own = recorded.play()
        problem = first_difference(recorded.answers, own)
        if problem is not None:
            return [f"seed {recorded.episode.seed} twice: {problem}"], {"seeds": 1}
        others = [recorded.play(episode) for episode in recorded.others()]
        distinct = sum(first_difference(own, other, _SEED_NAMES) is not None for other in others)
        measured = {"seeds": _SEEDS, "differ_from_the_first": distinct}
        if distinct > 0:
            return [], measured
        unseeded = {name: value for name, value in recorded.episode.reset.items() if name != "seed"}
        free = [recorded.play(Episode(unseeded, recorded.episode.actions)) for _ in range(_TIMES)]
        if any(first_difference(own, each, _SEED_NAMES) is not None for each in free):
            return [f"{_SEEDS} seeds give one episode, but resets without one differ: the seed is not used"], measured
        raise NotMeasured(f"{_SEEDS} seeds and {_TIMES} resets without one give one episode: nothing is random here")


class EpisodeDeterminism(_Grader):
    """The same seed and actions give the same answers, each time in a fresh session."""

    check_id = "runtime.episode_determinism"

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        played = [recorded.play() for _ in range(_TIMES)]
        return _problems(recorded.answers, played), {"times": _TIMES, "steps": len(recorded.answers) - 1}


class EpisodeIsolation(_Grader):
    """An episode is the same beside another one, and after another one in the same session."""

    check_id = "runtime.episode_isolation"
    remediation = "Keep nothing outside of the environment's object, and let reset() make all of it anew."

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        other = recorded.others()[0]
        found = {"after an unfinished episode": self._after(recorded, other)}
        try:
            found["beside another session"] = self._beside(recorded, other)
        except NoRoom as error:
            # What was found without a second session is found nevertheless.
            if not any(found.values()):
                raise NotMeasured(f"the environment has no room for two sessions at once: {error}") from error
        problems = [f"{how}: {problem}" for how, problem in found.items() if problem is not None]
        return problems, {"compared": len(found)}

    def _beside(self, recorded: Recorded, other: Episode) -> str | None:
        """Steps of the two in turn."""
        episode = recorded.episode
        with Session(recorded.base_url, recorded.timeout) as one, Session(recorded.base_url, recorded.timeout) as two:
            answers = [one.ask("reset", episode.reset)]
            beside = two.ask("reset", other.reset)
            for action, further in zip(episode.actions, reversed(other.actions)):
                if answers[-1].get("done") is True:
                    break
                if beside.get("done") is not True:
                    beside = two.ask("step", further)
                answers.append(one.ask("step", action))
        return first_difference(recorded.answers, answers)

    def _after(self, recorded: Recorded, other: Episode) -> str | None:
        with Session(recorded.base_url, recorded.timeout) as session:
            session.play(Episode(other.reset, other.actions[: max(1, len(other.actions) // 2)]))
            return first_difference(recorded.answers, session.play(recorded.episode))


class HostContainment(_Grader):
    """What runs inside cannot reach the host's files, processes and sockets."""

    check_id = "runtime.host_containment"
    remediation = "Run the environment in a sandbox of its own: files, processes, network and shared memory."

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        reset = recorded.episode.reset
        found = reached_from_inside(recorded.subject.running, recorded.base_url, reset, recorded.timeout)
        return found, {"looked_for": 8, "reached": len(found)}


class VerifierDeterminism(_Grader):
    """The same actions have the same rewards and the same end, also when several sessions are judged at once."""

    check_id = "semantic.verifier_determinism"
    level = Level.SEMANTIC
    depends_on = ("runtime.startup", "runtime.episode_determinism")
    remediation = "Judge in a fresh process, by what was done alone: no clock, no load, no order of a set."

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        try:
            played = [*self._at_once(recorded), *self._at_once(recorded)]
        except NoRoom as error:
            raise NotMeasured(f"the environment has no room for {_AT_ONCE} sessions at once: {error}") from error
        manifest = recorded.subject.manifest
        given = manifest.reward.variance_tolerance if manifest.capabilities.llm_judged else None
        measured = {"times": len(played), "at_once": _AT_ONCE}
        if given is not None:
            widest = _widest([recorded.answers, *played])
            return ([f"rewards of one step differ by {widest}"] if widest > given else []), measured
        verdicts = [_verdicts(answers) for answers in played]
        return _problems(_verdicts(recorded.answers), verdicts), measured

    def _at_once(self, recorded: Recorded) -> list[_Answers]:
        """Plays it in several sessions. No step is taken before all have begun: one that waits for room would be judged alone."""
        episode = recorded.episode
        with ExitStack() as stack:
            sessions = [stack.enter_context(Session(recorded.base_url, recorded.timeout)) for _ in range(_AT_ONCE)]
            pool = stack.enter_context(ThreadPoolExecutor(_AT_ONCE))
            begun = list(pool.map(lambda session: session.ask("reset", episode.reset), sessions))
            return list(pool.map(lambda session, first: session.go_on(first, episode), sessions, begun))


class Replayability(_Grader):
    """From its record alone, an episode can be had again."""

    check_id = "semantic.replayability"
    level = Level.SEMANTIC
    depends_on = ("runtime.startup", "runtime.episode_determinism")

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        record = {"reset": recorded.episode.reset, "actions": recorded.episode.actions, "answers": recorded.answers}
        outputs = Path(recorded.subject.outputs_dir)
        if not outputs.is_dir():
            text = json.dumps(record)
        else:
            path = outputs / "sameseed-record.json"
            path.write_text(json.dumps(record, indent=1))
            text = path.read_text()
        read = json.loads(text)
        answers = recorded.play(Episode(read["reset"], tuple(read["actions"])))
        return _problems(read["answers"], [answers]), {"steps": len(answers) - 1}


class CrossHostDeterminism(_Grader):
    """Another host gives the same answers. The hosts are those that `SAMESEED_OPENENV_HOSTS` names."""

    check_id = "hub.cross_host_determinism"
    remediation = "Pin the image by its digest, and let no result follow from the processor or the clock."

    def applies_to(self, manifest: Any) -> bool:
        # The check is of the operators' lane: a local report with it is an error of the validator's.
        return bool(os.environ.get(OTHER_HOSTS, "").split())

    def check(self, recorded: Recorded) -> tuple[list[str], dict[str, Any]]:
        hosts = os.environ.get(OTHER_HOSTS, "").split()
        if not hosts:
            raise NotMeasured(f"no other host is named in {OTHER_HOSTS}")
        problems = []
        for at, host in enumerate(hosts):
            problem = first_difference(recorded.answers, play_alone(host, recorded.episode, recorded.timeout))
            if problem is not None:
                problems.append(f"host {at + 1} of {len(hosts)}: {problem}")
        return problems, {"hosts": len(hosts) + 1}




def _problems(first: _Answers, others: Sequence[_Answers]) -> list[str]:
    differences = [(at, first_difference(first, answers)) for at, answers in enumerate(others)]
    return [f"time {at + 2}: {problem}" for at, problem in differences if problem is not None]


def _verdicts(answers: _Answers) -> _Answers:
    return [{"reward": answer.get("reward"), "done": answer.get("done")} for answer in answers]


def _widest(episodes: Sequence[_Answers]) -> float:
    spans = []
    for step in zip(*episodes):
        rewards = [float(answer["reward"]) for answer in step if answer.get("reward") is not None]
        spans.append(max(rewards) - min(rewards) if rewards else 0.0)
    return max(spans, default=0.0)
