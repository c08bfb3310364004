import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // No test measures time: this only ends what hangs, on machines that may be ten times slower than their processors are.
    testTimeout: 180_000,
    hookTimeout: 240_000,
    // One more than the cores that the machine has at least: many tests wait for a limit or for a process to end.
    maxWorkers: 3,
    pool: "forks",
  },
});

export default config;
