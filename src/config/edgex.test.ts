import { describe, expect, test } from "bun:test";
import { loadConfig } from "./load.ts";
import type { RuntimeConfig } from "./runtime-config.ts";

function load(hcl: string): RuntimeConfig {
  const args = ["-dev", "-node", "gw", "-hcl", hcl];
  return loadConfig({ args, env: {}, hostname: "gw", interfaces: () => [] });
}

describe("the settings of port assignment", () => {
  test("default to the policy that only warns, since Consul assigns no ports", () => {
    expect(load("").portAllocation).toEqual({
      policy: "warn",
      policies: new Map(),
      range: { first: 28_000, last: 28_999 },
      reserved: [],
    });
  });

  test("include a default policy, policies of single services, a port range and reservations", () => {
    const { portAllocation } = load(`edgex { ports {
      policy = "reassign"
      policies = { vault = "off" }
      range = "40000-40009"
      reserved = ["1883", "edgex-redis:6379", "::1:80"]
    } }`);
    expect(portAllocation).toEqual({
      policy: "reassign",
      policies: new Map([["vault", "off"]]),
      range: { first: 40_000, last: 40_009 },
      reserved: [
        { host: undefined, port: 1883 },
        { host: "edgex-redis", port: 6379 },
        { host: "::1", port: 80 },
      ],
    });
  });

  test.each([
    [`policy = "always"`, `edgex.ports.policy: "always" is no policy. Valid ones are: off, warn, reassign, reject`],
    [`policies = { vault = "never" }`, `edgex.ports.policies: "never" is no policy.`],
    [
      `range = "9-1"`,
      `edgex.ports.range: "9-1" is no range of ports. Write the first and the last port: "28000-28999"`,
    ],
    [`range = "0-70000"`, `edgex.ports.range: "0-70000" is no range of ports.`],
    [`reserved = ["redis"]`, `edgex.ports.reserved: "redis" is no port. Write "1883", or "edgex-redis:6379"`],
    [`reserved = ["70000"]`, `edgex.ports.reserved: "70000" is no port.`],
  ])("are refused with an example of a correct value: %s", (hcl, message) => {
    expect(() => load(`edgex { ports { ${hcl} } }`)).toThrow(message);
  });
});

describe("the settings of the message bus", () => {
  test("exist only if a broker's URL is configured", () => {
    expect(load("").messageBus).toBeUndefined();
    expect(load(`edgex { message_bus { url = "tcp://broker:1883" } }`).messageBus).toEqual({
      url: "mqtt://broker:1883",
      clientId: "praetor-gw",
      username: undefined,
      password: undefined,
      topicPrefix: "edgex/configs",
      keyPrefixes: ["edgex/"],
      base64Payload: false,
      cbor: false,
    });
  });

  test("include key prefixes, a topic prefix and an encoding", () => {
    const { messageBus } = load(`edgex { message_bus {
      url = "mqtts://broker", topic_prefix = "plant/config/", key_prefixes = ["edgex/v4/", "plant/"], cbor = true
    } }`);
    expect(messageBus).toMatchObject({
      url: "mqtts://broker",
      topicPrefix: "plant/config",
      keyPrefixes: ["edgex/v4/", "plant/"],
      cbor: true,
    });
  });

  test.each(["broker:1883", "http://broker:1883", "mqtt://"])("refuse the broker URL %s", (url) => {
    const message = `edgex.message_bus.url: ${JSON.stringify(url)} is no address of an MQTT broker.`;
    expect(() => load(`edgex { message_bus { url = "${url}" } }`)).toThrow(message);
  });
});

test("core-keeper's API listens on addresses.keeper, else on client_addr, if ports.keeper is set", () => {
  expect(load("").keeperAddresses).toEqual([]);
  expect(load("ports { keeper = 59890 }").keeperAddresses).toEqual(["127.0.0.1"]);
  expect(load(`ports { keeper = 59890 } addresses { keeper = "127.0.0.2" }`).keeperAddresses).toEqual(["127.0.0.2"]);
  expect(() => load("ports { keeper = 8500 }")).toThrow(
    "core-keeper address 127.0.0.1:8500 already configured for HTTP",
  );
});

describe("the settings of JWTs", () => {
  const guarded = (jwt: string): RuntimeConfig => load(`acl { enabled = true } edgex { jwt { ${jwt} } }`);

  test("are none by default, and those of EdgeX's secret store where nothing else is said", () => {
    expect(load("").keeperJwt).toBeUndefined();
    expect(guarded(`secret_store = "http://edgex-secret-store:8200/" token_file = "/t"`).keeperJwt).toEqual({
      source: { kind: "secret store", url: "http://edgex-secret-store:8200", tokenFile: "/t" },
      authorityFile: undefined,
      issuer: "/v1/identity/oidc",
      audiences: ["edgex"],
    });
    expect(guarded(`keys = "/k.pem" issuer = "i" audiences = ["a", "b"] ca_file = "/ca"`).keeperJwt).toEqual({
      source: { kind: "keys", at: "/k.pem" },
      authorityFile: "/ca",
      issuer: "i",
      audiences: ["a", "b"],
    });
  });

  test.each([
    [`keys = "/k" secret_store = "http://s" token_file = "/t"`, "JWTs are checked by one of them. Remove the other"],
    [`secret_store = "http://s"`, "edgex.jwt.secret_store needs edgex.jwt.token_file"],
    [`secret_store = "s:8200" token_file = "/t"`, "edgex.jwt.secret_store is no address of a web server."],
    [`keys = "https://me:secret@s/"`, "edgex.jwt.keys is no address of a web server. Write http://host:8200"],
    [`keys = "/k" issuer = ""`, "edgex.jwt.issuer cannot be empty"],
    [`issuer = "i"`, "edgex.jwt.issuer needs edgex.jwt.keys or edgex.jwt.secret_store"],
  ])("are refused with what to do: %s", (jwt, message) => {
    expect(() => guarded(jwt)).toThrow(message);
  });

  test("are refused without access control, which alone asks for JWTs", () => {
    expect(() => load(`edgex { jwt { keys = "/k" } }`)).toThrow("edgex.jwt.keys needs acl.enabled");
  });
});
