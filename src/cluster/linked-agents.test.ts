import { Metrics } from "../lib/metrics.ts";
import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { connectLinks, type LinkPair } from "../../test/support/link-pair.ts";
import { joinOf } from "../../test/support/members.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { settle } from "../../test/support/settle.ts";
import { OperatingError } from "../lib/errors.ts";
import type { JoinRequest } from "./join-call.ts";
import { type Admission, LinkedAgents } from "./linked-agents.ts";

/** Admits every agent unless `refusal` is set, and records which agents have joined, left and been lost. */
class Doorkeeper implements Admission {
  readonly events: string[] = [];
  refusal: OperatingError | undefined;

  async join({ name }: JoinRequest): Promise<{ readonly servers: readonly [] }> {
    if (this.refusal) throw this.refusal;
    this.events.push(`${name} joined`);
    return { servers: [] };
  }

  async leave({ name }: JoinRequest): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.events.push(`${name} left`);
  }

  lost({ name }: JoinRequest, silentMs: number): void {
    this.events.push(`${name} lost after ${silentMs} ms`);
  }
}

interface World {
  readonly clock: FakeClock;
  readonly admission: Doorkeeper;
  readonly linked: LinkedAgents;
  /** Connects an agent that has not joined. */
  readonly connect: () => LinkPair;
}

function openWorld(): World {
  const clock = new FakeClock();
  const admission = new Doorkeeper();
  const linked = new LinkedAgents(admission, new Metrics(0).counter("requests"));
  const handler = linked.handler({ "who-am-i": async (_call, { name }) => ({ head: name }) });
  return { clock, admission, linked, connect: () => connectLinks({ clock, handler }) };
}

function join({ dialled }: LinkPair, number: number, changes: Partial<JoinRequest> = {}): Promise<unknown> {
  return dialled.call({ kind: "join", head: joinOf(number, changes) });
}

async function whoAmI({ dialled }: LinkPair): Promise<unknown> {
  return (await dialled.call({ kind: "who-am-i", head: null })).head;
}

describe("a link", () => {
  test("answers no call before its agent has joined, nor after the agent has left", async () => {
    const { connect, linked } = openWorld();
    const pair = connect();
    for (const kind of ["who-am-i", "leave"])
      expect(await rejectionOf(pair.dialled.call({ kind, head: null }))).toMatchObject({ code: "not-joined" });
    await join(pair, 4);
    expect([await whoAmI(pair), linked.count]).toEqual(["n4", 1]);
    await pair.dialled.call({ kind: "leave", head: null });
    expect(await rejectionOf(whoAmI(pair))).toMatchObject({ code: "not-joined" });
    expect(linked.count).toBe(0);
  });

  test("refuses a call of an unknown kind with an error that names the kind", async () => {
    const { connect } = openWorld();
    const pair = connect();
    await join(pair, 4);
    for (const kind of ["teleport", "toString"])
      expect(await rejectionOf(pair.dialled.call({ kind, head: null }))).toMatchObject({
        code: "unknown-call",
        message: expect.stringContaining(`"${kind}"`),
      });
  });

  test("refuses a join that lacks a field, has another id than the linked agent's, or is refused by the admission", async () => {
    const { admission, connect, linked } = openWorld();
    const pair = connect();
    const { name: _, ...nameless } = joinOf(4);
    for (const head of [nameless, null, { ...joinOf(4), meta: { a: 1 } }, { ...joinOf(4), role: "leader" }])
      expect(await rejectionOf(pair.dialled.call({ kind: "join", head }))).toMatchObject({ code: "invalid-join" });
    await join(pair, 4);
    expect(await rejectionOf(join(pair, 5))).toMatchObject({ code: "joined-already" });
    admission.refusal = new OperatingError("conflict", "join-conflict", "no");
    expect(await rejectionOf(join(connect(), 6))).toMatchObject({ code: "join-conflict", message: "no" });
    expect(linked.count).toBe(1);
  });
});

test("the loss of a link is reported with the time since its agent was last heard, unless the agent has left", async () => {
  const { admission, clock, connect } = openWorld();
  const pairs = [connect(), connect()] as const;
  await join(pairs[0], 4);
  await join(pairs[1], 5);
  await pairs[1].dialled.call({ kind: "leave", head: null });
  await clock.advance(400);
  for (const { dialled } of pairs) dialled.close();
  await settle();
  expect(admission.events).toEqual(["n4 joined", "n5 joined", "n5 left", "n4 lost after 400 ms"]);
});

test("an agent that cannot leave because the store takes no writes stays joined", async () => {
  const { admission, connect } = openWorld();
  const pair = connect();
  await join(pair, 4);
  admission.refusal = new OperatingError("unavailable", "disk-full", "the disk is full");
  expect(await rejectionOf(pair.dialled.call({ kind: "leave", head: null }))).toMatchObject({ code: "disk-full" });
  expect(await whoAmI(pair)).toBe("n4");
});

describe("an agent that connects again", () => {
  test("from the same address has its earlier link replaced, and is not reported as lost", async () => {
    const { admission, connect, linked } = openWorld();
    const pairs = [connect(), connect()] as const;
    await join(pairs[0], 4);
    await join(pairs[1], 4);
    expect(await pairs[0].dialled.lost).toBe("the connection was closed");
    await settle();
    expect([linked.count, admission.events]).toEqual([1, ["n4 joined", "n4 joined"]]);
    expect(await whoAmI(pairs[1])).toBe("n4");
  });

  test("from another address is refused while its earlier link exists", async () => {
    const { connect } = openWorld();
    const pairs = [connect(), connect()] as const;
    await join(pairs[0], 4);
    const refusal = await rejectionOf(join(pairs[1], 4, { address: "10.0.0.44" }));
    expect(refusal).toMatchObject({ code: "node-id-in-use", message: expect.stringContaining("10.0.0.4 as n4") });
    pairs[0].dialled.close();
    await settle();
    await join(pairs[1], 4, { address: "10.0.0.44" });
  });
});
