import { describe, expect, onTestFinished, test } from "bun:test";
import { keyRoot, sharedKeeper } from "../../support/keeper.ts";
import { KeeperConfigurationClient, KeeperRegistryClient } from "../../support/keeper-client.ts";
import { within } from "../../support/within.ts";

const keeper = await sharedKeeper();

function registryClient(serviceKey: string): KeeperRegistryClient {
  const service = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("pong") });
  onTestFinished(async () => {
    await service.stop(true);
    await keeper.ask(`DELETE /registry/serviceId/${serviceKey}`);
  });
  return new KeeperRegistryClient(keeper.ask, {
    ...{ serviceKey, host: "127.0.0.1", port: service.port ?? 0 },
    ...{ checkRoute: "/api/v3/ping", checkInterval: "1s" },
  });
}

describe("the registry client of EdgeX 4", () => {
  test("registers a service, finds it, reports it as available after its first check, and as unregistered after unregistering it", async () => {
    const client = registryClient("go-service");
    expect(await client.isAlive()).toBe(true);
    await client.register();
    expect(await client.getServiceEndpoint("go-service")).toMatchObject({ host: "127.0.0.1" });
    await within(5_000, async () => expect(await client.whyUnavailable("go-service")).toBeUndefined());
    expect(await client.getAllServiceIds()).toContain("go-service");
    await client.unregister();
    expect(await client.whyUnavailable("go-service")).toBe(" go-service service has been unregistered");
    expect(await client.getAllServiceIds()).not.toContain("go-service");
  });

  test("registers a service again after the service has ended or was killed", async () => {
    const client = registryClient("go-again");
    await client.register();
    await client.unregister();
    await client.register();
    // Either before its first check, or after it.
    expect([undefined, " go-again service not healthy"]).toContain(await client.whyUnavailable("go-again"));
    await client.register();
    await within(5_000, async () => expect(await client.whyUnavailable("go-again")).toBeUndefined());
  });

  test("gets an error for a missing service", async () => {
    const client = registryClient("go-nobody");
    expect(await client.whyUnavailable("go-nobody")).toBe("failed to check service availability: ");
    expect(client.getServiceEndpoint("go-nobody")).rejects.toThrow("404");
  });
});

describe("the configuration client of EdgeX 4", () => {
  const configuration = {
    Writable: {
      LogLevel: "INFO",
      PersistData: true,
      Telemetry: { Interval: "30s", Metrics: { EventsPersisted: false } },
    },
    Service: { Port: 59880, Host: "localhost", MaxResultCount: 1024 },
    MaxEventSize: 25_000,
    Ratio: 1.4,
    Empty: "",
  };

  test("writes an object and reads its values back as strings", async () => {
    const client = new KeeperConfigurationClient(keeper.ask, keyRoot(keeper, "go-config_1.0~x"));
    expect(await client.hasConfiguration()).toBe(false);
    expect(client.getConfiguration()).rejects.toThrow("there is no configuration");
    await client.putConfiguration(configuration);
    expect(await client.hasConfiguration()).toBe(true);
    expect(await client.getConfiguration()).toEqual({
      Writable: {
        ...{ LogLevel: "INFO", PersistData: "true" },
        Telemetry: { Interval: "30s", Metrics: { EventsPersisted: "false" } },
      },
      Service: { Port: "59880", Host: "localhost", MaxResultCount: "1024" },
      ...{ MaxEventSize: "25000", Ratio: "1.4", Empty: "" },
    });
  });

  test("overwrites an object, and writes single values", async () => {
    const client = new KeeperConfigurationClient(keeper.ask, keyRoot(keeper, "go-values"));
    await client.putConfiguration(configuration);
    await client.putConfiguration({ ...configuration, Service: { Port: 1 } });
    expect(await client.getConfigurationValue("Service/Port")).toBe("1");
    await client.putConfigurationValue("Writable/LogLevel", "DEBUG");
    expect(await client.getConfigurationValue("Writable/LogLevel")).toBe("DEBUG");
    expect(await client.configurationValueExists("Writable/LogLevel")).toBe(true);
    expect(await client.configurationValueExists("Writable/Log")).toBe(false);
    const root = "edgex/v4/go-values/Writable";
    expect(await client.getConfigurationKeys("Writable")).toEqual([
      ...[`${root}/LogLevel`, `${root}/PersistData`],
      ...[`${root}/Telemetry/Interval`, `${root}/Telemetry/Metrics/EventsPersisted`],
    ]);
  });
});
