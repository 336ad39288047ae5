import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { closeBrowser, connected, openPage, openPageIn, openProfile } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";
import { openWebProxy } from "../support/web-proxy.ts";
import { within } from "../support/within.ts";

/*
 * Budgets of the UI with 5,000 services and 50,000 keys. Times are compared with that of fixed work in the same browser, so a slow
 * or busy machine changes both; each test prints its figures. Counts hold on any machine.
 */

const services = 5_000;
const keys = 50_000;
/** The page counts the server's own service, too. */
const all = `${services + 1} services`;

let agent: Target;
/** Time in milliseconds of the fixed work. */
let workMs: number;

beforeAll(async () => {
  agent = await startTarget("-ui");
  await atOnce(services, (at) => put("/v1/agent/service/register", serviceAt(at)));
  await atOnce(Math.ceil(keys / 64), (txn) => put("/v1/txn", setsOf(txn * 64)));
  workMs = await measureWork();
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

async function atOnce(count: number, work: (at: number) => Promise<void>): Promise<void> {
  const rest = Array(count).keys();
  const worker = async (): Promise<void> => {
    for (const at of rest) await work(at);
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

async function put(path: string, body: unknown): Promise<void> {
  const { status, text } = await exchange(agent.url, "PUT", { path, body });
  if (status !== 200) throw new Error(`PUT ${path}: ${status} ${text}`);
}

function serviceAt(at: number): object {
  const Status = at % 100 === 0 ? "critical" : "passing";
  const Checks = ["up", "disk"].map((name) => ({ CheckID: `${name}-${at}`, Name: name, TTL: "24h", Status }));
  return { Name: `device-${at}`, Address: "192.0.2.7", Port: 1_024 + at, Tags: [`line-${at % 7}`], Checks };
}

function setsOf(first: number): readonly object[] {
  return Array.from({ length: Math.min(64, keys - first) }, (_none, at) => {
    const key = first + at;
    return { KV: { Verb: "set", Key: `edgex/device-${Math.floor(key / 50)}/setting-${key}`, Value: btoa(`${key}`) } };
  });
}

/** Returns the median time in milliseconds of work like that of a page: rows that are laid out, objects that are sorted. */
async function measureWork(): Promise<number> {
  await using opened = await openPage("about:blank");
  const times: unknown = await opened.page.evaluate(`(async () => {
    const times = [];
    for (let round = 0; round < 5; round += 1) {
      await new Promise(requestAnimationFrame);
      const start = performance.now();
      const list = document.createElement("div");
      for (let at = 0; at < 2_000; at += 1) {
        const row = document.createElement("p");
        row.textContent = "row " + at;
        list.append(row);
      }
      document.body.replaceChildren(list);
      list.getBoundingClientRect();
      const rows = JSON.parse(JSON.stringify(Array.from({ length: 50_000 }, (_, at) => ({ name: "device-" + (at * 7_919) % 50_000 }))));
      rows.sort((a, b) => (a.name < b.name ? -1 : 1));
      times.push(performance.now() - start);
    }
    return times.sort((a, b) => a - b);
  })()`);
  return Array.isArray(times) ? Number(times[2]) : Number.NaN;
}

/** Runs a script in the page, and returns the milliseconds until the condition, also a script, is true after a repaint. */
async function msUntil(page: Page, act: string, condition: string): Promise<number> {
  return Number(
    await page.evaluate(`(async () => {
      const start = performance.now();
      ${act};
      while (!(${condition})) await new Promise(requestAnimationFrame);
      return performance.now() - start;
    })()`),
  );
}

const type = (label: string, text: string): string => `{
  const field = document.querySelector('[aria-label="${label}"]');
  field.value = "${text}";
  field.dispatchEvent(new Event("input", { bubbles: true }));
}`;
const shows = (text: string): string => `document.querySelector("main")?.innerText.includes(${JSON.stringify(text)})`;

/** Prints a time, and expects it to be at most so many times that of the fixed work. */
function expectTime(what: string, ms: number, factorMax: number): void {
  const factor = ms / workMs;
  console.log(`${what}: ${ms.toFixed(0)} ms, ${factor.toFixed(1)} times the fixed work (${workMs.toFixed(0)} ms)`);
  expect(factor).toBeLessThan(factorMax);
}

async function countOf(page: Page, selector: string): Promise<number> {
  return Number(await page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`));
}

describe("with 5,000 services the page", () => {
  test("is seen soon, shows all, filters them, and has few elements", async () => {
    const profile = await openProfile();
    const first = await openPageIn(profile, `${agent.url}/ui/services`);
    const { page } = first;
    await page.getByText(all, { exact: true }).waitFor();
    await page.reload();
    const shownMs = await msUntil(page, "", shows(all));
    const startedMs = Number(await page.evaluate("performance.now()"));
    const paintMs = Number(
      await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"),
    );
    expectTime("first contentful paint", paintMs, 8);
    expectTime("5,000 services shown, since the navigation", Math.max(shownMs, startedMs), 20);
    expect(await countOf(page, ".service-row")).toBeLessThan(120);
    expect(await countOf(page, "*")).toBeLessThan(2_500);
    const filterMs = await msUntil(page, type("Filter services", "device-4999"), shows(`1 of ${all}`));
    expectTime("filter of 5,000 services", filterMs, 4);
    expect(await countOf(page, ".service-row")).toBe(1);
    expect(first.faults()).toEqual([]);
    await profile.close();
  });

  test("asks for little, and holds one request", async () => {
    await using proxy = openWebProxy(agent.url);
    await using opened = await openPage(`${proxy.url}/ui/services`, {});
    await opened.page.getByText(all, { exact: true }).waitFor();
    await connected(opened.page, "held");
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
    const asked = proxy.asked.filter((path) => path.startsWith("/v1/"));
    console.log(`${asked.length} requests: ${asked.join(" ")}`);
    // Six reads, of which four may be made again after the first answer about changes, and the held request: for the shell, for the
    // screen, and from the index that the agent has answered with.
    expect(asked.length).toBeLessThanOrEqual(13);
  });
});

describe("with 50,000 keys the page", () => {
  test("searches keys and values, opens a key's editor, and has few elements", async () => {
    await using opened = await openPage(`${agent.url}/ui/search`);
    const { page } = opened;
    const search = page.getByLabel("Search keys and values");
    await search.waitFor();
    const searchMs = await msUntil(page, type("Search keys and values", "setting-4999"), shows("11 matches"));
    expectTime("search of 50,000 keys and values", searchMs, 15);
    expect(await countOf(page, "*")).toBeLessThan(2_500);
    await page.goto(`${agent.url}/ui/keys/edgex/`);
    await page.locator(".folder-row, [role=treeitem]").first().waitFor();
    expect(await countOf(page, "*")).toBeLessThan(4_000);
    await page.goto(`${agent.url}/ui/keys/edgex/device-1/setting-77`);
    const edit = page.getByRole("button", { name: "Edit", exact: true });
    await edit.waitFor();
    const click = `[...document.querySelectorAll("button")].find(({ innerText }) => innerText === "Edit").click()`;
    expectTime("editor opens", await msUntil(page, click, `document.querySelector("textarea")`), 5);
    expect(opened.faults()).toEqual([]);
  });
});
