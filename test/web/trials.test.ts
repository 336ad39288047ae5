import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { KvTrialJson } from "../../src/wire/kv-trial.ts";
import { closeBrowser, connected, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";

let agent: Target;

beforeAll(async () => {
  agent = await startTarget("-ui");
  const Check = { CheckID: "oven-ttl", TTL: "24h", Status: "passing" };
  await put("/v1/agent/service/register", { Name: "oven", Check });
  await put("/v1/kv/app/rate", "10");
});
afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

async function put(path: string, body?: unknown): Promise<string> {
  const { status, text } = await exchange(agent.url, "PUT", { path, body });
  expect({ status, text }).toMatchObject({ status: 200 });
  return text;
}

async function rate(): Promise<string> {
  return (await exchange(agent.url, "GET", { path: "/v1/kv/app/rate?raw" })).text;
}

async function start(value: string, more: object = {}): Promise<KvTrialJson> {
  const Changes = [{ Key: "app/rate", Value: btoa(value) }];
  return JSON.parse(
    await put("/v1/praetor/kv-trial", { Changes, Services: ["oven"], For: "1h", ...more }),
  ) as KvTrialJson;
}

function open(path: string): ReturnType<typeof openPage> {
  return openPage(`${agent.url}/ui/${path}`);
}

test("an agent without any trial is not asked for the list", async () => {
  for (const path of ["", "keys/"]) {
    await using opened = await open(path);
    const { page } = opened;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.reload();
    await connected(page, "held");
    await page.getByRole("heading", { level: 1 }).waitFor();
    await put("/v1/kv/app/other", "1");
    expect(asked.some((url) => url.includes("/v1/"))).toBe(true);
    expect(asked.filter((url) => url.includes("kv-trial"))).toEqual([]);
  }
});

describe("a change on trial", () => {
  test.each(["", "keys/", "keys/app/rate"])(
    "is shown on the screen %j with the clock, and undone there",
    async (path) => {
      await using opened = await open(path);
      const { page } = opened;
      await connected(page, "held");
      await start("20");
      const shown = page.getByRole("region", { name: "Changes on trial" });
      await shown.getByText(/app\/rate on trial, by .*In \d+ min: it is kept if all pass\./).waitFor();
      await shown.getByText("passing oven").waitFor();
      expect(await shown.getByRole("button").allTextContents()).toEqual(["Undo"]);
      await shown.getByRole("button", { name: "Undo" }).click();
      await shown.waitFor({ state: "detached" });
      expect(await rate()).toBe("10");
      expect(opened.faults()).toEqual([]);
    },
  );

  test("that needs a yes has a button for it, and goes when its service fails", async () => {
    await using opened = await open("");
    const { page } = opened;
    const shown = page.getByRole("region", { name: "Changes on trial" });
    await start("30", { Confirm: true });
    await shown.getByText("it is undone unless you keep it").waitFor();
    await shown.getByRole("button", { name: "Keep" }).click();
    await shown.waitFor({ state: "detached" });
    expect(await rate()).toBe("30");
    await start("40");
    await shown.waitFor();
    await put("/v1/agent/check/fail/oven-ttl");
    await shown.waitFor({ state: "detached" });
    expect(await rate()).toBe("30");
    await put("/v1/agent/check/pass/oven-ttl");
    expect(opened.faults()).toEqual([]);
  });

  test("that ended while the page showed it tells why the button does nothing", async () => {
    const { ID } = await start("50", { Confirm: true });
    await using opened = await open("");
    const { page } = opened;
    const shown = page.getByRole("region", { name: "Changes on trial" });
    await shown.waitFor();
    await page.locator("button.live").click();
    await put(`/v1/praetor/kv-trial-confirm/${ID}`);
    await shown.getByRole("button", { name: "Undo" }).click();
    await shown.getByText("the trial has ended, and was kept: it was confirmed").waitFor();
    expect(await rate()).toBe("50");
  });
});
