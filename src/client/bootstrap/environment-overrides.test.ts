import { describe, expect, test } from "bun:test";
import { overrideByEnvironment } from "./environment-overrides.ts";

const configuration = {
  Writable: { LogLevel: "INFO", IsOn: false },
  Service: { Host: "localhost", Port: 48080 },
  Clients: { "core-data": { Host: "a" } },
  Labels: ["one", "two"],
  Limits: [1, 2],
};

function over(env: Readonly<Record<string, string>>): typeof configuration {
  return overrideByEnvironment(configuration, env).configuration;
}

describe("overrideByEnvironment", () => {
  test("reads the variable named like a setting's path with underscores, as written or in capitals, and no other", () => {
    expect(over({ Service_Host: "b" }).Service.Host).toBe("b");
    expect(over({ SERVICE_HOST: "b" }).Service.Host).toBe("b");
    expect(over({ WRITABLE_LOGLEVEL: "DEBUG" }).Writable.LogLevel).toBe("DEBUG");
    expect(over({ service_host: "b", Service_host: "b", HOST: "b", SERVICE: "b" })).toEqual(configuration);
  });

  test("matches a setting with a minus in its name to a variable with an underscore", () => {
    expect(over({ Clients_core_data_Host: "b" }).Clients["core-data"].Host).toBe("b");
    expect(over({ CLIENTS_CORE_DATA_HOST: "b" }).Clients["core-data"].Host).toBe("b");
  });

  test("parses a value by the setting's type", () => {
    expect(over({ SERVICE_PORT: "1", WRITABLE_ISON: "true" })).toMatchObject({
      Service: { Port: 1 },
      Writable: { IsOn: true },
    });
    expect(over({ LABELS: "a, b ,c" }).Labels).toEqual(["a", "b", "c"]);
    expect(over({ LIMITS: "7" }).Limits).toEqual([7]);
    expect(over({ LABELS: "" }).Labels).toEqual([]);
  });

  test("keeps an = within a value, and accepts an empty value", () => {
    expect(over({ SERVICE_HOST: "a=b=c" }).Service.Host).toBe("a=b=c");
    expect(over({ SERVICE_HOST: "" }).Service.Host).toBe("");
  });

  test("rejects a value of another type with an error that names the variable", () => {
    expect(() => over({ SERVICE_PORT: "high" })).toThrow(
      "environment value override failed for SERVICE_PORT: 1 error(s) decoding:\n\n* cannot parse 'Service.Port' as number",
    );
  });

  test("lists the overrides without their values, since a value can be a password", () => {
    const { applied } = overrideByEnvironment(configuration, { SERVICE_HOST: "secret", Service_Port: "1" });
    expect(applied).toEqual([
      { name: "Service/Host", variable: "SERVICE_HOST" },
      { name: "Service/Port", variable: "Service_Port" },
    ]);
  });
});
