import { describe, expect, test } from "bun:test";
import { parseServiceFlags } from "./service-flags.ts";
import { providerUrlOf, readStartLimits, readStartSettings, registryUrlOf } from "./start-settings.ts";

const service = { Host: "h", Port: 1 };
const configuration = { Service: service, Registry: { Type: "consul", Host: "registry", Port: 3 } };

/** Returns the URLs of the configuration provider and of the registry for a command line `line` and an environment `env`. */
function places(line: string, env: Readonly<Record<string, string>>, of: object = configuration): string[] {
  const settings = readStartSettings(parseServiceFlags(line.split(" ").filter(Boolean)), env);
  const whole = { Service: service, ...of };
  return [providerUrlOf(settings, whole) ?? "", registryUrlOf(settings, whole) ?? ""];
}

describe("the configuration provider and the registry", () => {
  const variable = { EDGEX_CONFIGURATION_PROVIDER: "consul.http://env:1" };
  test.each([
    ["", {}, "", ""],
    ["-cp", {}, "http://localhost:8500", ""],
    ["-cp=consul.https://p:2", {}, "https://p:2", ""],
    ["-cp=consul://p:2", {}, "http://p:2", ""],
    ["-cp=consul.http://p:2 -r", {}, "http://p:2", "http://registry:3"],
    // Geneva: -r alone makes one agent both the registry and the configuration provider.
    ["-r", {}, "http://registry:3", "http://registry:3"],
    ["-r=consul://r:4", {}, "http://r:4", "http://r:4"],
    ["", variable, "http://env:1", ""],
    ["-cp=consul.http://p:2", variable, "http://env:1", ""],
    ["-cp", { EDGEX_CONFIGURATION_PROVIDER: "" }, "http://localhost:8500", ""],
    ["-cp", { EDGEX_CONFIG_PROVIDER: "consul.http://env3:1" }, "http://env3:1", ""],
    ["-cp", { EDGEX_CONFIG_PROVIDER: "none" }, "", ""],
    ["", { ...variable, edgex_registry: "consul://old:5" }, "http://env:1", "http://old:5"],
    ["", { edgex_registry: "consul://old:5" }, "http://old:5", "http://old:5"],
    ["-cp -r", { edgex_registry: "consul://old:5" }, "http://old:5", "http://old:5"],
    ["", { edgex_registry: "" }, "", "http://registry:3"],
    ["-cp", { EDGEX_USE_REGISTRY: "true" }, "http://localhost:8500", "http://registry:3"],
    ["-cp -r", { EDGEX_USE_REGISTRY: "false" }, "http://localhost:8500", ""],
  ])("for the arguments %j and the environment %j are %j and %j", (line, env, provider, registry) => {
    expect(places(line, env)).toEqual([provider, registry]);
  });

  test("are both the agent of -cp if there is no section [Registry], or the local agent without -cp", () => {
    expect(places("-cp=consul.http://p:2 -r", {}, {})).toEqual(["http://p:2", "http://p:2"]);
    expect(places("-r", {}, {})).toEqual(["http://localhost:8500", "http://localhost:8500"]);
  });

  test.each([
    ["-cp -r=consul://r:4", {}, "use of -cp/-configProvider with -r/-registry=<url> not permitted"],
    ["-cp=http://p", {}, '-cp is "http://p"; expected consul.http://host:port'],
    ["-cp=consul.http://p", {}, "expected consul.http://host:port"],
    ["-cp=consul.ftp://p:1", {}, "expected consul.http://host:port"],
    ["-cp=consul.http://p:99999", {}, "expected consul.http://host:port"],
    ["-cp=keeper.http://p:1", {}, "unknown registry type 'keeper' requested by -cp"],
    ["", { EDGEX_CONFIGURATION_PROVIDER: "p:1" }, 'EDGEX_CONFIGURATION_PROVIDER is "p:1"'],
    ["-r", { EDGEX_USE_REGISTRY: "perhaps" }, 'EDGEX_USE_REGISTRY is "perhaps"; expected true or false'],
  ])(
    "are refused for the arguments %j and the environment %j, and the error names the faulty flag or variable",
    (line, env, message) => {
      expect(() => places(line, env)).toThrow(message);
    },
  );

  test("are refused for an invalid section [Registry], and the error names the section", () => {
    const eureka = { Registry: { Type: "eureka", Host: "r", Port: 3 } };
    expect(() => places("-r", {}, eureka)).toThrow("'eureka' requested by [Registry] of the configuration");
  });
});

test("environment variables override a service's flags, also -o and the flags that choose the configuration file", () => {
  const flags = parseServiceFlags(["-c", "flag", "-p", "flag", "-f", "flag"]);
  const named = (env: Readonly<Record<string, string>>) => readStartSettings(flags, env);
  expect(named({}).file).toEqual({ directory: "flag", profile: "flag", name: "flag" });
  const env = { EDGEX_CONF_DIR: "d", EDGEX_PROFILE: "p", EDGEX_CONFIG_FILE: "f" };
  expect(named(env).file).toEqual({ directory: "d", profile: "p", name: "f" });
  expect(named({ EDGEX_CONFIG_DIR: "d3", edgex_profile: "p1" }).file).toMatchObject({ directory: "d3", profile: "p1" });
  expect([named({}).overwrite, named({ EDGEX_OVERWRITE_CONFIG: "true" }).overwrite]).toEqual([false, true]);
});

describe("readStartLimits", () => {
  const startup = { Service: service, Startup: { Duration: 60, Interval: 2 } };
  test.each([
    [{ Service: service }, {}, 30_000, 1_000],
    [startup, {}, 60_000, 2_000],
    [{ Service: service, Startup: { Duration: 0, Interval: 0 } }, {}, 30_000, 1_000],
    [startup, { EDGEX_STARTUP_DURATION: "5", EDGEX_STARTUP_INTERVAL: "3" }, 5_000, 3_000],
    [startup, { startup_duration: "6", startup_interval: "4" }, 6_000, 4_000],
    [startup, { EDGEX_STARTUP_DURATION: "5", startup_duration: "6" }, 5_000, 2_000],
  ])(
    "returns for the settings %j and the environment %j a limit of %d ms and an interval of %d ms",
    (of, env, limitMs, intervalMs) => {
      expect(readStartLimits(of, env)).toEqual({ limitMs, intervalMs });
    },
  );

  test("rejects an invalid number, while the services of EdgeX Geneva ignore it", () => {
    expect(() => readStartLimits(startup, { EDGEX_STARTUP_DURATION: "1m" })).toThrow(
      'EDGEX_STARTUP_DURATION is "1m"; expected whole seconds, as in 60',
    );
  });
});
