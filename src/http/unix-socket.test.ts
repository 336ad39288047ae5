import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNotifySocket } from "../../test/support/notify-socket.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { removeStaleSocket } from "./unix-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "unix-socket-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a socket file is removed, but not while a program has the socket open, even without accepting connections", async () => {
  const path = join(folder, "datagrams.sock");
  const socket = openNotifySocket(path);
  const { message } = await rejectionOf(removeStaleSocket(path));
  expect(message).toStartWith(`cannot listen on ${path}: another program listens there: `);
  expect(message).toContain(`(process ${process.pid})`);
  expect(existsSync(path)).toBe(true);
  socket[Symbol.dispose]();
  await removeStaleSocket(path);
  expect(existsSync(path)).toBe(false);
});
