/*
 * The corpus of bad policies: what each is and must get, and how it is played against an honest opponent. Every one of them
 * plays the first empty cell for as long as it behaves, so an honest policy that always does tells what the game must be up
 * to the fault, or to the end.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { parseTrajectoryBlob, recordsOf } from "../../src/trajectory/trajectory-blob.ts";
import { playGames, type GameResult, type GameSpec } from "../../src/games/play-games.ts";

const folder = join(import.meta.dirname, "policies");

/** What a bad policy's header says. */
export interface BadPolicy {
  readonly id: string;
  readonly source: string;
  /** A fault; `none` where all it does comes to nothing; or a fault in some of its games only. */
  readonly verdict: string;
  /** The move that is not made any more; undefined where that is before the first. */
  readonly at: number | undefined;
  readonly seat: "X" | "O";
  readonly mode: "keep" | "restart";
  readonly games: number;
  /** What its message must match. */
  readonly says: RegExp | undefined;
  readonly limits: Readonly<Record<string, number>>;
  readonly clocks: Readonly<Record<string, number>>;
  /** `host` for one that needs real time to pass. */
  readonly world: "sealed" | "host";
  /** Whether it needs control groups to get this verdict. */
  readonly needsGroups: boolean;
  /** Whether it gets through where policies and referee share a process. */
  readonly control: boolean;
  readonly why: string;
}

const keys = new Set([
  "verdict",
  "at",
  "seat",
  "mode",
  "games",
  "says",
  "limits",
  "clocks",
  "world",
  "needs",
  "control",
  "why",
]);

/** Reads every bad policy, in the order of the names. */
export function loadBadPolicies(): BadPolicy[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".py"))
    .sort()
    .map((name) => parse(name, readFileSync(join(folder, name), "utf8")));
}

function parse(name: string, source: string): BadPolicy {
  const header = new Map<string, string>();
  for (const [, key = "", value = ""] of source.matchAll(/^# (\w+): (.*)$/gm)) {
    if (!keys.has(key) || header.has(key)) throw new Error(`${name}: ${key} is no header, or there twice`);
    header.set(key, value);
  }
  const numbers = (key: string): Record<string, number> =>
    Object.fromEntries(
      (header.get(key) ?? "")
        .split(" ")
        .filter(Boolean)
        .map((pair) => [pair.split("=")[0] ?? "", Number(pair.split("=")[1])]),
    );
  const says = header.get("says");
  const verdict = header.get("verdict");
  if (verdict === undefined || !header.has("why"))
    throw new Error(`${name}: a verdict and a reason are needed`);
  return {
    id: name.replace(/\.py$/, ""),
    source,
    verdict,
    at: header.has("at") ? Number(header.get("at")) : undefined,
    seat: header.get("seat") === "O" ? "O" : "X",
    mode: header.get("mode") === "restart" ? "restart" : "keep",
    games: Number(header.get("games") ?? 1),
    says: says === undefined ? undefined : new RegExp(says, "i"),
    limits: numbers("limits"),
    clocks: numbers("clocks"),
    world: header.get("world") === "host" ? "host" : "sealed",
    needsGroups: header.get("needs") === "groups",
    control: header.get("control") === "in-process",
    why: header.get("why")!,
  };
}

/** The table of all verdicts, as the documentation has it. */
export function verdictTable(policies: readonly BadPolicy[]): string {
  const rows = policies.map(({ id, seat, mode, verdict, at, why }) => {
    const plays = [seat, ...(mode === "keep" ? [] : [mode])].join(", ");
    const when = at === undefined || verdict === "none" ? "" : ` at move ${at}`;
    return `| [${id}](../../tests/security/policies/${id}.py) | ${plays} | ${verdict}${when} | ${why} |`;
  });
  return ["| policy | seat | verdict | why it is tried |", "|---|---|---|---|", ...rows].join("\n");
}

/** Below 64, which is as far as the policy that looks for it guesses. */
const batchSeed = 7;

/** What each bad policy plays as long as it behaves. */
export const honestSource = "def choose_action(board, player, rng):\n    return board.index(None)\n";

/** The other side: it draws from its stream at every move. The bad policies look for the word in its comment. */
export const opponentSource = `# opponents-own-mark
def choose_action(board, player, rng):
    return rng.choice([cell for cell in range(9) if board[cell] is None])
`;

/** Plays a policy against the honest opponent. */
export async function playAgainstHonest(
  policy: Pick<BadPolicy, "seat" | "mode" | "games" | "limits" | "clocks" | "world"> & {
    readonly source: string;
  },
): Promise<GameResult[]> {
  const own = { source: policy.source, name: "policy.py" };
  const other = { source: opponentSource, name: "opponent.py" };
  const spec: GameSpec = {
    game: "tictactoe",
    seats: policy.seat === "X" ? [own, other] : [other, own],
    mode: policy.mode,
    world: policy.world,
    // Enough for a loaded machine; the policies that are to run out of it say so in their headers.
    limits: { wallMs: 60_000, ...policy.limits },
    clocks: { moveCpuMs: 5000, bankCpuMs: 20_000, moveWallMs: 30_000, ...policy.clocks },
  };
  const keyed = Array.from({ length: policy.games }, (_, game) => ({ seed: batchSeed, game }));
  const results: GameResult[] = [];
  for await (const result of playGames(spec, keyed, { concurrency: 2 })) results.push(result);
  return results.sort((a, b) => a.game - b.game);
}

/** The records of a game as texts: reset, steps, closing. */
export function recordsIn({ rollout }: GameResult): string[] {
  if (rollout === undefined) return [];
  return [...recordsOf(parseTrajectoryBlob(rollout.trajectory))].map((each) =>
    Buffer.from(each).toString("hex"),
  );
}
