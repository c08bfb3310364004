// `npm run hosts -- [NAME…] [--all|--quick] [--sessions NAME]… [--steps NAME]… [--rows ID]… [--checks PART]… [--minutes N] [--mirror URL]
// [--again]`: builds machines from a distribution's packages, runs the project in them under software emulation, one after the other, and prints
// what held. Hosts named `this-…` are containers on this host itself. Without a name it lists them. `--again` packs the project and
// records this host's digests anew.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { homeFolder } from "../src/base/home.ts";
import { findOnPath } from "../src/image/find-python.ts";
import { resolveImage } from "../src/image/image-store.ts";
import { engineTools, runHere } from "../tests/hosts/here.ts";
import { hosts, isMachine, type HostSpec, type Session } from "../tests/hosts/host-list.ts";
import { runMachine, type Told } from "../tests/hosts/machine.ts";
import { isOther, otherNode, otherTools } from "../tests/hosts/other-architecture.ts";
import { makeSuite, packedImage, packSuite, prepareSuite, type Choice } from "../tests/hosts/payload.ts";
import { bootFiles, builderTree, tools } from "../tests/hosts/root-file-system.ts";

const someRows = [
  "01-fork-bomb",
  "04-heap-bomb",
  "29-busy-loop",
  "34-daemon",
  "40-peek-at-others",
  "41-new-namespaces",
  "42-write-the-image",
  "46-sockets",
  "49-kernel-depths",
  "52-more-rights",
  "56-forge-frames",
  "57-edit-the-referee",
];
/** What the sessions attack that do a part. */
const fewRows = ["01-fork-bomb", "04-heap-bomb", "41-new-namespaces", "52-more-rights"];
const checks = [
  "memory:",
  "processes: no more",
  "share no files, /tmp",
  "no capability",
  "no namespace",
  "close ends everything",
  "CPU time",
  "receipt names",
];
const audited = { wall_clock: "clock", os_urandom: "entropy", set_of_objects: "addresses" };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    all: { type: "boolean", default: false },
    sessions: { type: "string", multiple: true },
    mirror: { type: "string" },
    again: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    steps: { type: "string", multiple: true },
    rows: { type: "string", multiple: true },
    checks: { type: "string", multiple: true },
    minutes: { type: "string", default: "90" },
  },
});

function chosen(): HostSpec[] {
  return positionals.map((name) => {
    const host = hosts.find((each) => each.name === name);
    if (host === undefined)
      throw new RangeError(
        `there is no host ${name}; there are: ${hosts.map((each) => each.name).join(", ")}`,
      );
    return values.sessions === undefined ? host : { ...host, sessions: values.sessions.map(asSession) };
  });
}

function asSession(name: string): Session {
  const all = [...new Set(hosts.flatMap(({ sessions }) => sessions))];
  const found = all.find((each) => each === name);
  if (found === undefined) throw new RangeError(`there is no session ${name}; there are: ${all.join(", ")}`);
  return found;
}

function checkTools(list: readonly HostSpec[]): void {
  const machines = list.filter(isMachine);
  const missing = Object.entries({
    ...(machines.length > 0 ? tools : {}),
    ...(machines.some((host) => isOther(host)) ? otherTools : {}),
    ...Object.assign({}, ...list.map(({ name }) => engineTools[name])),
  } as Record<string, string>).filter(
    ([program]) => findOnPath(program, `${process.env["PATH"]}:/usr/sbin:/sbin`) === undefined,
  );
  if (missing.length > 0)
    throw new Error(`missing: apt-get install ${missing.map(([, name]) => name).join(" ")}`);
  if (process.getuid?.() !== 0) throw new Error("machines are built, and engines started, as root");
}

const made = new Set<string>();

