// The attack corpus, as `sameseed attack` runs it. Each row is told when it is over: a machine that is cut off has told what it had
// done, and the row that it did not come past is the one after the last.
import { join } from "node:path";

/** From when on a row is named as slow. */
const slowSeconds = 30;

/**
 * Attacks the installed package's own wall.
 * @param world that the programs run in
 * @param only ids of the rows. @default all
 * @param patience what the programs' wall times are multiplied by
 * @param secondTry what the CPU and wall time of a program are multiplied by that met one of them before the end it is to come to
 * @param tellPart told what failed so far, and how many rows held
 */
export async function attackWall({ suite, image, world, only, patience, secondTry, tellPart }) {
  const folder = join(suite, "node_modules/sameseed/dist");
  const { runAttacks } = await import(join(folder, "security/run-attacks.js"));
  const { ZygoteBackend } = await import(join(folder, "sandbox/zygote/backend.js"));
  const { resolveImage } = await import(join(folder, "image/image-store.js"));
  const resolved = resolveImage(image);
  const make = () => new ZygoteBackend(resolved, { world });
  const failed = [];
  const slow = [];
  let began = Date.now();
  const again = [];
  const onRow = ({ id, verdict, seen, breaches, isSecondTry }, done, total) => {
    const seconds = Math.round((Date.now() - began) / 1000);
    began = Date.now();
    if (verdict !== "pass") failed.push({ id, seconds, seen, breaches });
    if (isSecondTry) again.push(id);
    if (seconds >= slowSeconds) slow.push(`${id} ${seconds} s`);
    tellPart(failed, `${done - failed.length} of ${done} rows held, of ${total}; the last is ${id}`);
  };
  const backend = make();
  try {
    const options = { backend, image: resolved, makeFresh: make, onRow, patience, secondTry };
    const scorecard = await runAttacks(only === undefined ? options : { ...options, only });
    const { throughput, rows, verdict } = scorecard;
    const speed = `${throughput.attackedPerSecond.toFixed(1)} rollouts/s, ${throughput.freshPerSecond.toFixed(1)} without an attack`;
    const longer = again.length === 0 ? "" : ` (with ${secondTry} times their time: ${again.join(", ")})`;
    const held = `${rows.length - failed.length} of ${rows.length} rows held${longer}`;
    return {
      ok: verdict === "pass",
      detail: `${held}; image ${scorecard.image}; ${speed}: ${throughput.verdict}`,
      failed,
      slow,
    };
  } finally {
    await backend.close();
  }
}
