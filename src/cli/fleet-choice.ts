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
}

/** `--fleet` and what goes with it. */
export function fleetOptions(): Option[] {
  const number = (option: string, text: string, unit: string, min: number): Option =>
    new Option(`${option} <N>`, text)
      .argParser(wholeNumber({ option, unit, min, max: 1000 }))
      .helpGroup(group);
  return [
    new Option("--fleet <URL>", "run on the machines of a fleet: its queue, such as redis://HOST:PORT")
      .conflicts("concurrency")
      .helpGroup(group),
    new Option("--store <URL>", "the fleet's store (default: the one that its workers name)").helpGroup(
      group,
    ),
    number("--weight", "this run's share of the fleet, against that of others (default: 1)", "shares", 1),
    number("--priority", "runs of a lower number go first (default: 0)", "places", 0),
  ];
}

const group = "Fleet:";

/** The fleet that a command line names, as the SDK takes it. @throws `bad_argument` */
export async function fleetOf(
  cli: Cli,
  { fleet: url, ...options }: FleetChoice,
): Promise<{ readonly fleet?: RolloutFleet }> {
  const { store, weight, priority } = options;
  const given = { store, weight, priority };
  if (url === undefined) {
    const [name] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
    if (name === undefined) return {};
    throw new SameseedError("bad_argument", `--${name} is about a fleet`, { hint: "add --fleet URL" });
  }
  const { openFleet } = await import("../fleet/open-fleet.ts");
  return {
    fleet: openFleet(url, {
      ...(store === undefined ? {} : { store }),
      ...(weight === undefined ? {} : { weight }),
      ...(priority === undefined ? {} : { priority }),
      onNote: (line) => cli.status.note(line),
    }),
  };
}
