import { SameseedError } from "../base/error.ts";
import type { RolloutFault } from "../model/outcome.ts";
import type { Receipt } from "../model/receipt.ts";
import { buildAgainWith, neededPackage } from "../image/build-again.ts";
import { shippedImageFor } from "../image/shipped-images.ts";
import { systemLibraryFix } from "../image/system-library.ts";
import type { RecordedRollout, RolloutSummary } from "../model/rollout.ts";
import { Trajectory } from "../trajectory/trajectory.ts";

/** One rollout's row and its recorded trajectory. */
export interface RolloutResult extends RolloutSummary {
  /** The recorded bytes; decoded on demand. */
  readonly trajectory: Trajectory;
}

/** A recorded rollout as callers see it. */
export function toResult({ summary, trajectory }: RecordedRollout): RolloutResult {
  return { ...summary, trajectory: new Trajectory(trajectory) };
}

/**
 * Looks for a fault that is the caller's: an environment that does not exist, a file that is no policy. Such a fault ends a
 * call at its first rollout only. Once one has got past its loading, another that says it cannot be loaded says so by its
 * own doing, and that is a result like others.
 */
export class MisuseCheck {
  #loaded: boolean;

  /** @param loaded whether a rollout of the same spec is known to have been loaded */
  constructor(loaded = false) {
    this.#loaded = loaded;
  }

  /** @throws `unknown_environment`, `bad_policy` */
  refuse({ error, receipt }: RolloutSummary): void {
    const misuse = error === undefined ? undefined : misuseOf(error, receipt.image);
    if (misuse === undefined) this.#loaded = true;
    else if (!this.#loaded) throw misuse;
  }
}

/** Whether something of the image is at fault, and not what it was asked for. */
function isMissing(message: string): boolean {
  return / needs (the module|another version of|a package) | cannot be imported: /.test(message);
}

/** What `python/sameseed/play/missing.py` says of a library for which there is no memory. */
function memoryHint(message: string): string | undefined {
  return / cannot be imported in the memory it has: /.test(message)
    ? "give it more: --memory-mb 4096, `limits.memoryMb` in the SDK"
    : undefined;
}

/** Images leave out what opens windows, and what the builder's own Python lacks; many packages import such a module and do not use it. */
function standardLibraryHint(message: string): string | undefined {
  const module = / needs the module (\w+)[\w.]* of Python's standard library/.exec(message)?.[1];
  return module === undefined
    ? undefined
    : `where the module is only imported, an empty one will do: \`touch ${module}.py\`, and build the image with --add ${module}.py:/opt/python/site-packages/${module}.py; --verbose prints the traceback`;
}

/** A package that was installed without a part of it. */
function ownFileHint(message: string): string | undefined {
  return / looks for a file of its own, /.test(message)
    ? "name another version of the package where the image is built (--packages NAME==VERSION); --verbose prints the traceback"
    : undefined;
}

/** A file is put beside what --files brings, not at its place in a package there. */
function packageHint(message: string): string | undefined {
  return message.includes("attempted relative import with no known parent package")
    ? "the file belongs to a package: name the environment as PACKAGE:Id, which the package registers, and with --files (`files` in the SDK) the folder that PACKAGE lies in"
    : undefined;
}

/** What an environment is registered without may be a value that no option can give. */
function argumentsHint(message: string): string | undefined {
  return / cannot be made without arguments: /.test(message)
    ? "give them: --env-arg KEY=JSON (`envArgs` in the SDK); where one is an object, write a class in a file that makes it, and run FILE.py:Class"
    : undefined;
}

function misuseOf(
  { kind, message, traceback }: RolloutFault,
  image: Receipt["image"],
): SameseedError | undefined {
  if (kind === "unknown_environment") {
    return new SameseedError("unknown_environment", message, {
      hint:
        shippedHint(message) ??
        memoryHint(message) ??
        argumentsHint(message) ??
        standardLibraryHint(message) ??
        systemLibraryFix(message) ??
        ownFileHint(message) ??
        packageHint(message) ??
        (isMissing(message)
          ? `a module beside the environment's file comes with --files DIR (\`files\` in the SDK); for any other build an image that has it: \`${buildAgainWith(image, neededPackage(message) ?? "PACKAGE …")}\`; --verbose prints the traceback`
          : "name a Gymnasium id that the image has, module:Id, path/to/file.py:ClassName or parallel:MODULE; check the arguments"),
      ...(traceback === undefined ? {} : { context: { traceback } }),
    });
  }
  if (kind === "bad_policy") {
    return new SameseedError("bad_policy", message, {
      hint: "a policy is a Python file that defines act(observation, rng, info) or choose_action(board, player, rng)",
    });
  }
  return undefined;
}

/** Where another image that comes with Sameseed has the environment. */
function shippedHint(message: string): string | undefined {
  const id =
    /^(?:this image has no environment |this image has no module )?([\w:/.-]+?)(?: needs |[;:]? |$)/.exec(
      message,
    )?.[1];
  const image = id === undefined ? undefined : shippedImageFor(id);
  if (image === undefined) return undefined;
  return `\`sameseed image build ${image.name}\` builds an image that has it; then add --image ${image.name}`;
}
