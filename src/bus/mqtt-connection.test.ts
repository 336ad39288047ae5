import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { rejectionOf } from "../../test/support/rejection.ts";
import { messageOf } from "../lib/errors.ts";
import type { BrokerConnection } from "./broker-connection.ts";
import { connectMqtt } from "./mqtt-connection.ts";

const taken = [0x20, 2, 0, 0];
const connectPacket = 0x10;
const publishPacket = 0x32;

type Reply = (first: number, block: Uint8Array) => readonly (readonly number[])[];

/** Starts a broker that answers each received block of bytes with the blocks that `reply` returns. */
function listen(reply: Reply) {
  return Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      async data(socket, block) {
        for (const bytes of reply(block[0] ?? 0, block)) {
          socket.write(new Uint8Array(bytes));
          await new Promise((resolve) => setImmediate(resolve));
        }
      },
    },
  });
}

function connect(port: number, signal: AbortSignal = new AbortController().signal) {
  const url = new URL(`mqtt://127.0.0.1:${port}`);
  const credentials = () => ({ username: undefined, password: undefined });
  return connectMqtt({ url, clientId: "test", credentials, caFile: undefined }, signal);
}

/** Returns the PUBACK for a PUBLISH packet, whose packet identifier follows the topic "t". */
function acknowledgementOf(block: Uint8Array): number[] {
  return [0x40, 2, block[5] ?? 0, block[6] ?? 0];
}

/** Returns the reason for which the connection ends, or for which it is refused. */
async function endOf(port: number, use: (connection: BrokerConnection) => Promise<void> = async () => {}) {
  try {
    const connection = await connect(port);
    await use(connection);
    return await connection.ended;
  } catch (error) {
    return messageOf(error);
  }
}

describe("a connection to an MQTT broker", () => {
  test("opens and reports acknowledged messages, however the broker's packets are split", async () => {
    using broker = listen((first, block) => {
      const answer = first === publishPacket ? acknowledgementOf(block) : taken;
      return first === connectPacket || first === publishPacket ? answer.map((byte) => [byte]) : [];
    });
    const connection = await connect(broker.port);
    await connection.publish("t", Buffer.from("one"));
    await connection.publish("t", Buffer.from("two"));
    await connection.close();
    expect(await connection.ended).toBe("the connection was closed");
  });

  test.each([
    [4, "denied", "Connection refused: Bad username or password; check username and password of edgex.message_bus"],
    [5, "denied", "Connection refused: Not authorized; check username and password of edgex.message_bus"],
    [3, "unavailable", "Connection refused: Server unavailable"],
  ])("that the broker refuses with return code %i rejects with the reason", async (code, kind, message) => {
    using broker = listen(() => [[0x20, 2, 0, code]]);
    expect(await rejectionOf(connect(broker.port))).toMatchObject({ kind, message });
  });

  test("that cannot be opened rejects with the reason", async () => {
    const broker = listen(() => []);
    const { port } = broker;
    broker.stop(true);
    expect(await rejectionOf(connect(port))).toMatchObject({ kind: "unavailable", code: "broker-unreachable" });
  });

  test("that the broker does not answer ends when the caller aborts it", async () => {
    using broker = listen(() => []);
    const giveUp = new AbortController();
    const connecting = rejectionOf(connect(broker.port, giveUp.signal));
    await new Promise((resolve) => setImmediate(resolve));
    giveUp.abort(new Error("too long"));
    expect(await connecting).toMatchObject({ message: "too long" });
  });

  test.each([
    ["a message", [0x30, 3, 0, 1, 0x74]],
    ["the beginning of an endless packet", [0x30, 0xff, 0xff, 0xff, 0x7f]],
    ["noise", [0x00]],
    ["an acknowledgement of another length", [0x40, 3, 0, 1, 0]],
  ])("ends when the broker sends %s", async (_, bytes) => {
    using broker = listen((first) => (first === connectPacket ? [taken, bytes] : []));
    expect(await endOf(broker.port)).toBe("the broker sent an unexpected packet");
  });

  test("may end when the broker sends arbitrary bytes, but the process continues", async () => {
    const packet = fc.oneof(
      fc.constantFrom([0x40, 2, 0, 1], [0xd0, 0], taken, [0x62, 2, 0, 1], [0x50, 2, 0, 1], [0xe0, 0]),
      fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 8 }), async (packets) => {
        using broker = listen((first) => (first === connectPacket ? [taken, packets.flat()] : []));
        const reason = await endOf(broker.port, async (connection) => {
          void connection.publish("t", Buffer.from("x"));
          await new Promise((resolve) => setImmediate(resolve));
          await connection.close();
        });
        expect(reason).toBeString();
      }),
      { numRuns: 100 },
    );
  });
});