/** The suite that a host is brought, made where it is not there yet, and what is done with it. */
async function suiteFor(
  host: HostSpec,
  cache: string,
): Promise<{ readonly brought: string; readonly choice: Choice }> {
  const other = isMachine(host) && isOther(host) ? host : undefined;
  const brought = join(cache, other === undefined ? "suite" : `suite-${other.architecture}`);
  const isNew = !existsSync(join(brought, "expected.json")) || (values.again && !made.has(brought));
  made.add(brought);
  const choice: Omit<Choice, "image"> = {
    rows: values.rows ?? (values.all ? "all" : someRows),
    fewRows: values.rows ?? fewRows,
    checks: values.checks ?? (values.all ? "all" : checks),
    steps: values.steps ?? "all",
    audited,
    quick: values.quick,
  };
  if (isNew) {
    const own = { ...choice, image: resolveImage("gymnasium").manifest.digest };
    if (other !== undefined) {
      await makeSuite(brought, own, {
        tree: builderTree(other, cache, values.mirror),
        node: otherNode(cache),
      });
    } else await makeSuite(brought, own);
  }
  return { brought, choice: { ...choice, image: packedImage(brought) } };
}

/** Runs the suite on a host and gives what that told. */
async function run(host: HostSpec, cache: string, timeoutMs: number): Promise<Told[]> {
  const files = isMachine(host) ? bootFiles(host, cache, values.mirror) : undefined;
  const { brought, choice } = await suiteFor(host, cache);
  const folder = join(cache, host.name);
  mkdirSync(folder, { recursive: true });
  const own = join(folder, "suite");
  prepareSuite(brought, own, host, choice);
  if (!isMachine(host)) return await runHere(own, folder, timeoutMs);
  const suite = join(folder, "suite.ext4");
  packSuite(own, suite);
  return await runMachine(host, { ...files!, suite, folder }, timeoutMs);
}

function isPart(told: Told): boolean {
  return told["isPart"] === true;
}

function show(told: Told): void {
  const seconds = typeof told["seconds"] === "number" ? ` (${told["seconds"]} s)` : "";
  console.log(
    `${told.ok ? "ok  " : "FAIL"} ${told.session.padEnd(22)} ${told.step.padEnd(14)} ${told.detail}${seconds}`,
  );
  for (const check of (told["checks"] as
    | { name: string; ok: boolean; warning: boolean; detail: string; fix?: string }[]
    | undefined) ?? [])
    console.log(
      `       ${check.ok ? (check.warning ? "warn" : "ok") : "bad"} ${check.name}: ${check.detail}${check.fix === undefined ? "" : ` → ${check.fix}`}`,
    );
  if (told["failed"] !== undefined && !told.ok) console.log(`       ${JSON.stringify(told["failed"])}`);
}

async function main(): Promise<number> {
  if (positionals.length === 0) {
    for (const { name, what } of hosts) console.log(`${name.padEnd(18)} ${what}`);
    return 2;
  }
  const list = chosen();
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new RangeError("--minutes is a number above 0");
  checkTools(list);
  const cache = process.env["SAMESEED_HOSTS"] ?? join(homeFolder(), "hosts");
  let isHeld = true;
  for (const host of list) {
    const folder = join(cache, host.name);
    const told = await run(host, cache, minutes * 60_000);
    writeFileSync(join(folder, "told.json"), JSON.stringify(told, undefined, 1));
    console.log(`\n${host.name}: ${host.what}`);
    // What a machine told on its way counts where it did not come to the step's end.
    const ended = new Set(told.flatMap((each) => (isPart(each) ? [] : [`${each.session} ${each.step}`])));
    const shown = told.filter((each) => !isPart(each) || !ended.has(`${each.session} ${each.step}`));
    for (const each of shown) show(each);
    const isWhole = told.some(({ session, step }) => session === "machine" && step === "end");
    if (!isWhole) console.log(`FAIL the host did not come to its end; see ${join(folder, "console.log")}`);
    isHeld &&= isWhole && told.every(({ ok }) => ok);
  }
  return isHeld ? 0 : 1;
}

process.exitCode = await main();
