import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import { atLength } from "../support/at-length.ts";
import { askDns } from "../support/dns-exchange.ts";
import { openHostile } from "../support/hostile-connections.ts";
import { patienceMs } from "../support/patience.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { residentMiB } from "../support/resident-memory.ts";
import { type ServingAgent, startServing } from "../support/serving-agent.ts";
import { within } from "../support/within.ts";

/**
 * Checks that one malicious client does not affect any other. The agent is a whole process; the malicious client connects from
 * 127.0.0.2, the others from 127.0.0.1.
 */

const sandbox = openSandbox();
let serving: ServingAgent;
beforeAll(async () => {
  serving = await startServing(sandbox, join(sandbox.folder, "data"));
});
afterAll(async () => {
  await serving.stop();
  await sandbox.close();
});

const portOf = ({ agent }: ServingAgent): number => Number(new URL(agent.url).port);
const put = (key: string, length: number): string =>
  `PUT /v1/kv/${key} HTTP/1.1\r\nHost: agent\r\nContent-Length: ${length}\r\n\r\n`;

/** Expects that some normal requests, each on a new connection, have a median latency as low as without the malicious client. */
async function expectNotDelayed(): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < 21; n++) {
    const startMs = performance.now();
    expect((await serving.agent.send("GET", `/v1/kv/kept?raw&n=${n}`)).text).toBe("kept");
    times.push(performance.now() - startMs);
  }
  expect(times.toSorted((a, b) => a - b)[10]).toBeLessThan(patienceMs(100));
}

describe("a client that", () => {
  const whyNot = atLength({ short: 0, long: 1 }) === 1 ? "" : " (skipped: only make fault runs it)";
  const many = atLength({ short: 3_000, long: 9_000 });
  test(`has ${many} connections and sends at most half a request costs little memory and delays no other client`, async () => {
    const before = residentMiB(serving.agent.pid).now;
    const request = (at: number): string => (at % 2 === 0 ? "" : "GET /v1/kv/a HTTP/1.1\r\nHo");
    const those = { count: many, request, reads: true, from: "127.0.0.1" } as const;
    using hostile = await openHostile(portOf(serving), those);
    await serving.expectServing();
    await expectNotDelayed();
    expect(hostile.open).toBe(many);
    expect(residentMiB(serving.agent.pid).now - before).toBeLessThan(24);
  });

  test("sends its headers and bodies octet by octet reaches only its own limit of pending requests", async () => {
    using hostile = await openHostile(portOf(serving), { count: 250, request: () => put("slow", 1_000), reads: true });
    for (let n = 0; n < 10; n++) {
      hostile.sendOnEach("x");
      await Bun.sleep(20);
    }
    expect(await serving.put("normal")).toMatchObject({ status: 200 });
    await expectNotDelayed();
    // The client reaches the limit of 200 pending requests. The octets that it sends after the 429 may reset the connection
    // before it reads the answer.
    await within(3_000, async () => expect(hostile.open).toBe(200));
    expect(hostile.received.match(/HTTP\/1.1 429/g)?.length).toBeWithin(1, 51);
    hostile.end();
    await serving.expectServing();
    expect(serving.logged("fault of the agent")).toBe(0);
  });

  test.skipIf(whyNot !== "")(`never ends a body is answered 408 after half a minute${whyNot}`, async () => {
    using hostile = await openHostile(portOf(serving), { count: 20, request: () => put("slow", 1_000), reads: true });
    for (let n = 0; n < 32; n++) {
      hostile.sendOnEach("x");
      await Bun.sleep(1_000);
    }
    expect(hostile.received.match(/HTTP\/1.1 408/g)).toHaveLength(20);
    await within(5_000, async () => expect(hostile.open).toBe(0));
  });

  test("reads no answer is served until its buffers are full, and costs no more memory than its limit allows", async () => {
    for (let n = 0; n < 20; n++)
      expect(await serving.put(`much/${n}`, "x".repeat(500_000))).toMatchObject({ status: 200 });
    const before = residentMiB(serving.agent.pid).now;
    // Each answer has 13 MB, all together 1.3 GB.
    const request = (at: number): string => `GET /v1/kv/much?recurse&n=${at} HTTP/1.1\r\nHost: agent\r\n\r\n`;
    using hostile = await openHostile(portOf(serving), { count: 100, request, reads: false });
    await within(10_000, expectNotDelayed);
    await serving.expectServing();
    expect((await serving.agent.send("GET", "/v1/kv/much?recurse")).bytes.length).toBeGreaterThan(13_000_000);
    expect(residentMiB(serving.agent.pid).most - before).toBeLessThan(400);
    hostile.end();
    await serving.expectServing();
  });

  test("takes all its connections of DNS over TCP leaves connections for other clients", async () => {
    using hostile = await openHostile(serving.dnsPort, { count: 300, request: () => "", reads: true });
    await within(3_000, async () => expect(hostile.open).toBe(64));
    expect((await askDns(serving.dnsPort, "web.service.consul SRV tcp")).answers).toHaveLength(1);
    expect((await askDns(serving.dnsPort, "web.service.consul SRV")).answers).toHaveLength(1);
  });
});

