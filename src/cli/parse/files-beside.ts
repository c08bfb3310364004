import { Option } from "commander";

import { SameseedError } from "../../base/error.ts";
import type { SourcePath } from "../../rollout/policy-input.ts";

/** `--files`: what lies beside an environment. */
export function filesOption(): Option {
  return new Option(
    "--files <DIR>",
    "a folder beside the environment: its modules can be imported, its files opened by relative paths (default: only FILE.py itself)",
  );
}

/** An option for what lies beside a policy's file. @param flag such as `--policy-files` */
export function policyFilesOption(flag: string, whose: string): Option {
  return new Option(
    `${flag} <DIR>`,
    `a folder beside the file of ${whose}, as --files is beside the environment; nobody else sees it`,
  );
}

/**
 * A policy with what lies beside its file.
 * @param flag the option that named the folder
 * @throws `bad_argument` where the policy is no file
 */
export function withFiles(policy: string, files: string | undefined, flag: string): string | SourcePath {
  if (files === undefined) return policy;
  if (policy.endsWith(".py")) return { path: policy, files };
  throw new SameseedError("bad_argument", `${flag} needs a policy from a file, not ${policy}`, {
    hint: "name a Python file, FILE.py, or leave the option out",
  });
}
