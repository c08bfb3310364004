/* What is particular to a queue on PostgreSQL. */
import { PostgresConnection } from "bullmq";
import { expect, it, vi } from "vitest";

import { PostgresBackend } from "../../src/fleet/queue/postgres-backend.ts";
import { hasPostgres, PostgresServer } from "./postgres-server.ts";

it.skipIf(!hasPostgres)(
  "keeps no lock where its tables cannot be made, so that somebody else can make them",
  async () => {
    await using server = await PostgresServer.start();
    const owner = new PostgresConnection({ connectionString: server.url, max: 1, schema: "public" });
    owner.on("error", () => {});
    await owner.pool.query("CREATE ROLE guest LOGIN");
    const guest = new PostgresBackend(server.url.replace("sameseed@", "guest@"));
    await expect(guest.distrusted()).rejects.toMatchObject({
      message: expect.stringContaining("permission"),
    });
    // The server says the error a moment before it ends the transaction.
    await vi.waitFor(async () => {
      const { rows } = await owner.pool.query("SELECT 1 FROM pg_locks WHERE locktype = 'advisory'");
      expect(rows).toEqual([]);
    });
    const able = new PostgresBackend(server.url);
    expect(await able.distrusted()).toEqual([]);
    await Promise.all([guest.close(), able.close(), owner.close()]);
  },
);
