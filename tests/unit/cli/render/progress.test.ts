import { describe, expect, it } from "vitest";

import { Progress } from "../../../../src/cli/render/progress.ts";
import { StatusLine } from "../../../../src/cli/render/status-line.ts";

/** A stream that keeps what is written, and a clock that is set by hand. */
class Screen {
  readonly isTTY: boolean;
  readonly columns = 60;
  text = "";
  time = 0;

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }

  progress(total: number, before = 0): Progress {
    return new Progress(new StatusLine(this, {}), {
      verb: "recording",
      total,
      before,
      details: () => ["0 faults"],
      now: () => this.time,
    });
  }
}

describe("Progress", () => {
  it("says how far, how fast and how long, without what was done before", () => {
    const screen = new Screen(true);
    const progress = screen.progress(100, 50);
    screen.time = 2000;
    for (let done = 0; done < 20; done++) progress.advance();
    expect(progress.line()).toBe("recording 70/100 · 10.0/s · ETA 3.0 s · 0 faults");
  });

  it("says nothing of how long before there is something to judge it by", () => {
    const screen = new Screen(true);
    const progress = screen.progress(100);
    screen.time = 1999;
    for (let done = 0; done < 4; done++) progress.advance();
    expect(progress.line()).not.toContain("ETA");
    screen.time = 2000;
    expect(progress.line()).toContain("ETA");
    const idle = new Screen(true);
    const slow = idle.progress(100);
    idle.time = 60_000;
    for (let done = 0; done < 3; done++) slow.advance();
    expect(slow.line()).not.toContain("ETA");
  });

  it("writes over one line on a terminal, at most ten times a second, and takes it away", () => {
    const screen = new Screen(true);
    const progress = screen.progress(1000);
    for (let done = 0; done < 1000; done++) {
      screen.time += 1;
      progress.advance();
    }
    progress.stop();
    expect(screen.text).not.toContain("\n");
    expect(screen.text.split("recording").length - 1).toBeLessThanOrEqual(11);
    expect(screen.text.endsWith("\r\u001b[K")).toBe(true);
  });

  it("is silent for a short run without a terminal, and rare for a long one", () => {
    const screen = new Screen(false);
    const progress = screen.progress(100_000);
    for (let done = 0; done < 100; done++) {
      screen.time += 10;
      progress.advance();
    }
    expect(screen.text).toBe("");
    for (let done = 0; done < 3600; done++) {
      screen.time += 1000;
      progress.advance();
    }
    const lines = screen.text.trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.length).toBeLessThan(80);
    expect(screen.text).not.toContain("\u001b");
  });
});

describe("StatusLine", () => {
  it("keeps the live line below lines that stay, and cuts it to the terminal", () => {
    const screen = new Screen(true);
    const status = new StatusLine(screen, {});
    status.show("x".repeat(100));
    expect(screen.text).toBe(`\r\u001b[K${"x".repeat(58)}…`);
    screen.text = "";
    status.note("stays");
    expect(screen.text).toBe(`\r\u001b[Kstays\n\r\u001b[K${"x".repeat(58)}…`);
  });

  it("is off on a terminal that cannot move its cursor", () => {
    expect(new StatusLine(new Screen(true), { TERM: "dumb" }).live).toBe(false);
  });
});
