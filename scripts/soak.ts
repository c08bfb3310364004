// `npm run soak -- [--rollouts N] [--hostile SHARE] [--window N] [--concurrency N] [--json]`: mixes honest rollouts with
// attackers and looks whether anything grows. Exits with 1 where something does, or a digest is another than alone.
import { parseArgs } from "node:util";
import { availableParallelism } from "node:os";

import { soak, type SoakReport } from "../tests/lifecycle/soak.ts";
import type { Gauges } from "../tests/lifecycle/soak-gauges.ts";

interface Request {
  readonly rollouts: number;
  readonly hostile: number;
  readonly window: number;
  readonly concurrency: number;
  readonly json: boolean;
}

function readRequest(args: string[]): Request {
  const { values } = parseArgs({
    args,
    options: {
      rollouts: { type: "string", default: "2000" },
      hostile: { type: "string", default: "0.2" },
      window: { type: "string", default: "1000" },
      concurrency: { type: "string", default: String(2 * availableParallelism()) },
      json: { type: "boolean", default: false },
    },
  });
  const request = {
    rollouts: Number(values.rollouts),
    hostile: Number(values.hostile),
    window: Number(values.window),
    concurrency: Number(values.concurrency),
    json: values.json,
  };
  const counts = [request.rollouts, request.window, request.concurrency];
  if (!counts.every((count) => Number.isSafeInteger(count) && count > 0))
    throw new RangeError("--rollouts, --window and --concurrency are whole numbers from 1");
  if (!(request.hostile >= 0 && request.hostile <= 1)) throw new RangeError("--hostile is from 0 to 1");
  return request;
}

function formatReport(report: SoakReport): string {
  const rows = (Object.keys(report.first) as (keyof Gauges)[]).map(
    (name) => `  ${name.padEnd(18)} ${amount(name, report.first)}  ${amount(name, report.last)}`,
  );
  const twins = report.twins.filter(({ alone, last }) => alone === last).length;
  return [
    `${report.rollouts} rollouts, ${report.hostile} of them attackers, in ${Math.round(report.wallMs / 1000)} s`,
    `${report.wrong.length} wrong; ${twins} of ${report.twins.length} twins equal`,
    `  ${"".padEnd(18)} ${"first".padStart(12)}  ${"last".padStart(12)}`,
    ...rows,
    `attackers ended: ${Object.entries(report.outcomes)
      .map(([outcome, count]) => `${outcome} ${count}`)
      .join(", ")}`,
    ...report.wrong.slice(0, 20),
    ...report.grown,
    "",
  ].join("\n");
}

function amount(name: keyof Gauges, gauges: Gauges): string {
  const value = gauges[name];
  const text = name.endsWith("Bytes")
    ? `${(value / 1024 / 1024).toFixed(1)} MiB`
    : name.endsWith("Ms")
      ? `${value.toFixed(1)} ms`
      : String(value);
  return text.padStart(12);
}

async function main(args: string[]): Promise<number> {
  const request = readRequest(args);
  const began = performance.now();
  const report = await soak({
    ...request,
    onWindow: (done, { rssBytes, p99Ms }) => {
      const leftS = ((performance.now() - began) / done / 1000) * (request.rollouts - done);
      process.stderr.write(
        `${done} of ${request.rollouts}, ${Math.round(leftS)} s left; ` +
          `${Math.round(rssBytes / 1024 / 1024)} MiB, p99 ${p99Ms.toFixed(1)} ms\n`,
      );
    },
  });
  process.stdout.write(request.json ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  const isRight = report.wrong.length === 0 && report.twins.every(({ alone, last }) => alone === last);
  return isRight && report.grown.length === 0 ? 0 : 1;
}

const [first, ...rest] = process.argv.slice(2);
process.exitCode =
  first === "server"
    ? await (await import("./soak-server.ts")).soakServer(rest)
    : await main(process.argv.slice(2));
