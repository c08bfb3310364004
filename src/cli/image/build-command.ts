import { Option, type Command } from "commander";

import { SameseedError } from "../../base/error.ts";
import { nearestName } from "../../base/known-options.ts";
import type { AddedFiles } from "../../image/added-files.ts";
import { buildImage } from "../../image/build-image.ts";
import { withoutPackages } from "../../image/build-again.ts";
import { defaultImageName } from "../../image/default-image.ts";
import type { ResolvedImage } from "../../image/image-store.ts";
import { lockPath } from "../../image/publish-image.ts";
import { packagedLock } from "../../image/runtime-files.ts";
import { shippedEnv, shippedImages } from "../../image/shipped-images.ts";
import type { Cli, CommandWork } from "../cli.ts";
import { collect, jsonOption } from "../commands/options.ts";
import { prepareHost } from "../prepare-host.ts";
import { jsonText } from "../render/json-text.ts";
import { describeImage } from "./image-line.ts";
import { proposeImage } from "./propose-image.ts";
import { triedLines } from "./tried-lines.ts";
import { tryPackages, type TriedPackage } from "./try-packages.ts";

interface BuildOptions {
  readonly requirements?: string;
  readonly packages?: readonly string[];
  readonly fromEnv?: string;
  readonly add: readonly AddedFiles[];
  readonly env: readonly (readonly [string, string])[];
  readonly system?: string;
  readonly buildSource?: true;
  readonly wheelsOnly?: true;
  readonly complete?: true;
  readonly findLinks?: string;
  readonly rebuild?: true;
  readonly python?: string;
  readonly json?: true;
}

/** Adds `sameseed image build`. */
export function addBuildCommand(image: Command, choose: (work: CommandWork) => void): void {
  image
    .command("build")
    .summary("build an image from packages by name, or from a requirements lock")
    .description(
      "Builds an image from packages by name, or from a requirements lock. Packages by name are resolved by pip, and the resulting lock is kept beside the image; then one episode of each is played. The same lock gives the same digest.",
    )
    .argument("[NAME]", "the image's name: a-z, 0-9, '.', '_' and '-'")
    .option("--packages <PACKAGE...>", "packages as pip takes them by name: crafter 'gymnasium[box2d]>=1.0'")
    .addOption(
      new Option(
        "--requirements <FILE>",
        "a lock instead: every package pinned and hashed, as pip-compile and uv write it with --generate-hashes",
      ).conflicts("packages"),
    )
    .option("--from-env <ENV>", "only print the command for an image that has what this environment imports")
    .option(
      "--build-source",
      "build wheels of packages in the lock that have a source archive only; with --packages that is so anyway",
    )
    .addOption(new Option("--wheels-only", "take no source archives for --packages").conflicts("buildSource"))
    .addOption(
      new Option(
        "--complete",
        `add the packages of PyPI that an episode of --packages is found to need, one after the other, at most ${mostAdded}, and build again`,
      ).conflicts("requirements"),
    )
    .addOption(
      new Option(
        "--add <DIR:/PATH>",
        "a folder or file of this host that the image gets at /PATH; may be repeated",
      )
        .argParser(collect(parseAdded))
        .default([], "none"),
    )
    .addOption(
      new Option("--env <KEY=VALUE>", "a variable of everything that runs in the image; may be repeated")
        .argParser(collect(parseVariable))
        .default([], "none"),
    )
    .option(
      "--system <FILE>",
      "a lock of Debian packages that are unpacked into the image (sameseed image lock --system PACKAGE …)",
    )
    .option("--find-links <DIR>", "take packages from this folder only, without a network")
    .option("--rebuild", "build again even if only files of this host have changed since the image was built")
    .option("--python <PATH>", "the CPython to build from (default: the first suitable one on PATH)")
    .addOption(jsonOption("what was built as one JSON document"))
    .addHelpText("after", help)
    .action((name: string | undefined, options: BuildOptions) =>
      choose(
        async (cli) =>
          await (options.fromEnv === undefined ? build(cli, name, options) : propose(cli, name, options)),
      ),
    );
}

/** How many packages are added before a person has to look. */
const mostAdded = 8;

const help = `
Examples:
  sameseed image build roads --packages highway-env crafter
  sameseed image build grid --packages sustaingym --complete
  sameseed image build box2d                                  a lock that comes with Sameseed
  sameseed image build mine --requirements requirements.lock
  sameseed image build --from-env my_env.py:MyEnv
  sameseed run highway_env:highway-v0 --image roads

Without --packages and --requirements, NAME is one of the locks that come with Sameseed: ${shippedImages().join(", ")}.
The build programs of source archives run on this host, as you. --complete adds packages by the names of the modules that are missing,
and says which: have a look at them. The exit code is 1 when an image was built, but a
package's environment could not be played.`;

