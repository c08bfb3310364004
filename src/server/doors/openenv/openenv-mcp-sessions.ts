/*
 * Theory of operation. Over HTTP a request has no connection that its environment could belong to. A session is an environment
 * with a name that nobody guesses; it is kept while it is asked for, and a WebSocket may join it.
 */
import type { JsonObject } from "../../../model/json.ts";
import type { ServerContext } from "../../context.ts";
import { type Lease, makeId } from "../../leases.ts";
import { OpenEnvEpisodes } from "./openenv-episodes.ts";

/** How long a session is kept that nobody asks for, in ms: a model may think between two calls. */
const idleMs = 600_000;
/** The most sessions. */
const sessionsMost = 1000;

/** An environment that requests name. */
export interface McpSession {
  readonly id: string;
  readonly episodes: OpenEnvEpisodes;
  readonly lease: Lease;
  /** Whether a WebSocket has joined it. */
  isJoined: boolean;
}

/** All sessions of a server. */
export class McpSessions {
  readonly #context: ServerContext;
  readonly #sessions: Map<string, McpSession> = new Map();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /**
   * Begins a session with its first episode; undefined where there are too many.
   * @param reset what a reset takes
   * @throws as `OpenEnvEpisodes.reset`
   */
  async create(env: string, reset: JsonObject): Promise<McpSession | undefined> {
    if (this.#sessions.size >= sessionsMost) return undefined;
    const lease = this.#context.leases.open(idleMs, false);
    const id = makeId("mcp");
    const session: McpSession = {
      id,
      lease,
      episodes: new OpenEnvEpisodes(this.#context, env),
      isJoined: false,
    };
    this.#sessions.set(id, session);
    lease.own(id, async () => {
      this.#sessions.delete(id);
      await session.episodes.end();
    });
    try {
      await session.episodes.reset(reset);
      return session;
    } catch (error) {
      await lease.end();
      throw error;
    }
  }

  /** One by its identifier; whoever names it keeps it. */
  find(id: string): McpSession | undefined {
    const session = this.#sessions.get(id);
    if (session === undefined || session.lease.isEnded) return undefined;
    session.lease.touch();
    return session;
  }

  /** Ends one, and what it has. @returns whether there was one */
  async close(id: string): Promise<boolean> {
    const session = this.find(id);
    await session?.lease.end();
    return session !== undefined;
  }
}
