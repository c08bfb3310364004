/* What the container file of the guide starts is what the server takes. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { expect, it } from "vitest";

import { addServeCommand } from "../../../src/cli/commands/serve.ts";

const folder = resolve(import.meta.dirname, "../../../docs/guide");
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const file = read("container/Containerfile.serve");
const [program, command, ...options] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(file)![1]!) as string[];

it("names a command and options that there are", () => {
  const made = new Command();
  addServeCommand(made, () => {});
  const serve = made.commands.find((each) => each.name() === command)!;
  expect(program).toBe("sameseed");
  const { operands, unknown } = serve.parseOptions(options);
  expect([operands, unknown]).toEqual([[], []]);
  expect(serve.opts()).toMatchObject({ listen: "0.0.0.0:8900", tokenFile: "/run/secrets/token" });
  expect(file).toContain("EXPOSE 8900\n");
});

it("is the guide's, with the user that the base makes, its folders and its token", () => {
  const guide = read("serving.md");
  const uid = /useradd --uid (\d+) .*sandboxes/.exec(read("container/Containerfile"))![1]!;
  expect(guide).toContain(`--secret sameseed-token,target=token,uid=${uid},mode=0400`);
  expect(guide).toContain("-v sameseed-runs:/var/lib/sameseed/runs");
  expect(file).toMatch(
    /-o sandboxes -g sandboxes \/var\/lib\/sameseed\/runs \/var\/lib\/sameseed\/spool\nUSER sandboxes\n/,
  );
  expect(read("containers.md")).toContain(`runAsUser: ${uid} `);
  // Neither names where it comes from, nor holds a secret.
  expect(file).not.toMatch(/https?:|COPY|ADD/);
});
