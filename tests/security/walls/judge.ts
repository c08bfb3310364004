import { isSameseedError } from "../../../src/base/error.ts";
import type { WorldMode } from "../../../src/model/receipt.ts";
import type { ImageCopy } from "./image-copy.ts";
import { MutatedWall } from "./mutated-wall.ts";
import type { Mutation } from "./mutation.ts";
import { mutationOf } from "./mutations.ts";
import { program, type Finding, type Probe } from "./probe.ts";
import { allowing, joinChanges, type WallChange } from "./wall-change.ts";

/** What came of taking a step out. */
export type Outcome =
  /** A program got through. */
  | "through"
  /** Nothing got through; without the other steps as well, it does. */
  | "behind"
  /** No sandbox starts any more. */
  | "refused"
  /** Nothing changed, as was said. */
  | "silent"
  /** None of these: the recipe has a step that nothing shows. */
  | "unproven";

/** A mutation's row in the table of one world. */
export interface Judgement {
  readonly mutation: Mutation;
  readonly outcome: Outcome;
  /** What was seen with the step alone taken out. */
  readonly alone: string;
  /** What was seen with the others out too. */
  readonly together?: string;
}

/** A program that any standing wall runs. */
const anything = program("identity");

/** Builds a wall without a step around sandboxes of a world, and tries what the mutation names. */
export async function judge(copy: ImageCopy, world: WorldMode, mutation: Mutation): Promise<Judgement> {
  if (mutation.probe === "refused") {
    const seen = await attempt(copy, world, mutation.change, anything);
    return { mutation, outcome: seen.refused ? "refused" : "unproven", alone: seen.seen };
  }
  const alone = await attempt(copy, world, mutation.change, mutation.probe);
  if (alone.through) return { mutation, outcome: "through", alone: alone.seen };
  if (alone.refused) return { mutation, outcome: "unproven", alone: alone.seen };
  if (mutation.silent !== undefined) return { mutation, outcome: "silent", alone: alone.seen };
  const others = (mutation.behind ?? []).map((id) => mutationOf(id).change);
  if (mutation.answered !== undefined && world === "sealed")
    others.push({ sandboxPolicy: allowing(mutation.answered) });
  if (others.length === 0) return { mutation, outcome: "unproven", alone: alone.seen };
  const together = await attempt(copy, world, joinChanges([mutation.change, ...others]), mutation.probe);
  const outcome = together.through ? "behind" : "unproven";
  return { mutation, outcome, alone: alone.seen, together: together.seen };
}

/** Tries the probes of mutations on the wall as it is; names those that get through. */
export async function judgeIntact(
  copy: ImageCopy,
  world: WorldMode,
  mutations: readonly Mutation[],
): Promise<string[]> {
  const probes = new Map(
    mutations.flatMap(({ probe }) => (probe === "refused" ? [] : [[probe.name, probe] as const])),
  );
  const leaks: string[] = [];
  let wall: MutatedWall | undefined;
  for (const probe of probes.values()) {
    // Some probes end the zygote, or slots of it.
    if (wall?.zygote.hasRoom !== true) {
      await wall?.close();
      wall = await MutatedWall.start(copy, world);
    }
    const { through, seen } = await probe.run(wall);
    if (through) leaks.push(`${probe.name}: ${seen}`);
  }
  await wall?.close();
  return leaks;
}

async function attempt(
  copy: ImageCopy,
  world: WorldMode,
  change: WallChange,
  probe: Probe,
): Promise<Finding & { readonly refused: boolean }> {
  let wall: MutatedWall | undefined;
  try {
    wall = await MutatedWall.start(copy, world, joinChanges([change]));
    return { ...(await probe.run(wall)), refused: false };
  } catch (error) {
    if (!isSameseedError(error)) throw error;
    return { through: false, seen: firstLine(error.message), refused: true };
  } finally {
    await wall?.close();
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0]!.slice(0, 160);
}
