import { expect, test } from "bun:test";
import { runCommandWith } from "../../test/support/command-io.ts";
import { leaveCommand } from "./commands/leave.ts";

test.each([
  ["127.0.0.1:1", 'Put "http://127.0.0.1:1/v1/agent/leave": dial tcp 127.0.0.1:1: connect: connection refused'],
  [
    "unix:///nowhere/s",
    'Put "http://localhost/v1/agent/leave": dial unix /nowhere/s: connect: no such file or directory',
  ],
])("an agent that is not at %s is told in the words of Go's client", async (address, words) => {
  expect(await runCommandWith(leaveCommand, [], { env: { CONSUL_HTTP_ADDR: address } })).toEqual({
    code: 1,
    stdout: "",
    stderr: `Error leaving: ${words}\n`,
  });
});
