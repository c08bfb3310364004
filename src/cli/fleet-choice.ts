import { Option } from "commander";

import { SameseedError } from "../base/error.ts";
import type { RolloutFleet } from "../rollout/rollout-fleet.ts";
import type { Cli } from "./cli.ts";
import { wholeNumber } from "./parse/whole-number.ts";

/** What a command line says of the machines that run rollouts. */
export interface FleetChoice {
  readonly fleet?: string;
  readonly store?: string;
  readonly weight?: number;
  readonly priority?: number;
  readonly audit?: number;
  /** Rollouts at the same time on this machine. */
  readonly concurrency?: number;
}

/**
 * `--fleet` and what goes with it.
 * @param what the options are about: an audit is no subject of audits
 */
export function fleetOptions(what: "any" | "audit" = "any"): Option[] {
  const number = (option: string, text: string, unit: string, min: number): Option =>
    new Option(`${option} <N>`, text)
      .argParser(wholeNumber({ option, unit, min, max: 1000 }))
      .helpGroup(group);
  const second = new Option(
    "--audit <SHARE>",
    "how many chunks run a second time on another host, to be compared: 0 to 1 (default: 0.005)",
  )
    .argParser(shareOf("--audit"))
    .helpGroup(group);
  return [
    new Option("--fleet <URL>", "run on the machines of a fleet: its queue, such as redis://HOST:PORT")
      .conflicts("concurrency")
      .helpGroup(group),
    new Option("--store <URL>", "the fleet's store (default: the one that its workers name)").helpGroup(
      group,
    ),
    ...(what === "any" ? [second] : []),
    number("--weight", "this run's share of the fleet, against that of others (default: 1)", "shares", 1),
    number("--priority", "runs of a lower number go first (default: 0)", "places", 0),
  ];
}

const group = "Fleet:";

/** Reads a share from 0 to 1. */
export function shareOf(option: string): (text: string) => number {
  return (text) => {
    const value = /^(?:0|1|0?\.\d{1,9}|1\.0{1,9})$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 0 && value <= 1) return value;
    throw new SameseedError("bad_argument", `${option}: ${JSON.stringify(text)} is not a share`, {
      hint: "give a number from 0 to 1, such as 0.05",
    });
  };
}

/**
 * The fleet that a command line names, or else `SAMESEED_FLEET`, as the SDK takes it: every user of a machine can read command
 * lines, and the command that goes on with a run is printed, so a password belongs into the environment.
 * @throws `bad_argument`
 */
export async function fleetOf(
  cli: Cli,
  { fleet: given, concurrency, ...options }: FleetChoice,
): Promise<{ readonly fleet?: RolloutFleet }> {
  const { store, weight, priority, audit } = options;
  // Whoever says how many at the same time means this machine.
  const url = given ?? (concurrency === undefined ? process.env["SAMESEED_FLEET"] || undefined : undefined);
  if (url === undefined) {
    const [name] =
      Object.entries({ store, weight, priority, audit }).find(([, value]) => value !== undefined) ?? [];
    if (name === undefined) return {};
    throw new SameseedError("bad_argument", `--${name} is about a fleet`, { hint: "add --fleet URL" });
  }
  const { openFleet } = await import("../fleet/open-fleet.ts");
  return {
    fleet: openFleet(url, {
      ...(store === undefined ? {} : { store }),
      ...(weight === undefined ? {} : { weight }),
      ...(priority === undefined ? {} : { priority }),
      ...(audit === undefined ? {} : { audit }),
      onNote: (line) => cli.status.note(line),
    }),
  };
}
