import { sha256Of } from "../../base/digest.ts";
import { pythonLiteral } from "../../harness/python-literal.ts";
import { renderSeatHost } from "../../harness/render-game.ts";
import { seedLiteral } from "../../harness/render-harness.ts";
import type { JsonObject } from "../../model/json.ts";
import type { Limits } from "../../model/limits.ts";
import type { GroupPlan, JobFile, Link, SandboxPlan } from "../../sandbox/contract.ts";
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
/** The first descriptor after the standard three and the host's stream; a seat's only link has the same. */
const firstLinkFd = 4;
/** How much later than an opponent's the learner's wall time ends: it waits while the opponent thinks. */
const learnerGraceMs = 1000;
const seats = ["X", "O"] as const;

/**
 * Decides what runs in which sandbox: the learner, and an opponent that is source once for each seat, each at a link of its
 * own.
 */
export function planPiece(piece: LearningPiece, limits: Limits): Pick<GroupPlan, "members" | "links"> {
  const { opponent, table } = piece;
  const files: JobFile[] = table === undefined ? [] : [{ path: tablePath, data: table }];
  const opponents =
    opponent.kind === "source" ? seats.map((seat) => seatOf(piece, opponent, seat, limits)) : [];
  const wallMs = limits.wallMs + (opponents.length > 0 ? learnerGraceMs : 0);
  return {
    members: [script("learner.py", renderLearner(piece), files, { ...limits, wallMs }), ...opponents],
    links: opponents.map((_, at): Link => [0, at + 1]),
  };
}

/** The script that learns a piece, the seed a literal in it. */
export function renderLearner(piece: LearningPiece): string {
  const { settings, first, last, table } = piece;
  const { plannedEpisodes, alpha, epsilon, gamma, initial } = settings;
  return [
    "# Sameseed harness, format 1.",
    "from sameseed.learning.job import run",
    `SEED = ${seedLiteral(settings.seed)}`,
    `run(seed=SEED, episodes=${pythonLiteral([first, last])}, planned=${pythonLiteral(plannedEpisodes)}, ` +
      `alpha=${pythonLiteral(alpha)}, epsilon=${pythonLiteral(epsilon)}, gamma=${pythonLiteral(gamma)},`,
    `    initial=${pythonLiteral(initial)}, opponent=${pythonLiteral(opponentArgument(piece))}, ` +
      `table=${pythonLiteral(table === undefined ? null : tablePath)})`,
    "",
  ].join("\n");
}

function opponentArgument(piece: LearningPiece): JsonObject {
  const { opponent } = piece;
  if (opponent.kind === "self") return { kind: "self" };
  if (opponent.kind === "builtin") return { kind: "builtin", name: opponent.name };
  const links = Object.fromEntries(seats.map((seat, at) => [seat, firstLinkFd + at]));
  return { kind: "remote", links, seed: pieceSeed(piece), wall_ms: defaultClocks.moveWallMs };
}

function seatOf(
  piece: LearningPiece,
  { name, source }: Extract<Opponent, { kind: "source" }>,
  seat: string,
  limits: Limits,
): SandboxPlan {
  const path = `/tmp/policy/${name}`;
  const text = renderSeatHost({
    seed: pieceSeed(piece),
    seat,
    fd: firstLinkFd,
    path,
    mode: "keep",
    moveCpuMs: defaultClocks.moveCpuMs,
  });
  return script("seat_harness.py", text, [{ path, data: Buffer.from(source) }], limits);
}

/** What an opponent draws from in a piece: the training's seed is not its to know, and every piece differs. */
function pieceSeed({ settings, first }: LearningPiece): number {
  const digest = sha256Of(["sameseed/learning-piece/1\0", `${settings.seed}\0${first}`]);
  return Number(digest.readBigUInt64BE() >> 11n);
}

function script(name: string, source: string, files: readonly JobFile[], limits: Limits): SandboxPlan {
  return { job: { entry: "script", name, source, files, env: {} }, limits };
}
