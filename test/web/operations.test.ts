import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { closeBrowser, connected, focusedOn, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { type KeeperTarget, startKeeperTarget } from "../support/keeper.ts";
import { openWebProxy } from "../support/web-proxy.ts";
import { within } from "../support/within.ts";

let agent: KeeperTarget;
let url: string;
let node: string;
let stopListening: () => Promise<void>;

async function put(path: string, body?: unknown): Promise<void> {
  const { status, text } = await exchange(url, "PUT", { path, body });
  expect({ status, text }).toMatchObject({ status: 200 });
}

async function read(path: string): Promise<unknown> {
  return JSON.parse((await exchange(url, "GET", { path })).text);
}

/** Registers a service with one TTL check, whose id is the service's name with "-up". */
async function register(name: string, more: object = {}): Promise<void> {
  await put("/v1/agent/service/register", {
    ...{ Name: name, Port: 48080, ...more },
    Check: { CheckID: `${name}-up`, Name: `${name} ping`, TTL: "1h", Status: "passing" },
  });
}

/** Returns the reasons of the maintenance of a service, as the API has them. */
async function maintenanceOf(name: string): Promise<readonly string[]> {
  const checks = (await read(`/v1/health/checks/${name}`)) as { readonly CheckID: string; readonly Notes: string }[];
  return checks.filter(({ CheckID }) => CheckID.startsWith("_service_maintenance:")).map(({ Notes }) => Notes);
}

async function instancesOf(name: string): Promise<number> {
  return ((await read(`/v1/catalog/service/${name}`)) as unknown[]).length;
}

function open(path: string): ReturnType<typeof openPage> {
  return openPage(`${url}/ui/${path}`);
}

function row(page: Page, name: string): ReturnType<Page["locator"]> {
  return page.locator(".service-row", { has: page.getByRole("link", { name, exact: true }) });
}

beforeAll(async () => {
  agent = await startKeeperTarget("-ui");
  ({ url } = agent.target);
  ({
    Config: { NodeName: node },
  } = (await read("/v1/agent/self")) as { readonly Config: { readonly NodeName: string } });
  for (const name of ["edgex-core-data", "edgex-core-metadata"]) await register(name);
  await register("oven", { Tags: ["hall-2"] });
  const listening = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("pong") });
  stopListening = () => listening.stop(true);
  const healthCheck = { interval: "1s", path: "/ping", type: "http" };
  const registration = {
    serviceId: "device-virtual",
    host: "127.0.0.1",
    port: listening.port,
    status: "UP",
    healthCheck,
  };
  const registered = await agent.ask("POST /registry", { apiVersion: "v3", registration });
  expect(registered.status).toBe(201);
  await put("/v1/catalog/register", {
    ...{ Node: "plc-7", Address: "192.0.2.7", NodeMeta: { "external-node": "true" } },
    Service: { Service: "modbus", Port: 502, Tags: ["hall-7"] },
  });
  await put("/v1/kv/edgex/core/1.0/edgex-core-data/Writable/LogLevel", "INFO");
});

afterAll(async () => {
  await closeBrowser();
  await agent.target.stop();
  await stopListening();
});

