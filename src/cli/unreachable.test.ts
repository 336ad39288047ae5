import { expect, test } from "bun:test";
import { runCommandWith } from "../../test/support/command-io.ts";
import { HttpClient } from "../client/http.ts";
import { systemClock } from "../lib/clock.ts";
import { OperatingError } from "../lib/errors.ts";
import { leaveCommand } from "./commands/leave.ts";
import { asGoError } from "./unreachable.ts";

test.each([
  ["127.0.0.1:1", 'Put "http://127.0.0.1:1/v1/agent/leave": dial tcp 127.0.0.1:1: connect: connection refused'],
  [
    "unix:///nowhere/s",
    'Put "http://localhost/v1/agent/leave": dial unix /nowhere/s: connect: no such file or directory',
  ],
])("without an agent at %s a command prints the error of Go's HTTP client", async (address, words) => {
  expect(await runCommandWith(leaveCommand, [], { env: { CONSUL_HTTP_ADDR: address } })).toEqual({
    code: 1,
    stdout: "",
    stderr: `Error leaving: ${words}\n`,
  });
});

test("the error for an address without a port names port 80, as in Consul, and suggests the agents' port 8500", () => {
  const http = new HttpClient({ baseUrl: "http://gateway", clock: systemClock, env: {} });
  const cause = Object.assign(new Error(), { code: "ECONNREFUSED" });
  const error = new OperatingError("unavailable", "agent-unreachable", "", { cause });
  expect(asGoError(error, http, { path: "/v1/agent/self" })).toHaveProperty(
    "message",
    'Get "http://gateway/v1/agent/self": dial tcp gateway:80: connect: connection refused ' +
      "(the address names no port; an agent's is 8500, as in gateway:8500)",
  );
});

test("the error for an unreachable proxy does not contain the proxy's password", async () => {
  const env = { CONSUL_HTTP_ADDR: "gateway.example:8500", HTTP_PROXY: "http://me:s3cret@127.0.0.1:1" };
  expect(await runCommandWith(leaveCommand, [], { env })).toMatchObject({
    stderr:
      'Error leaving: Put "http://gateway.example:8500/v1/agent/leave": proxyconnect tcp: dial tcp 127.0.0.1:1: ' +
      "connect: connection refused\n",
  });
});
