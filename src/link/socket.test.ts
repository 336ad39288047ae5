import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newCertificate } from "../../test/support/own-certificate.ts";
import { promptly } from "../../test/support/promptly.ts";
import { systemClock } from "../lib/clock.ts";
import { dialEtcd, listenForAgents } from "./connect.ts";
import { connectUnix, type QueuedSocket, splice } from "./socket.ts";

const folder = mkdtempSync(join(tmpdir(), "splice-"));
const stops: (() => void)[] = [];
afterEach(() => stops.splice(0).forEach((stop) => stop()));
afterAll(() => rmSync(folder, { recursive: true }));

const key = new Uint8Array(32).fill(7);
const ignore = { receive() {}, ended() {} };

interface Ends {
  readonly near: QueuedSocket;
  readonly far: Socket;
}

/** Connects a socket of this process with a unix socket, over a server's port. */
async function connect(security: "TLS" | "plain TCP"): Promise<Ends> {
  const path = join(folder, crypto.randomUUID());
  const far = Promise.withResolvers<Socket>();
  const target = createServer((socket) => far.resolve(socket.on("error", () => {})));
  await new Promise<void>((resolve) => target.listen(path, resolve));
  const listener = listenForAgents({
    ...{ address: "127.0.0.1", port: 0, clock: systemClock },
    security: security === "TLS" ? { key, certificate: newCertificate() } : undefined,
    refusalOf: () => undefined,
    onConnection: (socket) => splice(socket, connectUnix(path, ignore)),
    onRefused: (_from, reason) => expect.unreachable(reason),
  });
  stops.push(() => {
    listener.stop();
    target.close();
  });
  const near = Promise.withResolvers<QueuedSocket>();
  const options = { host: "127.0.0.1", port: listener.port, key: security === "TLS" ? key : undefined };
  await dialEtcd({ ...options, clock: systemClock }, "n2", near.resolve);
  return { near: await near.promise, far: await far.promise };
}

for (const security of ["TLS", "plain TCP"] as const)
  describe(`bytes over ${security} between two processes`, () => {
    const piece = new Uint8Array(65_536).fill(1);

    test("wait at the sender while the receiver does not read, and then all arrive", async () => {
      const { near, far } = await connect(security);
      let written = 0;
      let read = 0;
      const total = 64 * 1024 * 1024;
      const send = (): void => {
        while (written < total) {
          written += piece.length;
          if (!near.write(piece)) return;
        }
      };
      near.user = { ...ignore, drained: send };
      far.pause();
      send();
      await settled(() => written);
      // The kernel's buffers of three sockets, and one piece in each process.
      expect(written).toBeLessThan(32 * 1024 * 1024);
      const all = Promise.withResolvers<void>();
      far.on("data", (bytes) => {
        read += bytes.length;
        if (read === total) all.resolve();
      });
      far.resume();
      await promptly(all.promise);
      expect(written).toBe(total);
    });

    test("wait at the far sender while the near receiver does not read, and then all arrive", async () => {
      const { near, far } = await connect(security);
      const pieces = 1_024;
      let read = 0;
      const all = Promise.withResolvers<void>();
      const take = (bytes: Uint8Array): void => {
        read += bytes.length;
        if (read === pieces * piece.length) all.resolve();
      };
      near.user = { ...ignore, receive: take };
      near.pause();
      let sent = 0;
      for (let n = 0; n < pieces; n += 1) far.write(piece, () => (sent += 1));
      await settled(() => sent);
      expect(sent).toBeLessThan(pieces / 2);
      near.resume();
      await promptly(all.promise);
    });

    test("that were sent before one end closed arrive at the other end, which closes too", async () => {
      const { near, far } = await connect(security);
      let read = 0;
      const closed = Promise.withResolvers<void>();
      near.user = { receive: (bytes) => void (read += bytes.length), ended: () => closed.resolve() };
      far.end(Buffer.concat(Array.from({ length: 100 }, () => piece)));
      await promptly(closed.promise);
      expect(read).toBe(100 * piece.length);
    });

    test("end at both ends when the near one closes", async () => {
      const { near, far } = await connect(security);
      const closed = new Promise<void>((resolve) => far.on("close", () => resolve()));
      far.resume();
      near.close();
      await promptly(closed);
    });
  });

/** Resolves when the number has stopped growing. */
async function settled(count: () => number): Promise<void> {
  for (let before = -1, still = 0; still < 10;) {
    await Bun.sleep(20);
    still = count() === before ? still + 1 : 0;
    before = count();
  }
}