describe.skipIf(Bun.which("prlimit") === null)("with at most 192 file descriptors", () => {
  const few = openSandbox("prlimit", "--nofile=192");
  afterAll(() => few.close());

  test("an agent without a free descriptor refuses new connections, serves the open ones, and recovers by itself", async () => {
    const limited = await startServing(few, join(few.folder, "data"));
    const { agent } = limited;
    await using waiting = await RawConnection.open(agent.url);
    const { index } = await agent.send("GET", "/v1/kv/kept");
    waiting.send(`GET /v1/kv/kept?raw&index=${index}&wait=10m HTTP/1.1\r\nHost: agent\r\n\r\n`);
    await using writing = await RawConnection.open(agent.url);
    writing.send(put("kept", 3));
    await Bun.sleep(100);
    const hostile = new DisposableStack();
    onTestFinished(() => hostile.dispose());
    const refused = "Too many open files: no more connections";
    let open = 0;
    await within(5_000, async () => {
      // A busy system loses connections on their way: those that are missing are opened again.
      if (open < 200) {
        const more = hostile.use(await openHostile(portOf(limited), { count: 400, request: () => "", reads: true }));
        await Bun.sleep(600);
        open += more.open;
      }
      const said = agent.output().slice(-2_000);
      expect({ open, said, logged: limited.logged(refused) }).toEqual({ open, said, logged: 1 });
    });
    const [cpuBefore, startMs] = [cpuTicks(agent.pid), performance.now()];
    await Bun.sleep(2_000);
    // The agent's processor time is bounded: a listener that retries a failing accept in a loop would use nearly all of it.
    const used = (cpuTicks(agent.pid) - cpuBefore) * tickMs;
    const share = used / (performance.now() - startMs);
    expect(share).toBeLessThan(0.5);
    // The agent refuses a new connection at once, so that no client waits.
    expect(RawConnection.open(agent.url)).rejects.toThrow("ECONNREFUSED");
    // The agent still answers a write and a blocking query on open connections, answers DNS, and runs a check that opens a new
    // connection for each run.
    writing.send("new");
    expect((await writing.answer()).body.toString()).toBe("true");
    expect((await waiting.answer()).body.toString()).toBe("new");
    // DNS answers contain only healthy services, so the answer shows that the check still runs.
    const { answers } = await askDns(limited.dnsPort, "web.service.consul SRV");
    expect(answers).toHaveLength(1);
    hostile.dispose();
    await within(5_000, async () => expect(limited.logged("Connections are accepted again")).toBe(1));
    expect(await limited.put("kept", "kept")).toMatchObject({ status: 200 });
    await limited.expectServing();
    await limited.stop();
  });
});

const tickMs = 10;

/** Returns the processor time that the process has used, in ticks. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}
