import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the gauges are read from when somebody asks. */
export interface MetricSources {
  readonly slots: { readonly total: number; readonly used: number; readonly waiting: number };
  readonly leases: { readonly size: number };
}

/** The server's figures, in the text format of Prometheus. */
export class ServerMetrics {
  readonly #registry: Registry = new Registry();
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #seconds: Histogram<"route">;
  readonly #opened: Counter<"kind">;
  readonly #refused: Counter<"code">;

  constructor({ slots, leases }: MetricSources) {
    const registry = this.#registry;
    const registers = [registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: "sameseed_requests_total",
      help: "Requests answered",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "sameseed_request_seconds",
      help: "Time from a request's head to the head of its answer",
      labelNames: ["route"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
      registers,
    });
    this.#opened = new Counter({
      name: "sameseed_opened_total",
      help: "Sandboxes, rollouts, vectors, runs and connections opened",
      labelNames: ["kind"],
      registers,
    });
    this.#refused = new Counter({
      name: "sameseed_errors_total",
      help: "Requests and messages answered with an error, by its code",
      labelNames: ["code"],
      registers,
    });
    gauge("sameseed_slots", "Sandboxes that may be open at the same time", () => slots.total);
    gauge("sameseed_slots_used", "Sandboxes that room was given to", () => slots.used);
    gauge("sameseed_queue", "Requests that wait for room", () => slots.waiting);
    gauge("sameseed_leases", "Leases of clients", () => leases.size);
    function gauge(name: string, help: string, read: () => number): void {
      const made: Gauge = new Gauge({ name, help, registers: [], collect: () => made.set(read()) });
      registry.registerMetric(made);
    }
  }

  /** A request was answered. @param route the route's pattern, never the path: clients must not make series */
  request(method: string, route: string, status: number, ms: number): void {
    this.#requests.inc({ method, route, status });
    this.#seconds.observe({ route }, ms / 1000);
  }

  /** Something was opened. */
  opened(kind: string): void {
    this.#opened.inc({ kind });
  }

  /** An error was given. */
  refused(code: string): void {
    this.#refused.inc({ code });
  }

  /** All figures, and their content type. */
  async text(): Promise<{ readonly type: string; readonly text: string }> {
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }
}
