import { defaultImageName } from "../../image/default-image.ts";
import { type ScoreVerification, verifyScores } from "../../judge/record/verify-scores.ts";
import { readScores } from "../../judge/record/score-folder.ts";
import { certificateBeside } from "../certificate-beside.ts";
import type { Cli } from "../cli.ts";
import { prepareHost } from "../prepare-host.ts";
import { fleetLines } from "../render/fleet-lines.ts";
import { jsonText } from "../render/json-text.ts";
import { count } from "../render/numbers.ts";
import { Progress } from "../render/progress.ts";
import { clip } from "../render/style.ts";

const shownMost = 10;

/** `sameseed verify` of a folder of scores: every completion is scored again. @returns the exit code */
export async function verifyScoreFolder(
  cli: Cli,
  dir: string,
  {
    concurrency,
    json,
    store,
  }: { readonly concurrency?: number; readonly json?: true; readonly store?: string },
): Promise<number> {
  const { items, results } = readScores(dir);
  await prepareHost(cli, defaultImageName);
  let differing = 0;
  const progress = new Progress(cli.status, {
    verb: "scoring again",
    total: items.filter(({ id }) => results.get(id!)?.trustworthy === true).length,
    details: () => [`${differing} differ`],
  });
  const found = await verifyScores(dir, {
    ...(concurrency === undefined ? {} : { concurrency }),
    signal: cli.signal,
    onScore: ({ verdict }) => {
      if (verdict === "differs") differing++;
      progress.advance();
    },
  });
  progress.stop();
  const fleet = await certificateBeside(
    dir,
    store,
    async () => (await import("../../fleet/score-certificate.ts")).checkScoreCertificate,
  );
  if (json)
    await cli.output.write(`${jsonText({ ...found, ...(fleet.state === "none" ? {} : { fleet }) })}\n`);
  else await cli.output.lines([...formatScoreVerification(found, cli), ...fleetLines(fleet, cli.paint)]);
  if (found.differing.length > 0 || fleet.state === "altered") return 4;
  if (found.unscored.length > 0) return 3;
  return found.verified ? 0 : 1;
}

function formatScoreVerification(found: ScoreVerification, { paint }: Cli): string[] {
  const shown = [...found.differing, ...found.unscored].slice(0, shownMost);
  const left = found.differing.length + found.unscored.length - shown.length;
  const verdict = found.verified
    ? paint("good", "verified")
    : found.differing.length > 0
      ? paint("bad", "not reproducible")
      : paint("warn", "not verified");
  return [
    ...found.otherImages.map(
      (name) =>
        `${paint("warn", "warning:")} the image ${name} is not the one of the recording; verdicts are compared, digests are not`,
    ),
    ...shown.map(({ id, verdict: own, difference }) => `  ${id}  ${own}: ${clip(difference ?? "", 300)}`),
    ...(left > 0 ? [`  … and ${left} more; --json has all`] : []),
    `${verdict}: ${found.same} of ${count(found.items, "score")} the same` +
      (found.missing === 0 ? "" : `, ${found.missing} without a recorded score`),
  ];
}
