import { afterAll, describe, expect, test } from "bun:test";
import { del, get, put, registerService, sharedTarget } from "../support/conformance.ts";

await sharedTarget();
afterAll(async () => void (await del("/v1/kv/edgex/core/1.0/edgex-core-command?recurse")));

interface Endpoint {
  readonly Address: string;
  readonly Port: number;
}

/**
 * Sends the requests of Geneva's system management agent for `GET /api/v1/health/SERVICE`, and returns what that agent would
 * answer.
 */
async function healthOf(service: string): Promise<true | string> {
  const services = (await get("/v1/agent/services")).json as Readonly<Record<string, Endpoint>>;
  if (services[service] === undefined) return `${service} service is not registered. Might not have started... `;
  const checks = (await get(`/v1/health/checks/${service}`)).json as readonly { readonly Status: string }[];
  if (checks.length === 0) return `no health checks for service ${service}: <nil>`;
  return checks.every(({ Status }) => Status === "passing") || ` ${service} service not healthy...`;
}

/**
 * Sends the requests of Geneva's system management agent for `PUT /api/v1/config/SERVICE`, which sets only existing keys. Returns
 * the body of the write's answer, or an error text if the key does not exist.
 */
async function setConfiguration(service: string, key: string, value: string): Promise<string> {
  const path = `/v1/kv/edgex/core/1.0/${service}/${key.replaceAll(".", "/")}`;
  if ((await get(path)).status === 404) return "key does not exist";
  return (await put(path, value)).text;
}

describe("EdgeX's system management agent", () => {
  const service = "edgex-core-command";
  const checkId = encodeURIComponent(`Health Check: ${service}`);

  async function register(): Promise<void> {
    await registerService({ Name: service, Port: 48082, Address: "edgex-core-command", Check: null, Checks: null });
  }

  test("reads whether a service is registered, whether it has a check, and whether the check passes", async () => {
    expect(await healthOf(service)).toEndWith("is not registered. Might not have started... ");
    await register();
    expect(await healthOf(service)).toStartWith("no health checks for service");
    const check = { Name: `Health Check: ${service}`, Notes: "Check the health of the API", ServiceID: service };
    await put("/v1/agent/check/register", { ...check, TTL: "1h" });
    expect(await healthOf(service)).toBe(` ${service} service not healthy...`);
    await put(`/v1/agent/check/pass/${checkId}`);
    expect(await healthOf(service)).toBe(true);
  });

  test("reads the address of a service", async () => {
    await register();
    const services = (await get("/v1/agent/services")).json as Readonly<Record<string, Endpoint>>;
    expect(services[service]).toMatchObject({ Address: "edgex-core-command", Port: 48082 });
  });

  test("writes only existing keys of a service, and wakes the service that watches them", async () => {
    expect(await setConfiguration(service, "Writable.LogLevel", "DEBUG")).toBe("key does not exist");
    await put(`/v1/kv/edgex/core/1.0/${service}/Writable/LogLevel`, "INFO");
    const folder = `/v1/kv/edgex/core/1.0/${service}/Writable/?recurse=&wait=1800000ms`;
    const { index } = await get(folder);
    const watched = get(`${folder}&index=${index}`);
    expect(await setConfiguration(service, "Writable.LogLevel", "DEBUG")).toBe("true");
    const [entry] = (await watched).json as readonly { readonly Value: string }[];
    expect(atob(entry?.Value ?? "")).toBe("DEBUG");
  });
});
