import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { createLog, LogHistory, logLevels, type LogSettings } from "./log.ts";

function trial(changes: Partial<LogSettings> = {}) {
  const lines: string[] = [];
  const clock = new FakeClock(Date.UTC(2026, 10, 22, 12, 33, 41, 766));
  const settings: LogSettings = { level: "info", json: false, clock, sink: (line) => lines.push(line), ...changes };
  return { lines, settings, log: createLog(settings, "agent") };
}

describe("a log line", () => {
  test("has the layout of Consul's log", () => {
    const { log, lines } = trial();
    log.warn("Check is late", { check: "up", ms: 12, ok: false, nothing: undefined });
    log.named("http").error("failed");
    expect(lines).toEqual([
      "2026-11-22T12:33:41.766Z [WARN]  agent: Check is late: check=up ms=12 ok=false",
      "2026-11-22T12:33:41.766Z [ERROR] agent.http: failed",
    ]);
  });

  test.each([
    ["two words", 'x="two words"'],
    ['a"b', 'x="a\\"b"'],
    ["/v1/kv/a?b=c", "x=/v1/kv/a?b=c"],
    ["two\nlines", 'x="two\\nlines"'],
    ["plain", "x=plain"],
  ])("stays one line with unambiguous fields for the value %p", (value, expected) => {
    const { log, lines } = trial();
    log.info("m", { x: value });
    expect(lines).toEqual([`2026-11-22T12:33:41.766Z [INFO]  agent: m: ${expected}`]);
  });

  test.each([
    ["Asia/Kolkata", "2026-11-22T18:03:41.766+0530", "2026-11-22T18:03:41.766000+05:30"],
    ["America/New_York", "2026-11-22T07:33:41.766-0500", "2026-11-22T07:33:41.766000-05:00"],
    ["Europe/London", "2026-11-22T12:33:41.766Z", "2026-11-22T12:33:41.766000Z"],
  ])("has the local time of %s in the format of Go", (zone, text, json) => {
    const before = process.env["TZ"];
    process.env["TZ"] = zone;
    try {
      const [plain, structured] = [trial(), trial({ json: true })];
      for (const { log } of [plain, structured]) log.info("m");
      expect(plain.lines).toEqual([`${text} [INFO]  agent: m`]);
      expect(JSON.parse(structured.lines[0] ?? "")).toMatchObject({ "@timestamp": json });
    } finally {
      if (before === undefined) delete process.env["TZ"];
      else process.env["TZ"] = before;
    }
  });

  test("can be JSON, with the field names of hclog", () => {
    const { log, lines } = trial({ json: true });
    log.named("http").info('said "hello"', { status: 200 });
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      "@level": "info",
      "@message": 'said "hello"',
      "@module": "agent.http",
      "@timestamp": "2026-11-22T12:33:41.766000Z",
      status: 200,
    });
  });
});

test.each(logLevels)("at level %s the log writes lines of this level and above, and no lines below it", (level) => {
  const { log, lines } = trial({ level });
  for (const each of logLevels) log[each]("m");
  expect(lines).toHaveLength(logLevels.length - logLevels.indexOf(level));
});

test("a change of the log level takes effect at once, also for named logs that exist already", () => {
  const { log, lines, settings } = trial();
  const child = log.named("http");
  child.debug("too fine");
  settings.level = "debug";
  child.debug("m");
  expect(lines).toHaveLength(1);
});

describe("a subscriber of the log", () => {
  test("with a lower level than the log's makes the method `writes` return true for that level until it unsubscribes", () => {
    const { log } = trial();
    const named = log.named("http");
    expect([named.writes("debug"), named.writes("info")]).toEqual([false, true]);
    const stop = log.tap({ level: "debug", json: false, sink: () => {} });
    expect([named.writes("trace"), named.writes("debug")]).toEqual([false, true]);
    stop();
    expect(named.writes("debug")).toBe(false);
  });

  test("receives the lines of all named logs, with the subscriber's level and format, until it unsubscribes", () => {
    const own: string[] = [];
    const tapped: string[] = [];
    const log = createLog(
      { level: "warn", json: false, clock: new FakeClock(), sink: (line) => own.push(line) },
      "agent",
    );
    const stop = log.named("http").tap({ level: "debug", json: true, sink: (line) => tapped.push(line) });
    log.trace("one");
    log.debug("two");
    log.named("other").warn("three");
    stop();
    log.debug("four");
    expect(tapped.map((line): unknown => JSON.parse(line))).toMatchObject([
      { "@message": "two", "@module": "agent" },
      { "@message": "three", "@module": "agent.other" },
    ]);
    expect(own).toHaveLength(1);
  });
});

describe("the history of a log", () => {
  const text = { level: "trace", json: false } as const;

  test("keeps the newest lines of level info and above, and of lower levels when the log writes them", () => {
    const { log, settings } = trial({ level: "warn", history: new LogHistory() });
    log.debug("not kept");
    log.named("http").info("kept", { port: 80 });
    settings.level = "debug";
    log.debug("kept, too");
    expect(log.newest(9, text)).toEqual([
      "2026-11-22T12:33:41.766Z [INFO]  agent.http: kept: port=80",
      "2026-11-22T12:33:41.766Z [DEBUG] agent: kept, too",
    ]);
    expect(log.newest(9, { level: "info", json: true }).map((line): unknown => JSON.parse(line))).toMatchObject([
      { "@level": "info", "@message": "kept", port: 80 },
    ]);
    expect(log.newest(1, text)).toEqual(["2026-11-22T12:33:41.766Z [DEBUG] agent: kept, too"]);
    expect(log.newest(0, text)).toEqual([]);
  });

  test("has a maximum number of lines and of characters", () => {
    const { log } = trial({ history: new LogHistory({ linesMax: 3, charactersMax: 350 }) });
    for (const n of [1, 2, 3, 4]) log.info(`line ${n}`);
    expect(log.newest(9, text).map((line) => line.at(-1))).toEqual(["2", "3", "4"]);
    log.info("long", { field: "x".repeat(330) });
    expect(log.newest(9, text)).toHaveLength(1);
    log.info("too long", { field: "x".repeat(400) });
    expect(log.newest(9, text)).toEqual([]);
  });
});