function parseAdded(text: string): AddedFiles {
  const at = text.lastIndexOf(":/");
  if (at > 0) return { from: text.slice(0, at), to: text.slice(at + 1) };
  throw new SameseedError("bad_argument", `--add takes DIR:/PATH, not ${JSON.stringify(text)}`, {
    hint: "such as --add maps:/data/maps",
  });
}

function parseVariable(text: string): readonly [string, string] {
  const at = text.indexOf("=");
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new SameseedError("bad_argument", `--env takes KEY=VALUE, not ${JSON.stringify(text)}`, {
    hint: "such as --env MUJOCO_GL=egl",
  });
}

async function propose(cli: Cli, name: string | undefined, options: BuildOptions): Promise<number> {
  const found = await proposeImage(options.fromEnv ?? "", { name: name ?? "NAME", python: options.python });
  if (options.json) await cli.output.write(`${jsonText(found)}\n`);
  else await cli.output.lines([found.command]);
  if (found.guessed.length > 0)
    cli.status.note(
      `not installed here, so that only the module's name is known: ${found.guessed.join(", ")}`,
    );
  return 0;
}

async function build(cli: Cli, name: string | undefined, options: BuildOptions): Promise<number> {
  const { output } = cli;
  if (name === undefined)
    throw new SameseedError("bad_argument", "the image has no name", {
      hint: "sameseed image build NAME --packages …",
    });
  refuseDefaultName(name);
  const { added, built, tried } = await buildAndTry(cli, name, options);
  const lock = lockPath(built);
  if (options.json) {
    const { packages, complete } = options;
    const more = { ...(packages === undefined ? {} : { tried }), ...(complete === true ? { added } : {}) };
    await output.write(`${jsonText({ name, ...built.manifest, lockFile: lock, ...more })}\n`);
  } else
    await output.lines([
      describeImage(built),
      `lock ${lock}`,
      ...(added.length === 0 ? [] : [`added ${added.join(", ")}, for what an episode needed`]),
      ...tried.flatMap((row) => triedLines(row, name)),
    ]);
  return tried.some(({ problem }) => problem !== null) ? 1 : 0;
}

interface BuiltAndTried {
  readonly built: ResolvedImage;
  readonly tried: readonly TriedPackage[];
  readonly added: readonly string[];
}

/** Builds an image and plays what was asked for; where missing packages are to be added, again with each that is found. */
async function buildAndTry(cli: Cli, name: string, options: BuildOptions): Promise<BuiltAndTried> {
  const { packages } = options;
  for (let added: string[] = []; ;) {
    const built = await buildOnce(cli, name, options, added);
    if (packages === undefined) return { built, tried: [], added };
    await prepareHost(cli, name);
    const tried = await tryPackages(built, packages, cli.signal);
    const needed = new Set(tried.flatMap((row) => (row.needed === null ? [] : [row.needed])));
    const more = [...needed].filter((each) => !added.includes(each) && !packages.includes(each));
    if (options.complete !== true || more.length === 0 || added.length + more.length > mostAdded)
      return { built, tried, added };
    cli.status.note(`Adding ${more.join(", ")}`);
    added = [...withoutPackages(added, more), ...more];
  }
}

async function buildOnce(
  { status, signal }: Cli,
  name: string,
  options: BuildOptions,
  added: readonly string[],
): Promise<ResolvedImage> {
  const { packages, findLinks, rebuild, python, system } = options;
  const isShipped = packages === undefined && options.requirements === undefined;
  return await buildImage({
    add: options.add,
    env: { ...(isShipped ? shippedEnv(name) : {}), ...Object.fromEntries(options.env) },
    system,
    name,
    requirements: packages === undefined ? (options.requirements ?? shippedLock(name)) : undefined,
    packages: packages === undefined ? undefined : [...withoutPackages(packages, added), ...added],
    buildSource: options.wheelsOnly ? false : options.buildSource,
    findLinks,
    rebuild,
    python,
    onProgress: (message: string): void => status.note(message),
    signal,
  });
}

function shippedLock(name: string): string {
  if (shippedImages().includes(name)) return packagedLock(name);
  const near = nearestName(name, shippedImages());
  throw new SameseedError("bad_argument", `nothing says what to build the image ${name} from`, {
    hint: `${near === undefined ? "" : `did you mean ${near}? Otherwise `}name packages (--packages PACKAGE …) or a lock (--requirements FILE); locks that come with Sameseed: ${shippedImages().join(", ")}`,
    context: { name, shipped: shippedImages() },
  });
}

function refuseDefaultName(name: string): void {
  if (name !== defaultImageName) return;
  throw new SameseedError("bad_argument", `${name} is reserved for the default image`, {
    hint: "choose another name and pass it to --image; `sameseed setup` builds the default image",
  });
}
