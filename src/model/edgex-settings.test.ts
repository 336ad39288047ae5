import { expect, test } from "bun:test";
import { edgexRules } from "./edgex-settings.ts";

function ruleFor(key: string, value: string): string | undefined {
  return edgexRules.faultOf(key, new TextEncoder().encode(value))?.rule;
}

test.each([
  ["Service/Port", ["1", "48080", "65535"], ["0", "65536", "", "abc", "80.5", "-1", "0x50", " 80", "1e3"]],
  ["Clients/core-data/Port", ["0", "48080"], ["65536", "", "abc"]],
  ["Databases/Primary/Port", ["6379"], ["redis"]],
  ["Writable/LogLevel", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", ""], ["info", "WARNING", '"INFO"', "OFF"]],
  ["Service/CheckInterval", ["10s", "1m30s", "0", ""], ["10", "10 s", "soon", "1d"]],
  ["Writable/Telemetry/Interval", ["30s"], ["30"]],
  ["Logging/EnableRemote", ["true", "false", "TRUE", "0", ""], ["yes", "on", "2"]],
  ["Writable/Telemetry/Metrics/EventsPersisted", ["false"], ["no"]],
] as const)("EdgeX's %s takes %p and not %p", (setting, valid, invalid) => {
  for (const root of ["edgex/core/1.0/edgex-core-data", "edgex/devices/2.0/d", "edgex/v4/core-data"]) {
    expect(valid.map((value) => ruleFor(`${root}/${setting}`, value))).toEqual(valid.map(() => undefined));
    for (const value of invalid) expect(ruleFor(`${root}/${setting}`, value)).toContain(`for ${setting}`);
  }
});

test("the common configuration of EdgeX 3 and 4 has a further folder", () => {
  const common = "edgex/v3/core-common-config-bootstrapper/all-services/Writable/LogLevel";
  expect(ruleFor(common, "loud")).toBe("EdgeX takes TRACE, DEBUG, INFO, WARN or ERROR for Writable/LogLevel");
});

test.each([
  "Service/Port",
  "edgex/registry/ports/core-data",
  "other/core/1.0/a/Service/Port",
  "edgex/core/1.0/a/ApplicationSettings/Service/Port",
  "edgex/core/1.0/a/Driver/Port",
  "edgex/core/1.0/a/constructor",
  "edgex/core/1.0/a/Clients/x/y/Port",
])("the key %s is no setting of known type", (key) => {
  expect(ruleFor(key, "anything")).toBeUndefined();
});
