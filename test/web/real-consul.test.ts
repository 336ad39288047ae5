import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { closeBrowser, connected, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { programOf, startTarget, startTargetAs, type Target } from "../support/target.ts";
import { openWebProxy, type WebProxy } from "../support/web-proxy.ts";

const [binary = ""] = programOf("consul");
const skipped = existsSync(binary) ? "" : ` (skipped: there is no ${binary}; CONSUL_BINARY names another)`;

describe.skipIf(skipped !== "")(`the page before a real Consul${skipped}`, () => {
  let praetor: Target;
  let consul: Target;
  let proxy: WebProxy;

  beforeAll(async () => {
    praetor = await startTarget("-ui");
    consul = await startTargetAs(undefined, [], "consul");
    proxy = openWebProxy(praetor.url, "", consul.url);
    const body = { Name: "oven", Port: 80, Check: { CheckID: "oven", TTL: "1h", Status: "passing" } };
    await exchange(consul.url, "PUT", { path: "/v1/agent/service/register", body });
    await exchange(consul.url, "PUT", { path: "/v1/agent/check/fail/oven?note=300%20degrees" });
    await exchange(consul.url, "PUT", { path: "/v1/session/create", body: { Name: "lock of the line" } });
  });

  afterAll(async () => {
    await closeBrowser();
    await proxy[Symbol.asyncDispose]();
    await consul.stop();
    await praetor.stop();
  });

  test("shows services, a service, nodes, sessions and the agent, and follows changes", async () => {
    await using opened = await openPage(`${proxy.url}/ui/services`);
    const { page } = opened;
    await page.getByText("300 degrees").waitFor();
    await connected(page, "held");
    // Consul puts a new output without a new status off for minutes.
    await exchange(consul.url, "PUT", { path: "/v1/agent/check/warn/oven?note=400%20degrees" });
    await page.getByText("400 degrees").waitFor();
    for (const [path, text] of [
      ["", "1 of 2 services is in warning"],
      ["services/oven", "400 degrees"],
      ["nodes", "node1"],
      ["sessions", "lock of the line"],
      ["agent", "the API of Consul 1.8.7"],
    ] as const) {
      await page.goto(`${proxy.url}/ui/${path}`);
      await page.locator("main").getByText(text).first().waitFor();
    }
    expect(opened.faults()).toEqual([]);
  });

  test("takes an instance out of use, and saves a snapshot", async () => {
    await using opened = await openPage(`${proxy.url}/ui/services/oven`);
    const { page } = opened;
    await page.getByRole("button", { name: "Maintenance", exact: true }).click();
    await page.getByLabel("Reason").fill("new door");
    await page.getByRole("button", { name: "Take oven out of use" }).click();
    await page.getByText("In maintenance: new door").waitFor();
    await page.goto(`${proxy.url}/ui/agent`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save a snapshot" }).click(),
    ]);
    expect(Bun.file(await download.path()).size).toBeGreaterThan(0);
  });

  test.each(["doctor", "ports", "metrics", "log"])(
    "says on the screen %s that only Praetor has its data",
    async (path) => {
      await using opened = await openPage(`${proxy.url}/ui/${path}`);
      await opened.page.getByText("only Praetor has these data").waitFor();
      expect(opened.faults()).toEqual([]);
    },
  );
});
