import type { Command } from "commander";

import { isSameseedError, type SameseedError } from "../../base/error.ts";
import { checkImage } from "../../image/check-image.ts";
import { listDigests, listImages, removeImage, resolveImage } from "../../image/image-store.ts";
import type { CommandWork } from "../cli.ts";
import { formatError } from "../render/error-text.ts";
import { jsonText } from "../render/json-text.ts";
import { count, formatBytes } from "../render/numbers.ts";
import type { Painter } from "../render/style.ts";
import { formatTable, type Column } from "../render/table.ts";
import { jsonOption } from "../commands/options.ts";
import { addBuildCommand } from "./build-command.ts";
import { addLockCommand } from "./lock-command.ts";
import { addTravelCommands } from "./travel-commands.ts";

const columns: readonly Column[] = [
  { title: "name" },
  { title: "digest" },
  { title: "python" },
  { title: "packages", align: "right" },
  { title: "size", align: "right" },
];

/** Adds `sameseed image` with what it can do. */
export function addImageCommand(program: Command, choose: (work: CommandWork) => void): void {
  const image = program
    .command("image")
    .summary("build, list, show, move, verify and remove images")
    .description(
      "An image is a frozen Python: the interpreter and locked packages in a read-only tree, identified by a digest of its contents.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  sameseed image list\n  sameseed image build box2d\n  sameseed run LunarLander-v3 --image box2d",
    );
  addBuildCommand(image, choose);
  addLockCommand(image, choose);
  addTravelCommands(image, choose);
  image
    .command("list")
    .summary("list the images on this host")
    .description("Lists the images on this host.")
    .addOption(jsonOption("the images as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed image list")
    .action((options: { readonly json?: true }) =>
      choose(async ({ output, paint }) => {
        const images = listImages();
        if (options.json) {
          await output.write(
            `${jsonText({ images: images.map(({ manifest, names }) => ({ names, ...manifest })) })}\n`,
          );
          return 0;
        }
        const [head = "", ...rows] = formatTable(
          columns,
          images.map(({ manifest, names }) => [
            names.join(", ") || "-",
            manifest.digest.slice(0, 12),
            manifest.python,
            String(Object.keys(manifest.packages).length),
            formatBytes(manifest.sizeBytes),
          ]),
        );
        await output.lines(
          rows.length === 0
            ? ["no images; sameseed setup builds the default one"]
            : [paint("dim", head), ...rows],
        );
        return 0;
      }),
    );
  addVerify(image, choose);
  image
    .command("rm")
    .summary("remove images by name or digest")
    .description("Removes images by name or digest. Runs that were recorded with them stay readable.")
    .argument("<NAME...>", "names or digests")
    .addHelpText("after", "\nExample:\n  sameseed image rm roads")
    .action((names: readonly string[]) =>
      choose(async ({ status }) => {
        for (const name of names) {
          await removeImage(name);
          status.note(`removed ${name}`);
        }
        return 0;
      }),
    );
}

function addVerify(image: Command, choose: (work: CommandWork) => void): void {
  image
    .command("verify")
    .summary("read every file of images and compare them with their digests")
    .description(
      "Reads every file of the named images, or of all images, and compares the content with the digest. Ordinary use checks only sizes, times and inodes.",
    )
    .argument("[NAME...]", "names or digests (default: every image)")
    .addOption(jsonOption("the result as one JSON document"))
    .addHelpText(
      "after",
      "\nExamples:\n  sameseed image verify\n  sameseed image verify gymnasium box2d\n\nThe exit code is 0 when every image matches its digest, 3 when one does not.",
    )
    .action((names: readonly string[], { json }: { readonly json?: true }) =>
      choose(async ({ output, paint }) => {
        const found = (names.length === 0 ? listDigests() : names).map((name) => verifyImage(name));
        const intact = found.every(({ error }) => error === undefined);
        if (json) await output.write(`${jsonText({ intact, images: found })}\n`);
        else await output.lines(found.flatMap((image) => formatVerified(image, paint)));
        return intact ? 0 : 3;
      }),
    );
}

/** What reading all of an image found. */
interface VerifiedImage {
  readonly name: string;
  readonly digest?: string;
  readonly files?: number;
  readonly sizeBytes?: number;
  /** Why it is not as it was built. */
  readonly error?: SameseedError;
}

function verifyImage(name: string): VerifiedImage {
  try {
    const image = resolveImage(name);
    return { name, ...checkImage(image) };
  } catch (error) {
    if (isSameseedError(error) && error.code === "image_damaged") return { name, error };
    throw error;
  }
}

function formatVerified(
  { name, digest = "", files = 0, sizeBytes = 0, error }: VerifiedImage,
  paint: Painter,
): string[] {
  if (error !== undefined) return [formatError(error, paint)];
  const label = name === digest ? "" : `${name} `;
  const size = `${count(files, "file")}, ${formatBytes(sizeBytes)}`;
  return [`${paint("good", "intact")}: image ${label}${digest.slice(0, 12)}, ${size}`];
}
