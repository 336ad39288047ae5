import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { Locator, Page } from "playwright-core";
import { closeBrowser, type OpenPage, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";

/*
 * Five tasks of an operator at night, on a phone, from the page that opens: the taps are counted. Consul 1.8.7's own UI at the same
 * width takes for the reason 2, for another value 10, to delete a key 11, and to end a session 7 and a scroll to the side; it has no
 * maintenance.
 */

const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
const service = "edgex-device-modbus";
const key = `edgex/devices/2.0/${service}/Driver/Host`;
const reason = "dial tcp 192.0.2.9:502: connection refused";

let agent: Target;
let opened: OpenPage;
let taps: number;

async function put(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<string> {
  const { status, text } = await exchange(agent.url, "PUT", { path, body, headers });
  expect({ status, text }).toMatchObject({ status: 200 });
  return text;
}

async function read(path: string): Promise<string> {
  return (await exchange(agent.url, "GET", { path })).text;
}

async function tap(target: Locator): Promise<void> {
  taps += 1;
  await target.tap();
}

function page(): Page {
  return opened.page;
}

function link(name: string): Locator {
  return page().getByRole("main").getByRole("link", { name, exact: true });
}

function button(name: string | RegExp): Locator {
  return page().getByRole("button", { name, exact: true }).last();
}

async function toKey(): Promise<void> {
  await tap(link(service).first());
  await tap(link("Driver/Host").first());
}

beforeAll(async () => {
  agent = await startTarget("-ui");
  for (const name of ["edgex-core-data", "edgex-core-metadata", service, "edgex-app-rules"])
    await put("/v1/agent/service/register", {
      ...{ Name: name, Address: "192.0.2.7" },
      Check: { CheckID: `${name}-up`, Name: `${name} ping`, TTL: "24h", Status: "passing" },
    });
  await put(`/v1/agent/check/fail/${service}-up?note=${encodeURIComponent(reason)}`);
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

beforeEach(async () => {
  await put(`/v1/kv/${key}`, "192.0.2.8");
  // With another reason, so that the two writes are not one burst.
  await put(`/v1/kv/${key}`, "192.0.2.9", { "X-Praetor-Reason": "the sensor has moved" });
  taps = 0;
  opened = await openPage(`${agent.url}/ui/`, phone);
  await link(service).first().waitFor();
});

afterEach(async () => {
  expect(opened.faults()).toEqual([]);
  await opened[Symbol.asyncDispose]();
});

describe("on a phone at night", () => {
  test("the reason is on the page that opens, and on the service's page with what was changed", async () => {
    await page().getByText(reason).first().waitFor();
    expect(taps).toBe(0);
    await tap(link(service).first());
    await link("Driver/Host").first().waitFor();
    const widths: unknown = await page().evaluate("[document.documentElement.scrollWidth, innerWidth]");
    expect(widths).toEqual([360, 360]);
  });

  test("a wrong value is put back or written anew in five taps", async () => {
    await toKey();
    const versions = page().getByRole("region", { name: "History" }).getByRole("listitem");
    await tap(versions.nth(1).getByRole("button"));
    await tap(button(/^Roll back to index/));
    await tap(button(`Roll back ${key}`));
    await within(10_000, async () => expect(await read(`/v1/kv/${key}?raw`)).toBe("192.0.2.8"));
    expect(taps).toBe(5);

    taps = 0;
    await page().goto(`${agent.url}/ui/`);
    await toKey();
    await tap(button("Edit"));
    await page().locator("textarea").fill("192.0.2.10");
    await tap(button("Save"));
    await tap(button(`Save ${key}`));
    await within(10_000, async () => expect(await read(`/v1/kv/${key}?raw`)).toBe("192.0.2.10"));
    expect(taps).toBe(5);
  });

  test("a key is deleted in four taps", async () => {
    await toKey();
    await tap(button("Delete"));
    await tap(button("Delete 1 key"));
    await within(10_000, async () => expect(await read(`/v1/kv/${key}?raw`)).toBe(""));
    expect(taps).toBe(4);
  });

  test("a session that holds a lock is ended in four taps", async () => {
    const { ID: id }: { ID: string } = JSON.parse(await put("/v1/session/create", { Name: "stuck" }));
    await put(`/v1/kv/locks/leader?acquire=${id}`, "x");
    await tap(page().getByText("More", { exact: true }));
    await tap(page().getByRole("link", { name: "Sessions" }));
    await tap(button("Destroy"));
    await tap(button(/^Destroy /));
    await within(10_000, async () => expect(await read("/v1/session/list")).toBe("[]"));
    expect(taps).toBe(4);
  });

  test("a service is put into maintenance in three taps, with a reason", async () => {
    await tap(link(service).first());
    await tap(button("Maintenance"));
    await page().getByRole("dialog").getByRole("textbox").first().fill("the sensor is replaced");
    await tap(button(`Take ${service} out of use`));
    await within(10_000, async () => expect(await read(`/v1/health/checks/${service}`)).toContain("the sensor"));
    expect(taps).toBe(3);
    await put(`/v1/agent/service/maintenance/${service}?enable=false`);
  });
});
