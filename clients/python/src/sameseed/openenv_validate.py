"""OpenEnv's validator with Sameseed's graders.

    python -m sameseed.openenv_validate http://127.0.0.1:8900/openenv/CartPole-v1

plays an episode of a running environment, and runs the graders of OpenEnv's own that need no container, and Sameseed's.
Anything else is given to `openenv validate`, which knows the graders of the entry-point group `openenv.validation.graders`
then: openenv 0.10.0 has the group, and never reads it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from .openenv_checks.credentials import headers_for, token_for
from .openenv_checks.graders import OTHER_HOSTS

_STARTUP = "runtime.startup"


class UnknownCheck(ValueError):
    """A check was asked for that would not be run."""


def load_entry_points() -> None:
    """Lets `openenv.validation.run_validation`, in this process, know the graders of the entry-point group. May be called repeatedly."""
    from openenv.validation import runner

    original = runner.default_grader_registry
    if getattr(original, "reads_entry_points", False):
        return

    def with_entry_points(policy: Any) -> Any:
        registry = original(policy)
        registry.load_entry_points()
        return registry

    with_entry_points.reads_entry_points = True  # type: ignore[attr-defined]
    runner.default_grader_registry = with_entry_points


def validate(
    base_url: str,
    *,
    plan: dict[str, Any] | None = None,
    steps: int = 20,
    seed: int = 1,
    timeout: float = 60.0,
    other_hosts: Sequence[str] = (),
    checks: Collection[str] = (),
    token_file: Path | None = None,
) -> dict[str, Any]:
    """Checks a running environment: `{verdict, results}`. Without a plan the actions are drawn from its `/schema`.

    `checks` are the identifiers of those that are run, beside what they depend on; without any, all are. One that there is no
    grader for is refused with `UnknownCheck`. The token of `token_file` is sent to this
    environment's server; without it, that of `SAMESEED_TOKEN_FILE` is sent to the server of `SAMESEED_URL` and to no other.
    """
    from openenv.validation import Lane, apply_policy, load_policy
    from openenv.validation.runtime.contracts import RuntimePlan

    base = base_url.rstrip("/")
    registry = _registry()
    with token_for(base, token_file), _naming(other_hosts) as hosts:
        manifest = _manifest(base, timeout)
        graders = _chosen(registry, manifest, checks)
        chosen = RuntimePlan.model_validate(plan or _drawn_plan(base, steps, seed))
        results = _results(base, chosen, manifest, graders)
    lane = Lane.HUB if hosts else Lane.LOCAL
    verdict = apply_policy(results, load_policy("v2"), lane)
    return {"verdict": verdict.value, "results": [result.model_dump(mode="json") for result in results]}


def _registry() -> Any:
    """OpenEnv's own graders that need no container, and those of the entry-point group."""
    from openenv.validation import GraderRegistry
    from openenv.validation.graders import runtime

    registry = GraderRegistry()
    for own in (runtime.RewardWellFormedGrader, runtime.ObservationSchemaGrader, runtime.StateContractGrader):
        registry.register(own())
    registry.load_entry_points()
    return registry


def _chosen(registry: Any, manifest: Any, checks: Collection[str]) -> list[Any]:
    """The graders of the checks, and of those they depend on: without these they would be skipped. Without checks, all."""
    from openenv.validation import Level, load_policy

    graders = {grader.check_id: grader for grader in registry.select(manifest, Level.SEMANTIC)}
    if not checks:
        return list(graders.values())
    known = [_STARTUP, *(entry.check_id for entry in load_policy("v2").entries if registry.get(entry.check_id))]
    wanted: set[str] = set()
    for name in checks:
        if name != _STARTUP and registry.get(name) is None:
            [nearest] = get_close_matches(name, known, n=1, cutoff=0)
            raise UnknownCheck(f"there is no check {name}; the nearest is {nearest}")
        if name != _STARTUP and name not in graders:
            raise UnknownCheck(f"{name} does not apply to this environment, or needs --other-host")
        wanted.add(name)
    left = list(wanted)
    while left:
        grader = graders.get(left.pop())
        further = set(grader.depends_on if grader else ()) - wanted
        wanted |= further
        left += further
    return [grader for name, grader in graders.items() if name in wanted]


def _results(base: str, plan: Any, manifest: Any, graders: Sequence[Any]) -> list[Any]:
    """Plays the plan, and has what was recorded graded."""
    from openenv.validation import Subject
    from openenv.validation.runtime.collector import collect_runtime_evidence
    from openenv.validation.runtime.scheduler import execute_graders

    evidence = collect_runtime_evidence(base, plan, episode_timeout_s=manifest.resources.episode_timeout_s)
    subject = Subject(
        root=Path(),
        manifest=manifest,
        image_ref=None,
        running=_Running(base),
        outputs_dir=Path(os.devnull),
        runtime_evidence=evidence,
    )
    startup = _startup(evidence)
    return [startup, *execute_graders(graders, subject, prior=[startup])]


