import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { kvGetCommand } from "../../../src/cli/commands/kv-get.ts";
import { parseAgentAddress } from "../../../src/client/agent-address.ts";
import { proxyFor } from "../../../src/lib/proxy.ts";
import { runCommandWith } from "../../support/command-io.ts";
import { type Case, caseText, invocationOf, outcomeOf, type Outcome, parseCase } from "./cases.ts";
import { proxiedAddresses } from "./parameters.ts";
import { RecordingServers } from "./recording-servers.ts";

/**
 * Compares the requests that servers receive from the command line with those from Consul's command line, for each
 * environment variable and flag that sets how to reach the agent, and for every two of them together. Consul's results
 * are in consul.jsonl and proxied.json, which record.ts writes.
 */

let servers: RecordingServers;
beforeAll(async () => {
  servers = await RecordingServers.start();
});
afterAll(() => servers[Symbol.asyncDispose]());

const cases = readFileSync(join(import.meta.dir, "consul.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map(parseCase);

async function run({ given }: Case): Promise<Outcome> {
  const { env, flags } = invocationOf(given, servers);
  servers.takeSeen();
  const result = await runCommandWith(kvGetCommand, [...flags, "a"], { env });
  return outcomeOf(servers.takeSeen(), result);
}

/**
 * Returns the result without two properties of Consul's requests over a unix socket: they have no host, and with a proxy
 * their first line is "GET http:///v1/...". No server needs either.
 */
function withoutSocketsHost(outcome: Outcome): Outcome {
  if (outcome.requests === undefined) return outcome;
  const requests = outcome.requests.map(({ host, ...request }) =>
    request.at === "unix"
      ? { ...request, line: request.line.replace("http:///", "/") }
      : { ...request, ...(host && { host }) },
  );
  return { ...outcome, requests };
}

describe("the command line", () => {
  test.each(cases.map((each) => [caseText(each), each] as const))(
    "sends the same requests as Consul's command line, or reports the same error, for %s",
    async (_text, each) => {
      expect(withoutSocketsHost(await run(each))).toEqual(withoutSocketsHost(each.outcome));
    },
  );
});

describe("NO_PROXY", () => {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by record.ts
  const recorded = JSON.parse(readFileSync(join(import.meta.dir, "proxied.json"), "utf8")) as Record<string, string>;
  test.each(Object.entries(recorded))(
    "exempts the same addresses from the proxy as in Consul with the value %j",
    (noProxy, ways) => {
      const env = { HTTP_PROXY: "http://proxy.example:3128", NO_PROXY: noProxy };
      const ours = proxiedAddresses.map((address) => {
        const url = new URL(parseAgentAddress(address, { secure: false }).baseUrl);
        return `${address} ${proxyFor(url, env) === undefined ? "-" : "p"}`;
      });
      expect(ours).toEqual(proxiedAddresses.map((address, at) => `${address} ${ways[at]}`));
    },
  );
});

test("an invalid value of CONSUL_HTTP_SSL_VERIFY leaves the verification of certificates on, unlike in Consul", async () => {
  const given = new Map([
    ["CONSUL_HTTP_ADDR", "https://localhost:{https}"],
    ["CONSUL_HTTP_SSL_VERIFY", "nonsense"],
  ]);
  expect(await run({ given, outcome: {} })).toEqual({ error: "untrusted" });
});

test("a variable that begins with PRAETOR_ precedes Consul's variable, and a flag precedes both", async () => {
  const given = new Map([
    ["CONSUL_HTTP_ADDR", "127.0.0.1:1"],
    ["PRAETOR_HTTP_ADDR", "127.0.0.1:{http}"],
    ["PRAETOR_HTTP_TOKEN", "ours"],
    ["CONSUL_HTTP_TOKEN", "theirs"],
    ["PRAETOR_HTTP_AUTH", "op:secret"],
    ["-token", "flag"],
  ]);
  const request = { at: "http", line: "GET /v1/kv/a", host: "127.0.0.1:{http}", token: "flag" } as const;
  const authorization = `Basic ${btoa("op:secret")}`;
  expect(await run({ given, outcome: {} })).toEqual({ requests: [{ ...request, authorization }] });
});
