import type { Command } from "commander";

import { exportImage } from "../../image/export-image.ts";
import { pullImage, pushImage } from "../../image/image-folder.ts";
import { resolveImage } from "../../image/image-store.ts";
import { importImage } from "../../image/import-image.ts";
import { digestsOfRuns, pruneImages } from "../../image/prune-images.ts";
import { lockPath } from "../../image/publish-image.ts";
import { listTree } from "../../image/tree-listing.ts";
import type { CommandWork } from "../cli.ts";
import { jsonOption } from "../commands/options.ts";
import { isS3Url } from "../../store/objects/s3-place.ts";
import { jsonText } from "../render/json-text.ts";
import { count, formatBytes } from "../render/numbers.ts";
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { describeImage } from "./image-line.ts";

const defaultRuns = ["runs"];

/** Adds `sameseed image show|export|import|prune`. */
export function addTravelCommands(image: Command, choose: (work: CommandWork) => void): void {
  addShow(image, choose);
  image
    .command("export")
    .summary("write an image into one file")
    .description("Writes an image into one compressed file. The same image gives the same bytes.")
    .argument("<NAME>", "a name or digest")
    .argument("<FILE>", "the file to write, such as mine.tar.zst")
    .addOption(jsonOption("the digest and the size as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed image export roads roads.tar.zst")
    .action((name: string, file: string, { json }: { readonly json?: true }) =>
      choose(async ({ output, signal }) => {
        const { digest, bytes } = await exportImage(name, file, { signal });
        if (json) await output.write(`${jsonText({ digest, file, bytes })}\n`);
        else await output.lines([`image ${digest.slice(0, 12)}: ${formatBytes(bytes)} in ${file}`]);
        return 0;
      }),
    );
  image
    .command("import")
    .summary("take an image out of such a file")
    .description(
      "Takes an image out of a file that `image export` wrote, on this host or another. Its content is compared with its digest.",
    )
    .argument("<FILE>", "the file")
    .option("--name <NAME>", "the image's name (default: the file's name up to its first dot)")
    .addHelpText("after", "\nExample:\n  sameseed image import roads.tar.zst")
    .addOption(jsonOption("the image as one JSON document"))
    .action((file: string, { name, json }: { readonly name?: string; readonly json?: true }) =>
      choose(async ({ output, signal }) => {
        const taken = await importImage(file, { name, signal });
        if (json) await output.write(`${jsonText({ name: taken.name, ...taken.manifest })}\n`);
        else await output.lines([describeImage(taken)]);
        return 0;
      }),
    );
  addPushAndPull(image, choose);
  image
    .command("prune")
    .summary("remove images that no name stands for and no run names")
    .description("Removes images that no name stands for and that no run folder names.")
    .argument("[DIR...]", "folders in which runs are looked for (default: runs)")
    .option("--dry-run", "only list them")
    .addHelpText(
      "after",
      "\nExamples:\n  sameseed image prune --dry-run\n  sameseed image prune runs /srv/runs",
    )
    .addOption(jsonOption("the digests as one JSON document"))
    .action((runs: readonly string[], options: { readonly dryRun?: true; readonly json?: true }) =>
      choose(async ({ output, status }) => {
        const dryRun = options.dryRun ?? false;
        const removed = await pruneImages(runs.length === 0 ? defaultRuns : runs, { dryRun });
        if (options.json) await output.write(`${jsonText({ removed, dryRun })}\n`);
        else
          await output.lines(
            removed.map((digest) => `${dryRun ? "would remove" : "removed"} ${digest.slice(0, 12)}`),
          );
        if (removed.length === 0) status.note("every image has a name, or is named by a run");
        return 0;
      }),
    );
}

function addPushAndPull(image: Command, choose: (work: CommandWork) => void): void {
  image
    .command("push")
    .summary("put an image where other hosts can take it")
    .description("Puts an image into a folder or bucket under its digest, for `image pull` on another host.")
    .argument("<NAME>", "a name or digest")
    .argument("<PLACE>", "a path or a file: URL, which is made if it is not there, or s3://BUCKET/PREFIX")
    .addOption(jsonOption("the digest, the file and its size as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed image push roads /mnt/shared/images")
    .action((name: string, folder: string, { json }: { readonly json?: true }) =>
      choose(async ({ output, signal }) => {
        const push = isS3Url(folder) ? (await loadImageObjects()).pushImageTo : pushImage;
        const pushed = await push(name, folder, { signal });
        if (json) await output.write(`${jsonText({ ...pushed })}\n`);
        else
          await output.lines([
            `image ${pushed.digest.slice(0, 12)}: ${pushed.isNew ? formatBytes(pushed.bytes) : "already"} in ${pushed.file}`,
          ]);
        return 0;
      }),
    );
  image
    .command("pull")
    .summary("take an image from such a place, by its digest")
    .description(
      "Takes an image out of a folder or bucket by its digest. Its content is compared with the digest.",
    )
    .argument("<DIGEST>", "the digest, or at least its first 7 digits")
    .argument("<PLACE>", "a path, a file: URL or s3://BUCKET/PREFIX")
    .option("--name <NAME>", "the image's name on this host (default: none)")
    .addHelpText("after", "\nExample:\n  sameseed image pull 1a2b3c4d5e6f /mnt/shared/images --name roads")
    .addOption(jsonOption("the image as one JSON document"))
    .action((digest: string, folder: string, options: { readonly name?: string; readonly json?: true }) =>
      choose(async ({ output, signal }) => {
        const pull = isS3Url(folder) ? (await loadImageObjects()).pullImageFrom : pullImage;
        const taken = await pull(digest, folder, { name: options.name ?? null, signal });
        if (options.json) await output.write(`${jsonText({ name: taken.name, ...taken.manifest })}\n`);
        else await output.lines([describeImage(taken)]);
        return 0;
      }),
    );
}

async function loadImageObjects(): Promise<typeof import("../../store/image-objects.ts")> {
  return await import("../../store/image-objects.ts");
}

function addShow(image: Command, choose: (work: CommandWork) => void): void {
  image
    .command("show")
    .summary("show what an image is made of and who uses it")
    .description("Shows an image's packages, interpreter, size, and the runs that name it.")
    .argument("<NAME>", "a name or digest")
    .argument("[DIR...]", "folders in which runs are looked for (default: runs)")
    .addOption(jsonOption("the same as one JSON document"))
    .addHelpText("after", "\nExample:\n  sameseed image show gymnasium")
    .action((name: string, places: readonly string[], { json }: { readonly json?: true }) =>
      choose(async ({ output }) => {
        const found = resolveImage(name);
        const { manifest, rootfs } = found;
        const alone = listTree(rootfs).reduce(
          (sum, { path, type, sizeBytes }) =>
            sum + (type === "file" && lstatSync(join(rootfs, path)).nlink === 1 ? sizeBytes : 0),
          0,
        );
        const runs = digestsOfRuns(places.length === 0 ? defaultRuns : places).get(manifest.digest) ?? [];
        const lock = lockPath(found);
        if (json)
          await output.write(
            `${jsonText({ name, ...manifest, ownBytes: alone, lockFile: lock, folder: rootfs, runs })}\n`,
          );
        else
          await output.lines([
            describeImage(found),
            `digest     sha256:${manifest.digest}`,
            `platform   ${manifest.architecture}, ${manifest.libc}`,
            `size       ${count(manifest.files, "file")}, ${formatBytes(manifest.sizeBytes)}, of which ${formatBytes(alone)} are shared with no other image`,
            `folder     ${rootfs}`,
            `lock       ${lock}`,
            ...Object.entries(manifest.packages).map(
              ([each, version], index) => `${index === 0 ? "packages   " : "           "}${each} ${version}`,
            ),
            ...Object.entries(manifest.system ?? {}).map(
              ([each, version], index) => `${index === 0 ? "system     " : "           "}${each} ${version}`,
            ),
            ...(runs.length === 0
              ? ["runs       none that were found"]
              : runs.map((run, index) => `${index === 0 ? "runs       " : "           "}${run}`)),
          ]);
        return 0;
      }),
    );
}
