import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openSandbox } from "../support/agent-process.ts";
import type { Answer } from "../support/exchange.ts";
import { freePorts } from "../support/free-ports.ts";
import { canMount, mountSmallDisk, type SmallDisk } from "../support/small-disk.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const asked = ({ status, text }: Answer): readonly unknown[] => [status, text];
const ready = [200, '{"Ready":true}'];
const live = [200, '{"Live":true}'];

test("an agent is ready and live, to clients without a token, too", async () => {
  const acl = 'acl { enabled = true, default_policy = "deny" }';
  const agent = await sandbox.start("-data-dir", join(sandbox.folder, "guarded"), "-hcl", acl);
  await agent.ready();
  expect(asked(await agent.send("GET", "/v1/praetor/ready"))).toEqual(ready);
  expect(asked(await agent.send("GET", "/v1/praetor/live"))).toEqual(live);
});

test("a client agent that reaches no server is live, and not ready", async () => {
  const [port = 0, serfPort = 0, nowhere = 0] = await freePorts(3);
  const words = [
    "-bind",
    "127.0.0.1",
    "-http-port",
    String(port),
    "-dns-port",
    "-1",
    "-serf-lan-port",
    String(serfPort),
  ];
  const agent = sandbox.startAt(
    { host: "127.0.0.1", port },
    ...words,
    ...["-data-dir", join(sandbox.folder, "client"), "-retry-join", `127.0.0.1:${nowhere}`],
  );
  await agent.ready();
  expect(asked(await agent.send("GET", "/v1/praetor/ready"))).toEqual([
    503,
    "not ready: this agent is linked with no server",
  ]);
  expect(asked(await agent.send("GET", "/v1/praetor/live"))).toEqual(live);
});

describe.skipIf(!canMount())(`an agent on a small disk${canMount() ? "" : " (skipped: mounting takes root)"}`, () => {
  let disk: SmallDisk;
  beforeEach(() => {
    const mounted = mountSmallDisk("4m");
    if (mounted === undefined) throw new Error("nothing can be mounted any more");
    disk = mounted;
  });
  afterEach(() => disk.unmount());

  test("that is full is live and not ready, and ready again with space, without another write", async () => {
    const agent = await sandbox.start("-data-dir", join(disk.folder, "data"));
    await agent.ready();
    expect(asked(await agent.send("GET", "/v1/praetor/ready"))).toEqual(ready);
    disk.fill();
    // Small writes may still fit into what the file has, and so may the attempts of the questions.
    await within(10_000, async () => {
      for (const key of ["a", "b", "c"])
        await agent.send("PUT", `/v1/kv/${key}`, { body: Math.random().toString(36).repeat(8_000) });
      expect((await agent.send("GET", "/v1/praetor/ready")).status).toBe(503);
    });
    const reason = "not ready: the last write could not be stored (disk-full); the log says more";
    expect(asked(await agent.send("GET", "/v1/praetor/ready"))).toEqual([503, reason]);
    expect(asked(await agent.send("GET", "/v1/praetor/live"))).toEqual(live);
    disk.empty();
    await within(10_000, async () => expect(asked(await agent.send("GET", "/v1/praetor/ready"))).toEqual(ready));
    agent.signal("SIGTERM");
    await agent.ended();
  });
});
