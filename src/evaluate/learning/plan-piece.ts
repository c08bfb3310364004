import { pythonLiteral } from "../../harness/python-literal.ts";
import { harnessHeader, renderSeatHost, seedLiteral } from "../../harness/render-rollout.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Limits } from "../../model/limits.ts";
import { pieceSeed } from "../../model/seed.ts";
import {
  firstLinkFd,
  refereeWallMs,
  type ScriptPlace,
  scriptMember,
  seatLimits,
} from "../../rollout/plan-rollout.ts";
import type { BackendReceipt, GroupPlan, JobFile, Link, SandboxPlan } from "../../sandbox/contract.ts";
import { defaultClocks } from "../../games/game-spec.ts";
import type { Opponent } from "./opponent.ts";
import type { TrainingSettings } from "./training-settings.ts";

/** Some of a training's episodes, from the first number to before the last. */
export interface LearningPiece {
  readonly settings: TrainingSettings;
  readonly opponent: Opponent;
  readonly first: number;
  readonly last: number;
  /** What the piece before handed back; undefined for the first. */
  readonly table: Buffer | undefined;
}

const tablePath = "/tmp/learning/table";
const seats = ["X", "O"] as const;

/**
 * Decides what runs in which sandbox: the learner, and an opponent that is source once for each seat, each at a link of its
 * own.
 */
export function planPiece(
  piece: LearningPiece,
  limits: Limits,
  receipt: BackendReceipt,
): Pick<GroupPlan, "members" | "links"> {
  const { opponent, table, settings, first } = piece;
  const files: JobFile[] = table === undefined ? [] : [{ path: tablePath, data: table }];
  const most = seatLimits(limits, null, seats.length);
  const place = { seed: pieceSeed(settings.seed, first), receipt };
  const opponents =
    opponent.kind === "source"
      ? seats.map((seat) => seatOf(opponent, seat, { ...place, role: `seat ${seat}`, limits: most }))
      : [];
  const wallMs = refereeWallMs(limits, opponents.length);
  const learner = { ...place, role: "referee", limits: { ...limits, wallMs } } as const;
  return {
    members: [scriptMember("learner.py", renderLearner(piece, limits), files, learner), ...opponents],
    links: opponents.map((_, at): Link => [0, at + 1]),
  };
}

/** The script that learns a piece, the seed a literal in it. */
export function renderLearner(piece: LearningPiece, limits: Limits): string {
  const { settings, first, last, table } = piece;
  const { plannedEpisodes, alpha, epsilon, gamma, initial } = settings;
  return [
    harnessHeader,
    "from sameseed.learning.job import run",
    `SEED = ${seedLiteral(settings.seed)}`,
    `run(seed=SEED, episodes=${pythonLiteral([first, last])}, planned=${pythonLiteral(plannedEpisodes)}, ` +
      `alpha=${pythonLiteral(alpha)}, epsilon=${pythonLiteral(epsilon)}, gamma=${pythonLiteral(gamma)},`,
    `    initial=${pythonLiteral(initial)}, opponent=${pythonLiteral(opponentArgument(piece, limits))}, ` +
      `table=${pythonLiteral(table === undefined ? null : tablePath)})`,
    "",
  ].join("\n");
}

function opponentArgument({ opponent, settings, first }: LearningPiece, { wallMs }: Limits): JsonObject {
  if (opponent.kind === "self") return { kind: "self" };
  if (opponent.kind === "builtin") return { kind: "builtin", name: opponent.name };
  const links = Object.fromEntries(seats.map((seat, at) => [seat, firstLinkFd + at]));
  const seed = pieceSeed(settings.seed, first);
  return { kind: "remote", links, seed, answer_ms: defaultClocks.moveWallMs, wall_ms: wallMs };
}

function seatOf(
  { name, source }: Extract<Opponent, { kind: "source" }>,
  seat: string,
  place: ScriptPlace,
): SandboxPlan {
  const path = `/tmp/policy/${name}`;
  const text = renderSeatHost({
    seed: place.seed,
    seat,
    // A seat's only link has the first descriptor too.
    fd: firstLinkFd,
    path,
    mode: "keep",
    moveCpuMs: defaultClocks.moveCpuMs,
  });
  return scriptMember("seat_harness.py", text, [{ path, data: Buffer.from(source) }], place);
}
