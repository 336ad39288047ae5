import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { BrowserContext, Page } from "playwright-core";
import { closeBrowser, connected, openPageIn, openProfile } from "../support/browser.ts";
import { startFurnishedAgent } from "../support/furnished-agent.ts";
import type { Target } from "../support/target.ts";
import { openWebProxy, type WebProxy } from "../support/web-proxy.ts";
import { within } from "../support/within.ts";

let agent: Target;
let proxy: WebProxy;

beforeAll(async () => {
  agent = await startFurnishedAgent();
  proxy = openWebProxy(agent.url);
});

afterEach(() => void (proxy.fault = () => undefined));

afterAll(async () => {
  await closeBrowser();
  await proxy[Symbol.asyncDispose]();
  await agent.stop();
});

/** Opens a profile whose pages have no shared workers, so that each tab's held request follows the clock of the tab. */
async function openProfileWithoutWorkers(): Promise<BrowserContext> {
  const profile = await openProfile();
  await profile.addInitScript("delete globalThis.SharedWorker");
  return profile;
}

const isHeld = (path: string): boolean => path.includes("praetor/changes") && path.includes("index=");

/** Number of requests below v1 that the proxy has seen. */
const requests = (): number => proxy.asked.filter((path) => path.startsWith("/v1/")).length;

async function heapOf(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize;
}

describe("a tab that is open for 24 hours", () => {
  test("holds one request at a time, reads only what moved, and keeps its heap", async () => {
    const profile = await openProfileWithoutWorkers();
    // The proxy answers at once, as the agent does after 55 seconds: these answers are those of a day. Each hour a topic moves.
    const [answersOfDay, answersOfHour] = [1_571, 65];
    const settled = Promise.withResolvers<void>();
    let answers = 0;
    let heldMax = 0;
    let held = 0;
    proxy.fault = (path) => {
      if (!isHeld(path)) return undefined;
      answers += 1;
      heldMax = Math.max(heldMax, (held += 1));
      const index = 1_000_000 + Math.floor(answers / answersOfHour);
      const isPast = answers >= answersOfDay;
      const json = (isPast ? settled.promise : Promise.resolve()).then(() => {
        held -= 1;
        return { Index: index, Topics: { health: index, services: index } };
      });
      return { json, index };
    };
    const { page } = await openPageIn(profile, `${proxy.url}/ui/services`);
    await page.getByText("300 degrees").waitFor();
    await within(60_000, () => Promise.resolve(expect(answers).toBeGreaterThan(answersOfHour * 2)));
    const heap = await heapOf(page);
    await within(60_000, () => Promise.resolve(expect(answers).toBe(answersOfDay)));
    expect(heldMax).toBe(1);
    const reads = proxy.asked.filter((path) => path.startsWith("/v1/") && !path.includes("praetor/changes")).length;
    expect(reads).toBeLessThan(10 * 25);
    expect(await heapOf(page)).toBeLessThan(heap * 1.5);
    expect(await page.locator(".service-row").count()).toBe(4);
    settled.resolve();
    proxy.fault = () => undefined;
    await profile.close();
  });

  test("asks for nothing in an hour in which nothing changes", async () => {
    const profile = await openProfile();
    const { page } = await openPageIn(profile, `${proxy.url}/ui/services`);
    await page.clock.install();
    await connected(page, "held");
    await page.getByText("300 degrees").waitFor();
    await within(10_000, () => Promise.resolve(expect(proxy.asked.some(isHeld)).toBe(true)));
    const before = requests();
    await page.clock.fastForward(3_600_000);
    await page.clock.runFor(1_000);
    // The worker's time goes on as the clock of the machine does, so its one held request may have been asked again.
    expect(requests() - before).toBeLessThanOrEqual(2);
    await profile.close();
  });
});

describe("without shared workers", () => {
  const isConnected = (page: Page): Promise<boolean> => page.locator('[data-connection="held"]').isVisible();

  /** Makes a page hidden or visible to its scripts: Chromium without windows shows all pages. */
  const show = (page: Page, state: "visible" | "hidden"): Promise<unknown> =>
    page.evaluate(`
      Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    `);

  const holders = async (pages: readonly Page[]): Promise<readonly Page[]> => {
    const held = await Promise.all(pages.map(isConnected));
    return pages.filter((_page, at) => held[at]);
  };

  test("one of two tabs holds the request, and the other takes over when it is closed", async () => {
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
    const profile = await openProfileWithoutWorkers();
    const pages: Page[] = [];
    for (const path of ["services", "nodes"]) pages.push((await openPageIn(profile, `${proxy.url}/ui/${path}`)).page);
    await pages[1]?.getByText("node1").first().waitFor();
    await within(10_000, async () => expect(await holders(pages)).toHaveLength(1));
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
    const [holder] = await holders(pages);
    const other = pages.find((page) => page !== holder) ?? expect.unreachable();
    await holder?.close();
    await connected(other, "held");
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
    await profile.close();
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
  });

  test("a hidden tab neither holds the request nor takes it over, and asks for it again when it is seen", async () => {
    const profile = await openProfileWithoutWorkers();
    const [first, second] = [
      (await openPageIn(profile, `${proxy.url}/ui/services`)).page,
      (await openPageIn(profile, `${proxy.url}/ui/nodes`)).page,
    ];
    await connected(first, "held");
    await show(second, "hidden");
    await show(first, "hidden");
    await connected(first, "released");
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
    expect(await holders([first, second])).toEqual([]);
    await show(second, "visible");
    await connected(second, "held");
    await show(first, "visible");
    await show(second, "hidden");
    await connected(first, "held");
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
    await profile.close();
  });
});

test("three tabs share one held request, which the last that is closed takes with it", async () => {
  await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
  const profile = await openProfile();
  const tabs = [];
  for (const path of ["services", "nodes", ""]) tabs.push(await openPageIn(profile, `${proxy.url}/ui/${path}`));
  for (const { page } of tabs) await connected(page, "held");
  await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
  for (const { page } of tabs.slice(0, 2)) await page.close();
  await connected(tabs[2]?.page ?? expect.unreachable(), "held");
  await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
  await profile.close();
  await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
});
