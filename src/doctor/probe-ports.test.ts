import { expect, test } from "bun:test";
import { arrived } from "../../test/support/arrived.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { startUpstream } from "../../test/support/upstream.ts";
import { JsonRow } from "../client/json-row.ts";
import { probePorts } from "./probe-ports.ts";

async function answersAt(port: number, clock = new FakeClock()): Promise<boolean | undefined> {
  const [dns] = await probePorts(new URL("http://127.0.0.1:8500"), new JsonRow({ DNSPort: port }), clock);
  return dns?.answers;
}

test("a DNS server counts as answering, whatever response code it sends", async () => {
  const server = await startUpstream(() => ({ rcode: 5, answers: [] }));
  expect(await answersAt(server.port)).toBe(true);
  server.stop();
});

test("an echo of the query, or a response with another id, does not count as a DNS answer", async () => {
  const queries = Promise.withResolvers<void>();
  let received = 0;
  const echo = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: {
      data(socket, packet, port, address) {
        socket.send(packet, port, address);
        const answer = Buffer.from(packet);
        answer.writeUInt16BE(answer.readUInt16BE(0) ^ 1, 0);
        answer.writeUInt8(0x81, 2);
        socket.send(answer, port, address);
        received += 1;
        if (received === 3) queries.resolve();
      },
    },
  });
  const clock = new FakeClock();
  const answers = answersAt(echo.port, clock);
  await queries.promise;
  await arrived();
  await clock.advance(1_000);
  expect(await answers).toBe(false);
  echo.close();
});
