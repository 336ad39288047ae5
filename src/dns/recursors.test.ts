import { afterEach, describe, expect, test } from "bun:test";
import { decode, encode } from "dns-packet";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { packetOf, parseDnsQuestion, readDnsAnswer, type DnsAnswer } from "../../test/support/dns-exchange.ts";
import { startUpstream, type Said, type Upstream } from "../../test/support/upstream.ts";
import { within } from "../../test/support/within.ts";
import { createLog } from "../lib/log.ts";
import { systemClock } from "../lib/clock.ts";
import type { Network } from "./fit.ts";
import { parseUpstream, Recursors } from "./recursors.ts";

const started: Upstream[] = [];
afterEach(() => started.splice(0).forEach((upstream) => upstream.stop()));

async function upstreamThat(say: (name: string, type: string) => Said): Promise<Upstream> {
  const upstream = await startUpstream(say);
  started.push(upstream);
  return upstream;
}

const address = { name: "a.example.com", type: "A", ttl: 60, data: "192.0.2.1" } as const;
const answering = (): Said => ({ rcode: 0, answers: [address] });
const question = packetOf(parseDnsQuestion("a.example.com A"));
const asSent = [...question];
afterEach(() => expect([...question]).toEqual(asSent));

async function forward(recursors: Recursors, network: Network): Promise<DnsAnswer | undefined> {
  const answer = await recursors.forward(question, network);
  return answer && readDnsAnswer(question, answer);
}

function recursorsAt(ports: readonly number[], clock = systemClock): Recursors {
  const log = createLog({ level: "error", json: false, clock, sink: () => {} }, "dns");
  const upstreams = ports.map((port) => ({ host: "127.0.0.1", port }));
  return new Recursors(upstreams, { timeoutMs: 2_000, clock, random: new FakeRandom(), log });
}

describe("a question is forwarded", () => {
  test.each(["udp", "tcp"] as const)("over %s, and the recursor's answer is returned unchanged", async (network) => {
    const upstream = await upstreamThat(answering);
    const answer = await forward(recursorsAt([upstream.port]), network);
    expect(upstream.asked).toEqual([`${network} a.example.com A`]);
    expect(answer?.answers).toMatchObject([address]);
  });

  test("to the next recursor when one fails, refuses or is unreachable", async () => {
    const failing = await upstreamThat(() => ({ rcode: 2, answers: [] }));
    const refusing = await upstreamThat(() => ({ rcode: 5, answers: [] }));
    const gone = await startUpstream(answering);
    gone.stop();
    const upstream = await upstreamThat(answering);
    const ports = [failing, refusing, gone, upstream].map(({ port }) => port);
    for (const network of ["udp", "tcp"] as const) {
      const answer = await forward(recursorsAt(ports), network);
      expect(answer?.answers).toMatchObject([address]);
    }
  });

  test("to no other recursor after one answers that the name does not exist", async () => {
    const knowing = await upstreamThat(() => ({ rcode: 3, answers: [] }));
    const other = await upstreamThat(answering);
    expect(await forward(recursorsAt([knowing.port, other.port]), "udp")).toMatchObject({ rcode: "NXDOMAIN" });
    expect(other.asked).toEqual([]);
  });

  test.each(["udp", "tcp"] as const)(
    "over %s, and has no answer if the recursor sends none in time",
    async (network) => {
      const silent = await upstreamThat(() => "silent");
      const clock = new FakeClock();
      const answer = recursorsAt([silent.port], clock).forward(question, network);
      await within(1_000, async () => expect(silent.asked).toHaveLength(1));
      await clock.advance(1_999);
      expect(await Promise.race([answer, Promise.resolve("waiting")])).toBe("waiting");
      await clock.advance(1);
      expect(await answer).toBeUndefined();
      expect(clock.timerCount).toBe(0);
    },
  );
});

test("a recursor's answer with another question or another id is ignored", async () => {
  const liar = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(socket, packet, port, from) {
        const { id = 0, questions = [] } = decode(Buffer.from(packet));
        const lie = { ...address, data: "203.0.113.1" };
        const say = (as: number, asked: typeof questions, answer: typeof address | typeof lie): void => {
          const flags = 0x8180;
          socket.send(encode({ type: "response", id: as, flags, questions: asked, answers: [answer] }), port, from);
        };
        say(id ^ 1, questions, lie);
        say(id, [{ name: "b.example.com", type: "A" }], lie);
        socket.send(packet, port, from);
        say(id, questions, address);
      },
    },
  });
  const answer = await forward(recursorsAt([liar.port]), "udp");
  liar.close();
  expect(answer?.answers).toMatchObject([address]);
});

test("each question that is forwarded to a recursor has a new id", async () => {
  const ids = new Set<number>();
  const socket = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(own, packet, port, from) {
        const { id = 0, questions = [] } = decode(Buffer.from(packet));
        ids.add(id);
        own.send(encode({ type: "response", id, questions, answers: [] }), port, from);
      },
    },
  });
  const recursors = recursorsAt([socket.port]);
  for (let at = 0; at < 20; at += 1) await recursors.forward(question, "udp");
  socket.close();
  expect(ids.size).toBe(20);
});

test.each([
  ["9.9.9.9", "9.9.9.9", 53],
  ["9.9.9.9:5353", "9.9.9.9", 5_353],
  ["2620:fe::fe", "2620:fe::fe", 53],
  ["[2620:fe::fe]:54", "2620:fe::fe", 54],
  ["[2620:fe::fe]", "2620:fe::fe", 53],
  ["dns.local:53", "dns.local", 53],
])("the configured recursor %s is parsed to host %s and port %i", (text, host, port) =>
  expect(parseUpstream(text)).toEqual({ host, port }),
);
