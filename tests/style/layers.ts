/**
 * The folders below `src/`, in the order data flows: each imports only from those before it. `src/index.ts`
 * is the door to all of them. A new folder is given its place here first.
 */
export const layers: readonly string[] = [
  "base",
  "model",
  "image",
  "trajectory",
  "sandbox",
  "harness",
  "rollout",
  "store",
  "verify",
  "security",
  "stats",
  "games",
  "branch",
  "evaluate",
  "judge",
  "fleet",
  "server",
  "view",
  "cli",
  "testing",
];

/**
 * Folders that implement a contract, and the only files beside them that may know it. What is written against the contract
 * (the contract itself, jobs, agents, open sandboxes) works on whatever backend it is given.
 */
export const backends: { readonly folders: readonly string[]; readonly known: readonly string[] } = {
  folders: ["src/sandbox/zygote/", "src/sandbox/cold/"],
  known: ["src/sandbox/sandbox-host.ts", "src/sandbox/doctor/"],
};

/** Files that may ask for the time of day or for chance: everything else is given them. */
export const mayAskTheHost: readonly string[] = ["src/base/clock.ts"];

/** The most lines a file may have. */
export const maxFileLines = 300;

/** The most lines a function may have. */
export const maxFunctionLines = 70;
