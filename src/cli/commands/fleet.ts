import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { checkFleetCertificate } from "../../fleet/certificate.ts";
import { liftQuarantine, quarantinedHosts } from "../../fleet/quarantine.ts";
import type { FleetView, WorkerNote } from "../../fleet/queue/dispatcher.ts";
import { maskedUrl } from "../../fleet/queue/masked-url.ts";
import { engineOf } from "../../rollout/rollout-fleet.ts";
import { withObjects } from "../../store/objects/open-objects.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { shareOf } from "../fleet-choice.ts";
import { fleetLines } from "../render/fleet-lines.ts";
import { jsonText } from "../render/json-text.ts";
import { printable } from "../render/safe-text.ts";
import { type Column, formatTable } from "../render/table.ts";
import { jsonOption } from "./options.ts";

/** Adds `sameseed fleet` with what it can do. */
export function addFleetCommand(program: Command, choose: (work: CommandWork) => void): void {
  const fleet = program
    .command("fleet")
    .summary("look at a fleet, or end what it works on")
    .description("A fleet is the machines that run `sameseed worker` on one queue and one store.")
    .addHelpText("after", "\nExample:\n  sameseed fleet status redis://queue:6379");
  fleet
    .command("status")
    .summary("list a fleet's workers, batches and queues")
    .description(
      "Lists the workers that are there, the batches that wait for them, and the chunks in the queue.",
    )
    .argument("<URL>", "the fleet's queue, such as redis://HOST:PORT")
    .addOption(jsonOption("all of it as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed fleet status redis://queue:6379")
    .action((url: string, options: { readonly json?: true }) =>
      choose(async (cli) => await status(cli, url, options.json === true)),
    );
  fleet
    .command("cancel")
    .summary("end a batch: what runs of it is ended on every host")
    .description(
      "Ends a batch: what waits of it is never begun, and what runs is ended within two seconds. What was made stays in the store; the call that waits for it ends as if it was interrupted there.",
    )
    .argument("<URL>", "the fleet's queue, such as redis://HOST:PORT")
    .argument("<BATCH>", "the batch, as `sameseed fleet status` names it")
    .addHelpText("after", "\nExample:\n  sameseed fleet cancel redis://queue:6379 7c1f")
    .action((url: string, batch: string) => choose(async (cli) => await cancel(cli, url, batch)));
  addAudit(fleet, choose);
  addRelease(fleet, choose);
}

function addAudit(fleet: Command, choose: (work: CommandWork) => void): void {
  fleet
    .command("audit")
    .summary("run a fleet's rollouts again on other hosts, and compare")
    .description(
      "Runs the chunks of a run that a fleet made a second time, each on a host that did not make it, and writes the run's certificate anew. A host that stands alone is quarantined.",
    )
    .argument("<URL>", "the fleet's queue, such as redis://HOST:PORT")
    .argument("<RUN>", "the run's folder")
    .option("--store <URL>", "the fleet's store (default: the one that the run's certificate names)")
    .addOption(
      new Option("--share <SHARE>", "how many of its chunks: 0 to 1")
        .argParser(shareOf("--share"))
        .default(1, "all of them"),
    )
    .addOption(jsonOption("the certificate as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed fleet audit redis://queue:6379 runs/many --share 0.1")
    .action((url: string, dir: string, options: AuditOptions) =>
      choose(async (cli) => await audit(cli, url, dir, options)),
    );
}

function addRelease(fleet: Command, choose: (work: CommandWork) => void): void {
  fleet
    .command("release")
    .summary("trust a quarantined host again")
    .description(
      "Gives a host chunks again that was quarantined because it made other rollouts than two other hosts. Find out why first.",
    )
    .argument("<URL>", "the fleet's queue, such as redis://HOST:PORT")
    .argument("<HOST>", "the host, as `sameseed fleet status` names it")
    .option("--store <URL>", "the fleet's store (default: the one that its workers name)")
    .addHelpText("after", "\nExample:\n  sameseed fleet release redis://queue:6379 rack1-07")
    .action((url: string, host: string, options: { readonly store?: string }) =>
      choose(async (cli) => await release(cli, url, host, options.store)),
    );
}

async function status(cli: Cli, url: string, asJson: boolean): Promise<number> {
  const view = await withDispatcher(url, async (dispatcher) => await dispatcher.view());
  await (asJson ? cli.output.write(`${jsonText(view)}\n`) : cli.output.lines(statusLines(view)));
  return 0;
}

async function cancel(cli: Cli, url: string, batch: string): Promise<number> {
  await withDispatcher(url, async (dispatcher) => {
    const { batches } = await dispatcher.view();
    if (!batches.some(({ id }) => id === batch))
      throw new SameseedError("not_found", `the fleet has no batch ${batch}`, {
        hint: `\`sameseed fleet status ${maskedUrl(url)}\` lists them`,
      });
    await dispatcher.cancel(batch);
  });
  cli.status.note(`batch ${batch} is ended`);
  return 0;
}

interface AuditOptions {
  readonly store?: string;
  readonly share: number;
  readonly json?: true;
}

async function audit(cli: Cli, url: string, dir: string, options: AuditOptions): Promise<number> {
  const { store, share, json } = options;
  const { openFleet } = await import("../../fleet/open-fleet.ts");
  const onNote = (line: string): void => cli.status.note(line);
  const fleet = openFleet(url, { audit: share, onNote, ...(store === undefined ? {} : { store }) });
  await engineOf(fleet).audit(dir, cli.signal);
  const check = await checkFleetCertificate(dir);
  if (json === true && "certificate" in check) await cli.output.write(`${jsonText(check.certificate)}\n`);
  else await cli.output.lines(fleetLines(check, cli.paint));
  return check.state === "altered" ? 4 : 0;
}

async function release(cli: Cli, url: string, host: string, given: string | undefined): Promise<number> {
  await withDispatcher(url, async (dispatcher) => {
    const { quarantined, workers } = await dispatcher.view();
    await withObjects(onlyStore(workers, given), async (store) => {
      const out = new Set([...quarantined, ...(await quarantinedHosts(store))]);
      if (!out.has(host))
        throw new SameseedError("not_found", `${host} is not quarantined`, {
          hint: out.size === 0 ? "no host is" : `those that are: ${[...out].sort().join(", ")}`,
        });
      // The store first: a run that looks meanwhile would tell the queue again.
      await liftQuarantine(store, host);
      await dispatcher.release(host);
    });
  });
  cli.status.note(`host ${host} takes chunks again`);
  return 0;
}

/** @throws `bad_argument` where workers do not name one store, and none is given */
function onlyStore(workers: readonly WorkerNote[], given: string | undefined): string {
  const stores = new Set(given === undefined ? workers.map(({ store }) => store) : [given]);
  const [store] = stores;
  if (store !== undefined && stores.size === 1) return store;
  throw new SameseedError("bad_argument", `the fleet's workers name ${stores.size} stores`, {
    hint: "name the one with the list of quarantined hosts with --store",
  });
}

async function withDispatcher<T>(
  url: string,
  work: (
    dispatcher: Awaited<ReturnType<typeof import("../../fleet/queue/open-dispatcher.ts").openDispatcher>>,
  ) => Promise<T>,
): Promise<T> {
  const { openDispatcher } = await import("../../fleet/queue/open-dispatcher.ts");
  const dispatcher = await openDispatcher(url);
  try {
    return await work(dispatcher);
  } finally {
    await dispatcher.close();
  }
}

const workerColumns: readonly Column[] = [
  { title: "worker" },
  { title: "class" },
  { title: "busy", align: "right" },
  { title: "slots", align: "right" },
  { title: "store" },
  { title: "state" },
];

const batchColumns: readonly Column[] = [
  { title: "batch" },
  { title: "what" },
  { title: "done", align: "right" },
  { title: "weight", align: "right" },
];

function statusLines({ workers, batches, queues, quarantined }: FleetView): string[] {
  const isOut = (host: string): boolean => quarantined.includes(host);
  const lines =
    workers.length === 0
      ? ["no workers"]
      : formatTable(
          workerColumns,
          workers.map((own) => [
            printable(own.id),
            printable(own.hostClass),
            `${own.busy}/${own.lanes}`,
            String(own.slots),
            printable(own.store),
            isOut(own.host) ? "quarantined" : own.draining ? "draining" : "ready",
          ]),
        );
  if (batches.length > 0)
    lines.push(
      "",
      ...formatTable(
        batchColumns,
        batches.map(({ id, title, done, total, weight }) => [
          printable(id),
          printable(title),
          `${done}/${total}`,
          String(weight),
        ]),
      ),
    );
  for (const [hostClass, { waiting, running }] of Object.entries(queues))
    lines.push("", `${printable(hostClass)}: ${waiting} chunks wait, ${running} run`);
  return lines;
}
