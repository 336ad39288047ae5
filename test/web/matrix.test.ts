import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import {
  closeBrowser,
  connected,
  inState,
  type OpenPage,
  openPageIn,
  openProfile,
  pageWidthIn,
} from "../support/browser.ts";
import { furnish, startFurnishedAgent } from "../support/furnished-agent.ts";
import type { Target } from "../support/target.ts";
import { openWebProxy, type WebFault, type WebProxy } from "../support/web-proxy.ts";
import { testedScreens } from "../support/web-screens.ts";
import { within } from "../support/within.ts";

/*
 * Every screen of the table in each state that an agent and the way to it can cause, in both themes and at three widths. Each screen
 * has a tab of its own for the whole file, and a state is caused in all of them at once.
 */

let agent: Target;
let proxy: WebProxy;
/** The tabs by the screen's path. */
const tabs = new Map<string, OpenPage>();

const themes = ["light", "dark"] as const;
const widths = [360, 768, 1280] as const;
const text = "disk full: the store accepts no writes until there is space on /var/lib/praetor";

/** The rights that screens name in place of the agent's "Permission denied", by the screen's path. */
const rights: Readonly<Record<string, string>> = {
  keys: "key:list",
  "keys/edgex/": "key:list on edgex/",
  "keys/edgex/core/2.0/device-virtual/Writable/LogLevel": "key:read on edgex/core/2.0/device-virtual/Writable/LogLevel",
  agent: "agent:read",
};

/** Returns the sentence of a denied screen by its path. */
const denial = (path: string): string => `Not allowed: ${rights[path] ?? "Permission denied"}`;

beforeAll(async () => {
  agent = await startFurnishedAgent();
  proxy = openWebProxy(agent.url);
  const profile = await openProfile();
  for (const { path } of await testedScreens()) {
    const opened = await openPageIn(profile, `${proxy.url}/ui/${path}`);
    // The time of the tab goes on by itself, and faster when a test wants it.
    await opened.page.clock.install();
    tabs.set(path, opened);
  }
});

afterEach(() => {
  proxy.fault = () => undefined;
});

afterAll(async () => {
  await closeBrowser();
  await proxy[Symbol.asyncDispose]();
  await agent.stop();
});

/** Does the same in each tab, and names the screens in which it failed. */
async function inEachTab(action: (page: Page, path: string) => Promise<void>): Promise<void> {
  const failed: string[] = [];
  await Promise.all(
    [...tabs].map(([path, { page }]) =>
      action(page, path).catch((error: unknown) => failed.push(`/${path}: ${String(error)}`)),
    ),
  );
  expect(failed).toEqual([]);
}

/** Expects that no screen scrolls sideways, whatever the theme and width, and that no script failed. */
async function expectToFit(): Promise<void> {
  const wide: string[] = [];
  await inEachTab(async (page, path) => {
    for (const theme of themes) {
      await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
      for (const width of widths) {
        const found = await pageWidthIn(page, width);
        if (found > width) wide.push(`/${path} in ${theme} at ${width} px is ${found} px wide`);
      }
    }
  });
  expect(wide).toEqual([]);
  expect([...tabs.values()].flatMap(({ faults }) => faults())).toEqual([]);
}

/** Counts the elements of a screen's data, without its title, its bar, and the drawings inside charts. */
const countData = `[...document.querySelectorAll("main *")].filter((each) => !each.closest(".bar, .head, svg *")).length`;

async function countsOfData(): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  await inEachTab(async (page, path) => void counts.set(path, await page.evaluate<number>(countData)));
  return counts;
}

/** Expects that each screen shows at least as much as before. The doctor's findings come and go with the machine's load. */
async function expectNothingEmptied(before: ReadonlyMap<string, number>): Promise<void> {
  await inEachTab(async (page, path) => {
    const least = path === "doctor" ? 1 : (before.get(path) ?? 0);
    expect(await page.evaluate<number>(countData)).toBeGreaterThanOrEqual(least);
  });
}

/** Resolves when no screen has a bar, and all are live. */
async function allLive(): Promise<void> {
  await inEachTab(async (page) => {
    await connected(page, "held");
    await page.locator("main h1").waitFor();
    await page.locator("main .bar").waitFor({ state: "detached" });
  });
}

/** Asks for the data of every screen again. */
async function refreshAll(): Promise<void> {
  await inEachTab((page) => page.keyboard.press("r"));
}

/** Leaves each screen and comes back to it, so that it has no data. */
async function leaveAndReturn(): Promise<void> {
  const goTo = (address: string): string =>
    `history.pushState(null, "", ${JSON.stringify(address)}); dispatchEvent(new PopStateEvent("popstate"))`;
  await inEachTab(async (page) => {
    await page.evaluate(goTo("/ui/no-such-screen"));
    await page.getByText("There is no screen at").waitFor();
  });
  await inEachTab((page, path) => page.evaluate<void>(goTo(`/ui/${path}`)));
}

