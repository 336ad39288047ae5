import { expect, test } from "bun:test";
import { canListen } from "./listener-probe.ts";

test("canListen is false for a port with a listener and for the local port of an outgoing connection", async () => {
  const socket = { data() {} };
  using server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket });
  const connection = await Bun.connect({ hostname: "127.0.0.1", port: server.port, socket });
  expect([canListen(server.port), canListen(connection.localPort)]).toEqual([false, false]);
  connection.terminate();
});