@contextmanager
def _naming(hosts: Sequence[str]) -> Iterator[list[str]]:
    """Names other hosts to the grader, which the validator makes without arguments. Gives those that are named."""
    before = os.environ.get(OTHER_HOSTS, "")
    os.environ[OTHER_HOSTS] = " ".join(hosts) or before
    try:
        yield os.environ[OTHER_HOSTS].split()
    finally:
        os.environ[OTHER_HOSTS] = before


class _Running:
    """A subject that somebody else has started. It has no `exec`: nothing can be run in it but an episode."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def inspect(self) -> dict[str, Any]:
        return {}

    def logs(self, max_bytes: int = 65536) -> str:
        return ""

    def stop(self) -> None:
        pass


def _startup(evidence: Any) -> Any:
    from openenv.validation import CheckResult, CheckStatus

    failed = evidence.failure_reason
    return CheckResult(
        check_id=_STARTUP,
        status=CheckStatus.FAIL if failed else CheckStatus.PASS,
        evidence=[failed or "an episode was played"],
        duration_s=0,
    )


def _manifest(base: str, timeout: float) -> Any:
    from openenv.validation import NormalizedManifest

    wide = {"range": (-sys.float_info.max, sys.float_info.max), "floor_margin": 0}
    return NormalizedManifest.model_validate(
        {
            "manifest_schema_version": "1",
            "name": base,
            "signature": "openenv.yaml",
            "reward": wide,
            "resources": {"cpu": 1, "memory_mb": 1024, "disk_mb": 1024, "episode_timeout_s": timeout},
            "capabilities": {"verifier": {"kind": "reward_channel"}},
            "types": {"tags": ["running"]},
        }
    )


def _drawn_plan(base: str, steps: int, seed: int) -> dict[str, Any]:
    request = urllib.request.Request(f"{base}/schema")
    for name, value in headers_for(base).items():
        # Any other header is sent on to wherever the answer redirects.
        request.add_unredirected_header(name, value)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        schema = json.load(answer)["action"]
    generator = random.Random(seed)
    return {
        "plan_schema_version": "1",
        "reset": {"episode_id": "sameseed-validate", "seed": seed},
        "actions": [_drawn(schema, generator) for _ in range(steps)],
    }


def _drawn(schema: dict[str, Any], generator: random.Random) -> Any:
    """A value of a JSON Schema, as far as schemas of actions go."""
    if "const" in schema or "default" in schema:
        return schema.get("const", schema.get("default"))
    if "enum" in schema:
        return generator.choice(schema["enum"])
    kind = schema.get("type")
    if kind == "object":
        return {name: _drawn(each, generator) for name, each in schema.get("properties", {}).items()}
    if kind == "array":
        items = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 1)
        return [_drawn(each, generator) for each in items]
    if kind in ("integer", "number"):
        low = schema.get("minimum", 0)
        high = schema.get("maximum", low + 1)
        return generator.randint(low, high) if kind == "integer" else generator.uniform(low, high)
    if kind == "boolean":
        return generator.random() < 0.5
    if kind == "string":
        return "a" * schema.get("minLength", 1)
    raise SystemExit("no action can be drawn from the environment's /schema: give a runtime plan with --plan")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Gives 0 where nothing failed, and 1 where something did; a check that cannot be run ends it with 2."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not any(each.startswith(("http://", "https://")) for each in given[:1]) and given[:1] not in (["-h"], ["--help"]):
        return _own_command(given)
    parser = argparse.ArgumentParser(prog="python -m sameseed.openenv_validate", description=__doc__)
    parser.add_argument("url", help="base URL of a running environment")
    parser.add_argument("--plan", type=Path, help="OpenEnv's runtime plan, as JSON: reset and actions")
    parser.add_argument("--steps", type=int, default=20, help="actions to draw where there is no plan")
    parser.add_argument("--seed", type=int, default=1, help="seed of the drawn plan")
    parser.add_argument("--timeout", type=float, default=60.0, help="seconds an episode may take")
    parser.add_argument("--other-host", action="append", default=[], help="base URL of the same environment elsewhere")
    parser.add_argument("--check", action="append", default=[], help="run this check and what it depends on; may be repeated")
    parser.add_argument("--token-file", type=Path, help="file with the token that the environment's server asks for")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(given)
    plan = json.loads(options.plan.read_text()) if options.plan else None
    try:
        report = validate(
            options.url,
            plan=plan,
            steps=options.steps,
            seed=options.seed,
            timeout=options.timeout,
            other_hosts=options.other_host,
            checks=options.check,
            token_file=options.token_file,
        )
    except UnknownCheck as error:
        parser.error(str(error))
    print(json.dumps(report, indent=2) if options.json else _shown(report))
    return 1 if report["verdict"] == "fail" else 0


def _own_command(given: list[str]) -> int:
    from openenv.cli.__main__ import app

    load_entry_points()
    sys.argv = ["openenv", "validate", *given]
    app()
    return 0


def _shown(report: dict[str, Any]) -> str:
    lines = []
    for result in report["results"]:
        lines.append(f"{result['status'].upper():5} {result['check_id']} ({result['duration_s']:.2f}s)")
        if result["status"] != "pass":
            lines += [f"      {line}" for line in result["evidence"]]
    return "\n".join([*lines, f"Verdict: {report['verdict'].upper()}"])


if __name__ == "__main__":
    sys.exit(main())
