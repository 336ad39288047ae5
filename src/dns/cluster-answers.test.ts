import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { ClusterApi } from "../../test/support/cluster-api.ts";
import { packetOf, parseDnsQuestion, readDnsAnswer, recordLines } from "../../test/support/dns-exchange.ts";
import { openDnsWorld } from "../../test/support/dns-world.ts";
import { promptly } from "../../test/support/promptly.ts";
import { settle } from "../../test/support/settle.ts";
import { copyOf } from "../lib/copy-of.ts";
import type { Answer } from "./responder.ts";

let cluster: ClusterApi;
afterEach(() => cluster.close());

interface Asked {
  /** A copy of the question. */
  readonly packet: Uint8Array;
  /** A promise only if the answer waits. */
  readonly answer: Answer | Promise<Answer>;
}

/** Returns a function that sends a question to a follower. */
function follow(maxStaleMs: number): (question: string) => Asked {
  const { store, view } = cluster.follower;
  const { responder } = openDnsWorld({}, { store, cluster: view, maxStaleMs });
  return (question) => {
    const packet = packetOf(parseDnsQuestion(question));
    const sent = copyOf(packet);
    const answer = responder.respond(sent, { network: "udp", address: "192.0.2.1" });
    // A listener uses its buffer for the next packet.
    sent.fill(0);
    return { packet, answer };
  };
}

async function moveNode(address: string): Promise<void> {
  const body = JSON.stringify({ Node: "x", Address: address });
  const response = await cluster.leader.api.ask("/v1/catalog/register", { method: "PUT", body });
  expect(response.status).toBe(200);
}

const question = "x.node.consul. A";

/** Returns the records of an answer that did not wait. */
function recordsAtOnce({ packet, answer }: Asked): readonly string[] {
  if (!(answer instanceof Uint8Array)) throw new Error("no answer at once");
  return recordLines(readDnsAnswer(packet, answer).answers);
}

const recordOf = (address: string): string => expect.stringContaining(address) as string;

describe("a follower's DNS answer", () => {
  beforeEach(async () => {
    cluster = await ClusterApi.start();
    await moveNode("192.0.2.1");
    await cluster.follower.store.freshen("leader");
    cluster.stores.hold(cluster.follower.name);
    await moveNode("192.0.2.2");
  });

  test("comes at once from its own state while it hears from the leader", () => {
    const ask = follow(10_000);
    for (let again = 0; again < 2; again += 1) {
      expect(recordsAtOnce(ask(question))).toEqual([recordOf("192.0.2.1")]);
    }
  });

  test.each([
    ["allow_stale is false", 0, 0],
    ["the leader is silent for longer than max_stale", 10_000, 10_001],
  ])("waits for the newest state if %s", async (_, maxStaleMs, silentMs) => {
    cluster.follower.view.silentMs = silentMs;
    const ask = follow(maxStaleMs);
    const asked = [ask(question), ask(question)];
    await settle();
    cluster.stores.release(cluster.follower.name);
    // Each answer has the id of its own question, also when two questions are equal and wait for the same moment.
    const answers = await promptly(
      Promise.all(asked.map(async ({ packet, answer }) => ({ packet, answer: await answer }))),
    );
    for (const each of answers) expect(recordsAtOnce(each)).toEqual([recordOf("192.0.2.2")]);
  });

  test("for a name outside the domain does not wait", () => {
    expect(follow(0)("example.com. A").answer).toBeInstanceOf(Uint8Array);
  });
});

test("without a leader, DNS answers from its own state if it may, and else with SERVFAIL", async () => {
  cluster = await ClusterApi.start({ holdMs: 20 });
  await moveNode("192.0.2.1");
  await cluster.follower.store.freshen("leader");
  await cluster.loseQuorum();
  cluster.follower.view.silentMs = 9_000;
  expect(recordsAtOnce(follow(10_000)(question))).toEqual([recordOf("192.0.2.1")]);
  const refused = await promptly(Promise.resolve(follow(0)(question).answer));
  // RFC 1035, 4.1.1: the last four bits of the fourth octet are the code of the result. SERVFAIL is 2.
  expect((refused?.[3] ?? 0) & 0b1111).toBe(2);
});
