import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../..");

it("new files have the same modes whatever umask the host's process has, warm and cold, in both worlds", () => {
  const program = `
    const { Sandbox } = await import(${JSON.stringify(join(root, "src/index.ts"))});
    const look = "import os; open('/tmp/x', 'w').close(); os.mkdir('/tmp/d');" +
      "print(*(oct(n) for n in (os.umask(0o022), os.stat('/tmp/x').st_mode, os.stat('/tmp/d').st_mode)))";
    for (const backend of ["zygote", "cold"])
      for (const world of ["sealed", "host"]) {
        await using sandbox = await Sandbox.create({ backend, world });
        const command = await sandbox.run("python3", { args: ["-c", look] });
        const played = await sandbox.run("sh", { args: ["-c", "umask"] });
        console.log(backend, world, command.stdoutText.trim(), played.stdoutText.trim());
      }`;
  const seen = (umask: string): string[] =>
    execFileSync(
      "sh",
      ["-c", `umask ${umask}; exec "$0" "$@"`, process.execPath, "--input-type=module", "-e", program],
      {
        encoding: "utf8",
      },
    )
      .trim()
      .split("\n");
  const modes = "0o22 0o100644 0o40755 0022";
  const all = ["zygote sealed", "zygote host", "cold sealed", "cold host"].map(
    (where) => `${where} ${modes}`,
  );
  expect(seen("077")).toEqual(all);
  expect(seen("002")).toEqual(all);
});
