import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { closeBrowser, connected, focusedOn, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";
import { openWebProxy } from "../support/web-proxy.ts";

let agent: Target;

async function put(path: string, body?: unknown): Promise<void> {
  const { status, text } = await exchange(agent.url, "PUT", { path, body });
  expect({ status, text }).toMatchObject({ status: 200 });
}

/** Registers a service with one TTL check, whose id is the service's name. */
async function register(name: string, status: "passing" | "critical" = "passing"): Promise<void> {
  await put("/v1/agent/service/register", {
    ...{ Name: name, Port: 8080, Tags: ["blue"] },
    Check: { CheckID: name, Name: `${name} check`, TTL: "1h", Status: status },
  });
}

/** Returns the names of the services in the order of the list. */
function rowNames(page: Page): Promise<readonly string[]> {
  return page.locator(".service-row a").allTextContents();
}

beforeAll(async () => {
  agent = await startTarget("-ui");
  await register("web");
  await register("oven", "critical");
  await put("/v1/agent/check/fail/oven?note=300%20degrees");
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

describe("the list of services", () => {
  test("has the worst first, with the reason, and follows changes without being asked", async () => {
    await using opened = await openPage(`${agent.url}/ui/services`);
    const { page } = opened;
    await page.getByText("300 degrees").waitFor();
    await connected(page, "held");
    expect(await rowNames(page)).toEqual(["oven", "consul", "web"]);
    expect(await page.title()).toMatch(/^critical \(1\) · Services · /);
    await put("/v1/agent/check/fail/web?note=too%20slow");
    await page.getByText("too slow").waitFor();
    expect(await rowNames(page)).toEqual(["oven", "web", "consul"]);
    expect(await page.title()).toStartWith("critical (2)");
    await put("/v1/agent/check/pass/web");
    await page.getByText("too slow").waitFor({ state: "detached" });
    expect(opened.faults()).toEqual([]);
  });

  test("keeps its filter in the address, where another browser finds it", async () => {
    await using first = await openPage(`${agent.url}/ui/services`);
    await first.page.getByRole("searchbox").fill("oven deg");
    await first.page.getByText("1 of 3 services").waitFor();
    await using second = await openPage(first.page.url());
    await second.page.getByText("1 of 3 services").waitFor();
    expect(await rowNames(second.page)).toEqual(["oven"]);
  });

  test("keeps rows in place under the pointer, and says how many would move", async () => {
    await using opened = await openPage(`${agent.url}/ui/services`);
    const { page } = opened;
    await page.getByText("300 degrees").waitFor();
    await connected(page, "held");
    await page.locator(".service-row").first().hover();
    await put("/v1/agent/check/fail/web?note=too%20slow");
    const button = page.getByRole("button", { name: /changes$/ });
    await button.waitFor();
    expect(await rowNames(page)).toEqual(["oven", "consul", "web"]);
    await button.click();
    expect(await rowNames(page)).toEqual(["oven", "web", "consul"]);
    await put("/v1/agent/check/pass/web");
  });

  test("has only the rows near the window in the document, whatever the number of services", async () => {
    const names = Array.from({ length: 100 }, (_, at) => `many-${String(at).padStart(2, "0")}`);
    const body = (Service: string): unknown => ({ Node: "far", Address: "192.0.2.1", Service: { Service } });
    for (const name of names) await put("/v1/catalog/register", body(name));
    await using opened = await openPage(`${agent.url}/ui/services`);
    await opened.page.getByText("103 services").waitFor();
    const rows = opened.page.locator("[data-row]");
    expect(await rows.count()).toBeLessThan(60);
    expect(await rows.first().getAttribute("aria-setsize")).toBe("103");
    await opened.page.keyboard.press("End");
    await opened.page.getByRole("link", { name: "many-99" }).waitFor();
    await put("/v1/catalog/deregister", { Node: "far" });
    await opened.page.getByText("3 services", { exact: true }).waitFor();
  });
});

describe("the page of a service", () => {
  test("is where its address leads, and shows each check with its output", async () => {
    await using opened = await openPage(`${agent.url}/ui/services/oven`);
    await opened.page.getByText("300 degrees").waitFor();
    expect(await opened.page.getByRole("heading", { level: 1 }).textContent()).toBe("oven");
    await opened.page.getByText("oven check").waitFor();
  });

  test("takes an instance out of use after a question, with a reason, and brings it back", async () => {
    await using opened = await openPage(`${agent.url}/ui/services/web`);
    const { page } = opened;
    await page.getByRole("button", { name: "Maintenance", exact: true }).click();
    await focusedOn(page, "Cancel");
    await page.getByLabel("Reason").fill("new door");
    await page.getByRole("button", { name: "Take web out of use" }).click();
    await page.getByText("In maintenance: new door").waitFor();
    await page.getByRole("button", { name: "End maintenance" }).click();
    await page.getByRole("button", { name: "Maintenance", exact: true }).waitFor();
    expect(opened.faults()).toEqual([]);
  });
});

test("behind a proxy below a path all works by relative addresses, also from a deep link", async () => {
  await using proxy = openWebProxy(agent.url, "/plant/gateway-7");
  await using opened = await openPage(`${proxy.url}/ui/services/oven`);
  const { page } = opened;
  await page.getByText("300 degrees").waitFor();
  await connected(page, "held");
  await page.getByRole("link", { name: "Services" }).click();
  await page.getByRole("link", { name: "web" }).click();
  await page.locator(".checks").getByText("web check").waitFor();
  expect(page.url()).toBe(`${proxy.url}/ui/services/web`);
  await page.goBack();
  await page.getByText("3 services").waitFor();
  expect(opened.faults()).toEqual([]);
  expect((await opened.answers()).filter(({ status }) => status === 404).map(({ path }) => path)).toEqual([]);
});

test("the first load of a screen takes at most 32 KiB of pages, styles and scripts", async () => {
  await using opened = await openPage(`${agent.url}/ui/services`, {});
  await opened.page.getByText("300 degrees").waitFor();
  const files = (await opened.answers()).filter(({ path }) => path.startsWith("/ui/"));
  expect(files.length).toBeGreaterThan(3);
  expect(files.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(32 * 1024);
});

test("the keyboard alone opens a service from anywhere, and comes back", async () => {
  await using opened = await openPage(`${agent.url}/ui/`);
  const { page } = opened;
  await page.getByText("1 of 3 services is critical").waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await page.getByText("3 services", { exact: true }).waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await page.getByText("oven check").waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
});