describe("the services", () => {
  test("of EdgeX come first, whatever the status of the others, and core-keeper's are named as such", async () => {
    await put("/v1/agent/check/fail/oven-up?note=300%20degrees");
    await using opened = await open("services");
    const { page } = opened;
    await row(page, "oven").getByText("300 degrees").waitFor();
    await row(page, "device-virtual").getByText("core-keeper").waitFor();
    expect(await page.locator(".group").allTextContents()).toEqual(["EdgeX (3)", "Other services (3, 1 critical)"]);
    const names = await page.locator(".service-row a").allTextContents();
    expect(names.slice(0, 3).toSorted()).toEqual(["device-virtual", "edgex-core-data", "edgex-core-metadata"]);
    expect(names.slice(3)).toEqual(["oven", "consul", "modbus"]);
    await row(page, "oven")
      .getByText(/^for \d/)
      .waitFor();
    await put("/v1/agent/check/pass/oven-up");
    expect(opened.faults()).toEqual([]);
  });

  test("are filtered by node and tag, in the address, and shown as a plain list", async () => {
    await using opened = await open("services");
    const { page } = opened;
    await page.getByText("6 services", { exact: true }).waitFor();
    await page.getByLabel("Node").selectOption("plc-7");
    await page.getByText("1 of 6 services").waitFor();
    await page.getByLabel("Node").selectOption("");
    await page.getByLabel("Tag").selectOption("hall-2");
    await row(page, "oven").waitFor();
    await page.getByText("1 of 6 services").waitFor();
    await page.getByLabel("Tag").selectOption("");
    await page.getByLabel("plain list").check();
    expect(new URL(page.url()).search).toBe("?plain=1");
    expect(await page.locator("ul.plain .service-row").count()).toBe(6);
    expect(opened.faults()).toEqual([]);
  });

  test("are taken out of use by the keyboard alone, several at once, and brought back", async () => {
    await using opened = await open("services?q=edgex");
    const { page } = opened;
    const names = ["edgex-core-data", "edgex-core-metadata"];
    await row(page, "edgex-core-metadata").waitFor();
    for (const key of ["j", "x", "j", "X", "m"]) await page.keyboard.press(key);
    const question = page.getByRole("dialog", { name: `Take ${names.join(", ")} out of use?` });
    await question.waitFor();
    await focusedOn(page, "Cancel");
    for (const key of ["Shift+Tab", "Shift+Tab"]) await page.keyboard.press(key);
    await page.keyboard.type("new firmware");
    for (const key of ["Tab", "Enter"]) await page.keyboard.press(key);
    await question.waitFor({ state: "detached" });
    for (const name of names) {
      expect(await maintenanceOf(name)).toEqual(["new firmware"]);
      await row(page, name).getByText("maintenance", { exact: true }).waitFor();
    }
    for (const name of names) await page.getByLabel(`Select ${name}`).check();
    await page.getByRole("button", { name: "End maintenance" }).click();
    for (const name of names) await row(page, name).getByText("passing").waitFor();
    expect([...(await maintenanceOf("edgex-core-data")), ...(await maintenanceOf("edgex-core-metadata"))]).toEqual([]);
    expect(opened.faults()).toEqual([]);
  });

  test("of other agents are not touched, and the question says so", async () => {
    await using opened = await open("services");
    const { page } = opened;
    for (const name of ["modbus", "oven"]) await page.getByLabel(`Select ${name}`).check();
    await page.getByRole("button", { name: "Maintenance", exact: true }).click();
    await page.getByText("Not of this agent, and left as they are: modbus.").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByLabel("Select oven").uncheck();
    await page.getByRole("button", { name: "Maintenance", exact: true }).click();
    expect(await page.getByRole("button", { name: "Take 0 out of use" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(await page.getByRole("button", { name: "End maintenance" }).isDisabled()).toBe(true);
  });
});

describe("one service", () => {
  test("runs a check at once, and shows the result, the kind and the interval", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
    const { port } = listener;
    listener.stop(true);
    await register("plc");
    await put("/v1/agent/check/register", {
      ...{ ID: "plc-tcp", Name: "modbus port", ServiceID: "plc", TCP: `127.0.0.1:${port}`, Interval: "1h" },
    });
    await using opened = await open("services/plc");
    const { page } = opened;
    await page.getByText(`tcp · 127.0.0.1:${port} · every 1h`).waitFor();
    const check = page.locator(".checks li", { hasText: "modbus port" });
    await check.getByText("critical", { exact: true }).waitFor();
    const again = Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
    await check.getByRole("button", { name: "Run now" }).click();
    await check.getByText("passing", { exact: true }).waitFor();
    again.stop(true);
    expect(await read("/v1/health/state/critical")).not.toContainEqual(expect.objectContaining({ CheckID: "plc-tcp" }));
    expect(
      await page.locator(".checks li", { hasText: "plc ping" }).getByRole("button", { name: "Run now" }).count(),
    ).toBe(0);
    await put("/v1/agent/service/deregister/plc");
    expect(opened.faults()).toEqual([]);
  });

  test("shows its outages and maintenance with their length, its keys, and commands to copy", async () => {
    await put("/v1/agent/check/fail/edgex-core-data-up?note=no%20broker");
    await using opened = await open("services/edgex-core-data");
    const { page } = opened;
    const history = page.getByRole("region", { name: "History" });
    await history.getByText("lasts").waitFor();
    await history.getByText("no broker").waitFor();
    await put("/v1/agent/check/pass/edgex-core-data-up");
    await history
      .locator("li", { hasText: "critical" })
      .getByText(/ago, for \d+ s/)
      .waitFor();
    await put("/v1/agent/service/maintenance/edgex-core-data?enable=true&reason=new%20disk");
    await history.locator("li").filter({ hasText: "new disk" }).getByText("maintenance", { exact: true }).waitFor();
    await history.locator("svg.history rect.maintenance").first().waitFor();
    await put("/v1/agent/service/maintenance/edgex-core-data?enable=false");
    await history
      .locator("li")
      .filter({ hasText: "new disk" })
      .getByText(/ago, for \d+ s/)
      .waitFor();
    await history.getByRole("img", { name: /^1 outages, [1-9] times of maintenance, in / }).waitFor();
    const folder = page.getByRole("link", { name: "edgex/core/1.0/edgex-core-data/" });
    expect(await folder.getAttribute("href")).toBe("/ui/keys/edgex/core/1.0/edgex-core-data/");
    await page.getByText(`curl '${url}/v1/health/service/edgex-core-data?passing'`).waitFor();
    await page.getByText("registered with this agent by Consul's API").waitFor();
    expect(opened.faults()).toEqual([]);
  });

  test("is deregistered at this agent, which offers maintenance instead", async () => {
    await register("toaster");
    await using opened = await open("services/toaster");
    const { page } = opened;
    await page.getByRole("button", { name: "Deregister" }).click();
    await page.getByText("It stays away until its program registers it again").waitFor();
    await page.getByRole("button", { name: "Maintenance instead" }).click();
    await page.getByRole("dialog", { name: "Take toaster out of use?" }).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Deregister" }).click();
    await page.getByRole("button", { name: "Deregister toaster" }).click();
    await page.getByText("No instance of toaster is registered.").waitFor();
    expect(await read("/v1/agent/services")).not.toHaveProperty("toaster");
    expect(opened.faults()).toEqual([]);
  });

  test("of a node without an agent is taken out of the catalog", async () => {
    await using opened = await open("services/modbus");
    const { page } = opened;
    await page.getByText("written into the catalog for plc-7, which has no agent").waitFor();
    expect(await page.getByRole("button", { name: "Maintenance" }).count()).toBe(0);
    await page.getByRole("button", { name: "Deregister" }).click();
    await page.getByText("No agent runs on plc-7").waitFor();
    await page.getByRole("button", { name: "Deregister modbus" }).click();
    await page.getByText("No instance of modbus is registered.").waitFor();
    expect(await instancesOf("modbus")).toBe(0);
  });

  test("of another agent is said to come back, and where it is deregistered", async () => {
    await put("/v1/catalog/register", {
      ...{ Node: "gateway-8", Address: "192.0.2.8", Service: { Service: "press", Port: 80 } },
      Check: { CheckID: "serfHealth", Name: "Agent alive", Status: "passing" },
    });
    await using opened = await open("services/press");
    const { page } = opened;
    await page.getByRole("button", { name: "Deregister" }).click();
    await page.getByText(`press belongs to the agent on gateway-8, and this is the agent on ${node}.`).waitFor();
    await page.getByText("its agent registers it again within minutes").waitFor();
    await page.getByRole("button", { name: "Take press out of the catalog" }).click();
    await page.getByText("No instance of press is registered.").waitFor();
    expect(await instancesOf("press")).toBe(0);
    await put("/v1/catalog/deregister", { Node: "gateway-8" });
  });
});

test("the overview says since when, shows the last changes, and what the agent found in itself", async () => {
  await put("/v1/agent/check/fail/oven-up?note=310%20degrees");
  await using opened = await open("");
  const { page } = opened;
  await page.getByText(/^\d of \d services (?:is|are) critical since \d\d:\d\d/).waitFor();
  await page.locator(".failing").getByText("310 degrees").waitFor();
  await connected(page, "held");
  await put("/v1/agent/check/pass/oven-up");
  const changes = page.getByRole("region", { name: "Last changes" }).locator("li");
  await changes.first().getByText("critical → passing").waitFor();
  expect(await changes.first().textContent()).toStartWith("oven");
  await page.getByRole("region", { name: "Doctor" }).locator("p").first().waitFor();
  await page
    .getByRole("region", { name: "Agent" })
    .getByText(/^Disk .* free of .*, memory .* free of /)
    .waitFor();
  expect(opened.faults()).toEqual([]);
});

test("the overview of an agent without an answer of its own, as a Consul, comes from the lists", async () => {
  await put("/v1/agent/check/fail/oven-up?note=320%20degrees");
  await using proxy = openWebProxy(url);
  proxy.fault = (path) => (path.startsWith("/v1/praetor/") ? { status: 404, text: "" } : undefined);
  await using opened = await openPage(`${proxy.url}/ui/`);
  await opened.page.getByText(/^1 of \d services is critical\.$/).waitFor();
  await opened.page.locator(".failing").getByText("320 degrees").waitFor();
  await opened.page.goto(`${proxy.url}/ui/services/oven`);
  await opened.page.locator(".checks").getByText("320 degrees").waitFor();
  await opened.page.getByText("registered with this agent").waitFor();
  await put("/v1/agent/check/pass/oven-up");
  expect(opened.faults()).toEqual([]);
});

test("the page tells screen readers which service has become critical, one sentence in five seconds", async () => {
  await using opened = await open("services");
  const { page } = opened;
  await row(page, "oven").getByText("passing").waitFor();
  await connected(page, "held");
  const said = page.locator("[data-said]");
  await put("/v1/agent/check/fail/oven-up");
  await said.getByText("oven is critical").waitFor();
  await put("/v1/agent/check/fail/edgex-core-data-up");
  await put("/v1/agent/check/fail/edgex-core-metadata-up");
  await row(page, "edgex-core-metadata").getByText("critical", { exact: true }).waitFor();
  expect(await said.textContent()).toBe("oven is critical");
  await said.getByText("2 are critical").waitFor();
  for (const name of ["oven", "edgex-core-data", "edgex-core-metadata"]) await put(`/v1/agent/check/pass/${name}-up`);
});

test("the agent's own node is taken out of use with a reason, and brought back", async () => {
  await put("/v1/catalog/register", { Node: "plc-9", Address: "192.0.2.9", NodeMeta: { "external-node": "true" } });
  await using opened = await open("nodes");
  const { page } = opened;
  await page.getByText("none: external node").first().waitFor();
  await page.getByRole("button", { name: "Maintenance", exact: true }).click();
  await page.getByLabel("Reason").fill("power work");
  await page.getByRole("button", { name: `Take ${node} out of use` }).click();
  await page.getByText("In maintenance: power work").waitFor();
  expect(await read(`/v1/health/node/${node}`)).toContainEqual(
    expect.objectContaining({ CheckID: "_node_maintenance", Notes: "power work" }),
  );
  await page.getByRole("button", { name: "End maintenance" }).click();
  await page.getByRole("button", { name: "Maintenance", exact: true }).waitFor();
  await within(10_000, async () =>
    expect(await read(`/v1/health/node/${node}`)).not.toContainEqual(
      expect.objectContaining({ CheckID: "_node_maintenance" }),
    ),
  );
});

test("a browser that saves data asks for nothing at intervals, and holds its request for ten minutes", async () => {
  await using proxy = openWebProxy(url);
  await using opened = await openPage(`${proxy.url}/ui/plain`);
  const { page } = opened;
  await page.addInitScript("Object.defineProperty(navigator, 'connection', { value: { saveData: true } })");
  await page.goto(`${proxy.url}/ui/`);
  await page
    .getByRole("region", { name: "Agent" })
    .getByText(/^Disk /)
    .waitFor();
  await connected(page, "held");
  await within(10_000, () => Promise.resolve(expect(proxy.asked.join("\n")).toContain("wait=600s")));
  expect(proxy.asked.join("\n")).not.toContain("metrics-series");
});
