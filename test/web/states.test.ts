import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { closeBrowser, connected, inState, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";
import { openWebProxy, type WebProxy } from "../support/web-proxy.ts";
import { within } from "../support/within.ts";

let agent: Target;
let proxy: WebProxy;

const services = "v1/internal/ui/services";

beforeAll(async () => {
  agent = await startTarget("-ui");
  proxy = openWebProxy(agent.url);
  const body = { Name: "web", Check: { CheckID: "web", TTL: "1h", Status: "passing" } };
  await exchange(agent.url, "PUT", { path: "/v1/agent/service/register", body });
});

afterEach(() => void (proxy.fault = () => undefined));

afterAll(async () => {
  await closeBrowser();
  await proxy[Symbol.asyncDispose]();
  await agent.stop();
});

describe("a screen", () => {
  test("keeps its data while the agent does not answer, says so, and is live again by itself", async () => {
    await using opened = await openPage(`${proxy.url}/ui/services`);
    const { page } = opened;
    await page.getByText("2 services").waitFor();
    await connected(page, "held");
    await proxy.cut();
    await inState(page, "offline");
    await connected(page, "lost");
    expect(await page.getByText("No answer from").textContent()).toContain("What you see is from");
    expect(await page.locator(".service-row").count()).toBe(2);
    expect(await page.title()).toStartWith("no answer");
    proxy.mend();
    await connected(page, "held");
    await page.locator('[data-state="offline"]').waitFor({ state: "detached" });
  });

  test("shows the agent's own sentence when it refuses, and reads again", async () => {
    const text = "disk full: the store accepts no writes until there is space on /var/lib/praetor";
    let isFull = true;
    proxy.fault = (path) => (isFull && path.includes(services) ? { status: 500, text } : undefined);
    await using opened = await openPage(`${proxy.url}/ui/services`);
    await inState(opened.page, "refused");
    await opened.page.getByText(text).waitFor();
    isFull = false;
    await opened.page.getByText("2 services").waitFor();
  });

  test("says what is denied, and sends the token of the login as a header only", async () => {
    proxy.fault = (path) => (path.includes(services) ? { status: 403, text: "Permission denied" } : undefined);
    await using opened = await openPage(`${proxy.url}/ui/services`);
    const { page } = opened;
    await inState(page, "denied");
    await page.getByText("Not allowed: Permission denied").waitFor();
    await page.locator('[data-state="denied"]').getByRole("button", { name: "Log in" }).click();
    await page.getByLabel("Token").fill("5f3f8f6c-secret");
    proxy.fault = () => undefined;
    const sent = page.waitForRequest((request) => request.headers()["x-consul-token"] === "5f3f8f6c-secret");
    await page.getByRole("button", { name: "Log in", exact: true }).last().click();
    await sent;
    await page.getByText("2 services").waitFor();
    expect(proxy.asked.filter((path) => path.includes("secret"))).toEqual([]);
    expect(await page.context().cookies()).toEqual([]);
    await page.getByRole("button", { name: "Log out" }).waitFor();
  });

  test("reads everything anew, and says once that the agent restarted, when its index falls", async () => {
    let index = 1_000_000;
    proxy.fault = (path) => (path.includes("v1/praetor/changes") ? { index } : undefined);
    await using opened = await openPage(`${proxy.url}/ui/services`);
    await connected(opened.page, "held");
    index = 20;
    await exchange(agent.url, "PUT", { path: "/v1/agent/check/warn/web" });
    await exchange(agent.url, "PUT", { path: "/v1/agent/check/pass/web" });
    await inState(opened.page, "restarted");
    await opened.page.getByRole("button", { name: "OK" }).click();
    await opened.page.locator('[data-state="restarted"]').waitFor({ state: "detached" });
  });

  test("is stale while the user pauses updates, and live again when the user goes on", async () => {
    await using opened = await openPage(`${proxy.url}/ui/services`);
    await connected(opened.page, "held");
    await opened.page.locator("[data-connection]").click();
    await connected(opened.page, "released");
    await opened.page.locator("[data-connection]").click();
    await connected(opened.page, "held");
  });
});

describe("the held request", () => {
  test("is one for all tabs of a browser, and ends with them", async () => {
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
    const opened = await openPage(`${proxy.url}/ui/services`, {});
    await connected(opened.page, "held");
    const second = await opened.page.context().newPage();
    await second.goto(`${proxy.url}/ui/services`);
    await connected(second, "held");
    await second.getByText("2 services").waitFor();
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(1)));
    await opened[Symbol.asyncDispose]();
    await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
  });

  test("asks for changes, and a topic that moves is read again", async () => {
    const moved = Promise.withResolvers<unknown>();
    let index = 17;
    proxy.fault = (path) => {
      if (!path.startsWith("/v1/praetor/changes?")) return undefined;
      const isHeld = path.includes(`index=${index}&`);
      return isHeld
        ? { json: moved.promise, index: 9_999 }
        : { json: { Index: index, Topics: { health: index } }, index };
    };
    await using opened = await openPage(`${proxy.url}/ui/services/web`);
    await connected(opened.page, "held");
    await opened.page.locator(".card").waitFor();
    const reads = (): number => proxy.asked.filter((path) => path === "/v1/health/service/web?since").length;
    await within(10_000, () =>
      Promise.resolve(expect(proxy.asked.some((path) => path.endsWith("index=17&wait=55s"))).toBe(true)),
    );
    const before = reads();
    index = 9_999;
    moved.resolve({ Index: index, Topics: { health: index } });
    await within(10_000, () => Promise.resolve(expect(reads()).toBeGreaterThan(before)));
    expect(proxy.asked.some((path) => path.startsWith("/v1/health/service/web?since&index="))).toBe(false);
  });

  test.each(["", "services", "services/web", "keys", "nodes", "sessions", "ports", "metrics", "agent", "doctor"])(
    "blocks on a read of the catalog on the screen /%s when the agent is a Consul",
    async (screen) => {
      proxy.fault = (path) => (path.startsWith("/v1/praetor/") ? { status: 404, text: "" } : undefined);
      // The last request of an earlier page may still come.
      await within(10_000, () => Promise.resolve(expect(proxy.open()).toBe(0)));
      const before = proxy.asked.length;
      await using opened = await openPage(`${proxy.url}/ui/${screen}`, {});
      await connected(opened.page, "held");
      const blocking = (): readonly string[] => proxy.asked.slice(before).filter((path) => path.includes("&wait=55s"));
      await within(10_000, () => Promise.resolve(expect(blocking()).not.toEqual([])));
      expect(blocking().filter((path) => /^\/v1\/(agent|praetor)\//.test(path))).toEqual([]);
      expect(opened.faults()).toEqual([]);
    },
  );
});
