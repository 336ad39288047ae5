import { describe, expect, test } from "bun:test";
import { startCannedAgent } from "../../test/support/canned-agent.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { messageOf } from "../lib/errors.ts";
import { connect, type RegistryLocation } from "./connection.ts";
import { createConfigurationClient } from "./create-configuration-client.ts";
import { createRegistryClient } from "./create-registry-client.ts";

function originOf(location: RegistryLocation): string {
  return connect(location, { incomplete: "not set", kind: "registry" }).urlOf({ path: "/" }).origin;
}

test.each([
  [{ url: "http://localhost:8500" }, "http://localhost:8500"],
  [{ url: "http://localhost:8500/" }, "http://localhost:8500"],
  [{ url: "https://gateway" }, "https://gateway"],
  [{ url: "http://gateway" }, "http://gateway"],
  [{ url: "consul.http://localhost:8500" }, "http://localhost:8500"],
  [{ url: "consul.https://localhost:443" }, "https://localhost"],
  [{ url: "consul://10.0.0.1:8500" }, "http://10.0.0.1:8500"],
  [{ url: "consul.http://[::1]:8500" }, "http://[::1]:8500"],
  [{ host: "gateway", port: 8500 }, "http://gateway:8500"],
  [{ host: "::1", port: 8500, protocol: "https", type: "consul" }, "https://[::1]:8500"],
  [{ host: "gateway", port: 8500, protocol: "" }, "http://gateway:8500"],
])("the registry location %j is parsed to the base URL %s", (location, origin) => {
  expect(originOf(location)).toBe(origin);
});

describe("a registry location is refused", () => {
  test.each([[{}], [{ host: "", port: 8500 }], [{ host: "h", port: 0 }], [{ url: "consul.http://localhost" }]])(
    "without host or port, with the error text of EdgeX's Go clients: %j",
    (location) => {
      expect(() => createRegistryClient({ ...location, serviceKey: "a" })).toThrow(
        "unable to create ConsulClient: registry host and/or port or serviceKey not set",
      );
      expect(() => createConfigurationClient({ ...location, basePath: "a" })).toThrow(
        "unable to create Configuration Client: Configuration service host and/or port or serviceKey not set",
      );
    },
  );

  test.each([[{ url: "keeper.http://localhost:59890" }], [{ host: "h", port: 1, type: "keeper" }]])(
    "with a type other than consul, with the error text of EdgeX's Go clients: %j",
    (location) => {
      expect(() => createRegistryClient({ ...location, serviceKey: "a" })).toThrow(
        "unknown registry type 'keeper' requested",
      );
      expect(() => createConfigurationClient({ ...location, basePath: "a" })).toThrow(
        "unknown configuration client type 'keeper' requested",
      );
    },
  );

  test.each(["localhost", "http://h:8500/consul", "http://h:8500?a", "http://me:secret@h:8500", "consul.ftp://h:1"])(
    "if its URL is invalid, or has more than scheme, host and port: %s",
    (url) => {
      expect(() => originOf({ url })).toThrow(/expected something like http:\/\/localhost:8500/);
    },
  );
});

test("a registry client sends its token, renews a refused token, and rejects a request at the timeout", async () => {
  const clock = new FakeClock();
  using agent = startCannedAgent(({ headers }) =>
    headers.get("X-Consul-Token") === "b"
      ? Promise.withResolvers<Response>().promise
      : new Response(headers.get("X-Consul-Token"), { status: 403 }),
  );
  const asked = Promise.withResolvers<void>();
  const client = createRegistryClient({
    ...{ url: agent.url, serviceKey: "a", accessToken: "a", timeoutMs: 300, clock },
    async getAccessToken() {
      asked.resolve();
      return "b";
    },
  });
  const failure = client.getAllServiceEndpoints().catch(messageOf);
  await asked.promise;
  await clock.advance(300);
  expect(await failure).toBe(`no answer from ${agent.url} within 300 ms`);
});