/** Makes the fault for all reads, but not for the held request. */
function failReads(fault: WebFault): void {
  proxy.fault = (path) => (path.startsWith("/v1/") && !path.includes("praetor/changes") ? fault : undefined);
}

describe("every screen", () => {
  test("shows its data while it is live", async () => {
    await allLive();
    for (const [path, count] of await countsOfData()) expect([path, count > 0]).toEqual([path, true]);
    await expectToFit();
  });

  test("says whom it asks while it is loading, and is live when the answer comes", async () => {
    const answered = Promise.withResolvers<void>();
    failReads({ until: answered.promise });
    await leaveAndReturn();
    await inEachTab(async (page, path) => {
      // The shell has the data of the agent's screen, which is never without.
      if (path === "agent") return;
      await inState(page, "loading");
      await page.clock.fastForward(3_000);
      await page.getByText("Asking ").waitFor();
      expect(await page.locator('[data-state="loading"]').getAttribute("aria-busy")).toBe("true");
    });
    await expectToFit();
    answered.resolve();
    await allLive();
  });

  test.each([
    ["refused", { status: 500, text }, () => text],
    ["denied", { status: 403, text: "Permission denied" }, denial],
    ["gone", { status: 404, text: "no such thing" }, () => "no such thing"],
    ["offline", { status: 502, text: "bad gateway" }, () => "No answer from node1"],
  ] as const)("keeps its data while it is %s, says so, and heals", async (state, fault, sentenceAt) => {
    const before = await countsOfData();
    failReads(fault);
    await refreshAll();
    await inEachTab(async (page, path) => {
      await inState(page, state);
      await page.locator(`[data-state="${state}"]`).getByText(sentenceAt(path)).waitFor();
    });
    await expectNothingEmptied(before);
    await expectToFit();
    proxy.fault = () => undefined;
    await refreshAll();
    await allLive();
  });

  test.each([
    ["refused", { status: 500, text }, () => text],
    ["denied", { status: 403, text: "Permission denied" }, denial],
  ] as const)("says that it is %s when it has no data yet, and heals", async (state, fault, sentenceAt) => {
    failReads(fault);
    await leaveAndReturn();
    await inEachTab((page, path) => page.locator(`[data-state="${state}"]`).getByText(sentenceAt(path)).waitFor());
    await expectToFit();
    proxy.fault = () => undefined;
    await refreshAll();
    await allLive();
  });

  test("keeps its data while all connections are cut, and all tabs are live again by one held request", async () => {
    const before = await countsOfData();
    await proxy.cut();
    await inEachTab(async (page) => {
      await inState(page, "offline");
      await page.getByText("What you see is from").waitFor();
    });
    await expectNothingEmptied(before);
    await expectToFit();
    proxy.mend();
    await allLive();
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
  });

  test("is stale while updates are paused, with the age of its data", async () => {
    const before = await countsOfData();
    await inEachTab(async (page) => {
      await page.locator("[data-connection]").click();
      await connected(page, "released");
      await page.clock.fastForward(30_000);
      await inState(page, "stale");
      await page.getByText(/^As of \d\d:\d\d:\d\d \(.+ old\)/).waitFor();
    });
    await expectNothingEmptied(before);
    await expectToFit();
    await inEachTab((page) => page.locator("[data-connection]").click());
    await allLive();
  });

  test("says once that the agent restarted when its index falls, and reads all anew", async () => {
    const asked = proxy.asked.length;
    let index = 1_000_000;
    proxy.fault = (path) => (path.includes("praetor/changes") ? { index } : undefined);
    // The held request ends with the restart; the next one gets the high index, and waits.
    await agent.restart("SIGKILL");
    const held = (): readonly string[] => proxy.asked.slice(asked).filter((path) => path.includes("index=1000000"));
    await within(10_000, () => Promise.resolve(expect(held()).not.toEqual([])));
    index = 3;
    await furnish(agent.url);
    await inEachTab((page) => inState(page, "restarted"));
    await expectToFit();
    expect(proxy.asked.slice(asked).length).toBeGreaterThan(tabs.size);
    proxy.fault = () => undefined;
    await inEachTab(async (page) => {
      await page.getByRole("button", { name: "OK" }).click();
      await page.locator('[data-state="restarted"]').waitFor({ state: "detached" });
    });
    await allLive();
    // A new process has a new log and new metrics, so the screens may show less than before, but not nothing.
    for (const [path, count] of await countsOfData()) expect([path, count > 0]).toEqual([path, true]);
  });
});
