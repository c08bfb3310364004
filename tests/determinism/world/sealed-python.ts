import { defaultLimits } from "../../../src/model/limits.ts";
import type { WorldMode } from "../../../src/model/receipt.ts";
import { sharedBackend } from "../../../src/sandbox/sandbox-host.ts";
import { sealedSettings, type WorldSettings } from "../../../src/sandbox/world-settings.ts";

/** What a program said, and how it ended. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  /** The cause, and the exit code or the signal's name. */
  readonly ending: string;
}

/** How a program is run. */
export interface SealedOptions {
  /** @default 1 */
  readonly seed?: number;
  /** @default "sealed" */
  readonly world?: WorldMode;
  /** What an audit would change. */
  readonly settings?: Omit<Partial<WorldSettings>, "key">;
  /** Text files by path. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Runs a Python script in a fresh sandbox of the default image. */
export async function runPython(source: string, options: SealedOptions = {}): Promise<Said> {
  const world = options.world ?? "sealed";
  const files = Object.entries(options.files ?? {}).map(([path, data]) => ({
    path,
    data: Buffer.from(data),
  }));
  const settings = { ...sealedSettings("sandbox", options.seed ?? 1), ...options.settings };
  const said = { stdout: "", stderr: "", stream: "" };
  const [sandbox] = await sharedBackend("gymnasium", "zygote", world).start({
    members: [
      {
        job: {
          entry: "script",
          name: "script.py",
          source,
          files,
          env: {},
          ...(world === "sealed" ? { world: settings } : {}),
        },
        limits: { ...defaultLimits, wallMs: 60_000 },
      },
    ],
    links: [],
    onOutput: (_, channel, data) => {
      said[channel] += data.toString();
    },
  });
  const { exitCode, signal, cause } = await sandbox!.ended;
  return { stdout: said.stdout, stderr: said.stderr, ending: `${cause} ${signal ?? exitCode}` };
}
