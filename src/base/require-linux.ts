import { SameseedError } from "./error.ts";

/** How a container with Linux is started that Sameseed works in; docs/guide/containers.md says what the flags allow. */
const container =
  'podman run --rm -it --security-opt seccomp=unconfined --security-opt unmask=ALL -v "$PWD:/work" -w /work IMAGE npx sameseed doctor';

/**
 * Says in one sentence what to do where there is no Linux: everything that makes an image or a sandbox asks first.
 * Recorded runs can be read anywhere.
 *
 * @throws {SameseedError} `wall_unavailable`
 */
export function requireLinux(platform: string = process.platform): void {
  if (platform === "linux") return;
  const place =
    platform === "win32"
      ? "run Sameseed inside WSL 2"
      : "run Sameseed in a Linux virtual machine, or in a container";
  const hint = platform === "win32" ? `${place} (wsl --install)` : `${place}: ${container}`;
  throw new SameseedError("wall_unavailable", `sandboxes need Linux; this is ${platform}`, { hint });
}
