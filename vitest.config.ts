import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // Sandboxes share two cores with everything else on the machine; a hung one must still end the run.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than the cores that the machine has at least: many tests wait for a limit or for a process to end.
    maxWorkers: 3,
    pool: "forks",
  },
});

export default config;
