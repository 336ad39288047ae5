import { afterAll, beforeAll, expect, test } from "bun:test";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { programOf } from "../support/target.ts";
import { TestTerminal } from "../support/terminal.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
const program = programOf(process.env["CONFORMANCE_TARGET"] ?? "praetor");
let agent: AgentProcess;
let top: readonly string[] = [];

beforeAll(async () => {
  agent = await sandbox.start("-dev");
  await agent.ready();
  await register("first", { TTL: "1h", Status: "passing" });
  top = [...program, "top", `-http-addr=${agent.url}`];
});
afterAll(() => sandbox.close());

/** Expects that the program has restored the terminal's screen. Waits, because its last output may arrive after its exit. */
async function expectLeft(terminal: TestTerminal): Promise<void> {
  await within(2_000, async () => expect(terminal.output).toContain(leavesScreen));
}

async function register(name: string, check: object): Promise<void> {
  const body = JSON.stringify({ Name: name, Port: 80, Check: { CheckID: `of-${name}`, ...check } });
  await agent.send("PUT", "/v1/agent/service/register", { body });
}

const leavesScreen = "\u001b[?7h\u001b[?25h\u001b[?1049l";

test("praetor top shows changes when they happen, and checks with their output", async () => {
  await using terminal = new TestTerminal(top);
  await terminal.shows(/passing +first /);
  await register("second", { TTL: "1h" });
  await terminal.shows(/critical +second /);
  await agent.send("PUT", "/v1/agent/check/warn/of-second", { body: '{"Output":"hot"}' });
  await agent.send("PUT", "/v1/agent/check/update/of-second", { body: '{"Status":"warning","Output":"too hot"}' });
  await terminal.shows(/warning +second /);
  terminal.type("/second\r\r");
  await terminal.shows(/Service 'second' check: /);
  terminal.type("q");
  expect(await terminal.exited).toBe(0);
});

test("praetor top shows no colours with NO_COLOR, and only the essential columns at a width of 40", async () => {
  const red = "\u001b[31mcritical";
  // The first row is selected, and a selected row has no colour.
  await register("third", { TTL: "1h" });
  await register("third-2", { TTL: "1h" });
  await using coloured = new TestTerminal(top, { env: { NO_COLOR: "" } });
  await within(5_000, async () => expect(coloured.output).toContain(red));
  await using plain = new TestTerminal(top, { columns: 40, rows: 14, env: { NO_COLOR: "1" } });
  await within(5_000, async () => expect(plain.output).toContain("third-2"));
  expect(plain.output).not.toContain(red);
  await plain.shows(/STATUS +SERVICE +SINCE[^]*critical +third +\d+s/);
  plain.type("?");
  await plain.shows(/page up, page down  one screen[^]*any key goes back/);
});

test("praetor top fits its output to the terminal when the terminal's size changes", async () => {
  await using terminal = new TestTerminal(top, { columns: 60, rows: 10 });
  await terminal.shows(/q quit/);
  terminal.resize(100, 30);
  await terminal.shows(/SERVICE {31}INSTANCES/);
});

test.each(["q", "\u0003"])("praetor top restores the terminal when it ends at the key %j", async (key) => {
  const words = ["sh", "-c", `"$@"; echo ended with $?; stty -a`, "sh", ...top];
  await using terminal = new TestTerminal(words);
  await terminal.shows(/q quit/);
  terminal.type(key);
  expect(await terminal.exited).toBe(0);
  await expectLeft(terminal);
  await terminal.shows(/ended with 0[^]* icanon[^]* echo /);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)("praetor top restores the terminal when %s ends it", async (signal, code) => {
  await using terminal = new TestTerminal(top);
  await terminal.shows(/q quit/);
  process.kill(terminal.pid, signal);
  expect(await terminal.exited).toBe(code);
  await expectLeft(terminal);
});

test("praetor top reports that the agent has become unreachable, and shows new data once the agent answers again", async () => {
  const own = await sandbox.start("-dev");
  await own.ready();
  await using terminal = new TestTerminal([...program, "top", `-http-addr=${own.url}`]);
  // The agent dies when its data are on the screen, not while the first are under way.
  await terminal.shows(/passing[^]*q quit|q quit[^]*passing/);
  own.signal("SIGKILL");
  await terminal.shows(/STALE, as of \d\d:\d\d:\d\d: .*(refused|closed)[^]*passing\?/);
  const port = new URL(own.url).port;
  await (await sandbox.start("-dev", "-http-port", port, "-node", "again")).ready();
  await terminal.shows(/praetor top/);
});

test("praetor top without a terminal prints one table", async () => {
  const { code, output } = await sandbox.run("top", "-http-addr", agent.url);
  expect(code).toBe(0);
  expect(output).toMatch(/^STATUS +SERVICE +INSTANCES +CHECKS +SINCE +ADDRESS\n/);
  expect(output).toMatch(/^passing +first +1\/1 +1\/1 +\d+[sm] +127\.0\.0\.1:80$/m);
});

test("praetor top exits with 1 when the agent is unreachable at the start", async () => {
  await using terminal = new TestTerminal([...program, "top", "-http-addr=127.0.0.1:1"]);
  expect(await terminal.exited).toBe(1);
  await terminal.shows(/Error reading services: .*connection refused/);
});
