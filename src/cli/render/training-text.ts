import { exactWorth, type ExactWorth, type SeatWorth } from "../../evaluate/learning/exact-worth.ts";
import type { Improvement, ImprovementRound } from "../../evaluate/learning/improve-policy.ts";
import { qPolicyCode, qPolicyDigest } from "../../evaluate/learning/q-policy-code.ts";
import type { QTable } from "../../evaluate/learning/q-table.ts";
import type { TrainingSettings } from "../../evaluate/learning/training-settings.ts";
import { shellPath } from "../parse/shell-words.ts";
import { count } from "./numbers.ts";
import { printable } from "./safe-text.ts";
import type { Painter } from "./style.ts";
import { formatTable } from "./table.ts";

/** A training that came to its end. */
export interface Trained {
  readonly settings: TrainingSettings;
  readonly improvement: Improvement;
  /** The file that was written; null where none was. */
  readonly file: string | null;
}

/** One round on one line, as it is said while the work goes on. */
export function formatRound(round: ImprovementRound, paint: Painter): string {
  const { episodes, pairs, llr, promoted } = round;
  const verdict = promoted ? paint("good", "promoted") : round.verdict;
  return `round ${round.round}: ${count(episodes, "episode")}, ${count(pairs, "pair")}, LLR ${llr.toFixed(2)}, ${verdict}`;
}

/** The course and the result for people. */
export function formatTraining({ settings, improvement, file }: Trained, paint: Painter): string[] {
  const { champion, last, rounds, stopped } = improvement;
  const how =
    settings.against === "self"
      ? "self-play"
      : `against ${printable(settings.against.replace(/ sha256:[0-9a-f]{64}$/, ""))}`;
  const why = stopped === "patience" ? "stopped: no better policy was found" : "all episodes were played";
  const bounds =
    rounds[0] === undefined ? "" : ` in [${rounds[0].low.toFixed(2)}, ${rounds[0].high.toFixed(2)}]`;
  return [
    `tictactoe · ${how} · ${last.episodes} of ${count(settings.plannedEpisodes, "episode")} · seed ${settings.seed} · ${why}`,
    ...formatTable(
      [
        { title: "round", align: "right" },
        { title: "episodes", align: "right" },
        { title: "champion" },
        { title: "pairs", align: "right" },
        { title: "Ptnml" },
        { title: `LLR${bounds}`, align: "right" },
        { title: "verdict" },
      ],
      rounds.map((round) => roundRow(round, rounds, paint)),
    ).map((line) => `  ${line}`),
    "",
    ...championLines(champion, paint),
    ...fileLines(champion, file),
  ];
}

function fileLines(champion: QTable | undefined, file: string | null): string[] {
  if (champion === undefined || file === null) return [];
  return [`wrote ${printable(file)}`, `next: sameseed eval --x ${shellPath(file)} --o random --exact`];
}

function roundRow(round: ImprovementRound, rounds: readonly ImprovementRound[], paint: Painter): string[] {
  const { episodes, champion, pairs, pentanomial, llr, verdict, promoted } = round;
  const met = rounds.find(({ candidate, promoted: won }) => won && candidate === champion);
  return [
    String(round.round),
    String(episodes),
    met === undefined ? champion : `round ${met.round}`,
    String(pairs),
    `[${pentanomial.join(", ")}]`,
    llr.toFixed(2),
    promoted ? paint("good", "promoted") : verdict,
  ];
}

function championLines(champion: QTable | undefined, paint: Painter): string[] {
  if (champion === undefined)
    return [paint("bad", "no policy was better than random play, so none was saved")];
  const worth = exactWorth(champion);
  const seats = ({ x, o }: SeatWorth): string => `${signed(x)} as X, ${signed(o)} as O`;
  return [
    `the policy of ${count(champion.episodes, "episode")}: ${count(champion.rows.size, "board")} · ${qPolicyDigest(qPolicyCode(champion))}`,
    `  exact value against random play   ${seats(worth.againstRandom)}`,
    `  best possible against it          ${seats(worth.bestAgainstRandom)}`,
    `  exact value against perfect play  ${seats(worth.againstPerfect)}`,
  ];
}

function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(4)}`;
}

/** The course and the result as a document. */
export function trainingDocument({ settings, improvement, file }: Trained): {
  readonly env: "tictactoe";
  readonly settings: TrainingSettings;
  readonly episodes: number;
  readonly stopped: Improvement["stopped"];
  readonly rounds: readonly ImprovementRound[];
  readonly policy: {
    readonly episodes: number;
    readonly boards: number;
    readonly digest: string;
    readonly file: string | null;
    readonly exact: ExactWorth;
  } | null;
} {
  const { champion, last, rounds, stopped } = improvement;
  return {
    env: "tictactoe",
    settings,
    episodes: last.episodes,
    stopped,
    rounds,
    policy:
      champion === undefined
        ? null
        : {
            episodes: champion.episodes,
            boards: champion.rows.size,
            digest: qPolicyDigest(qPolicyCode(champion)),
            file,
            exact: exactWorth(champion),
          },
  };
}
