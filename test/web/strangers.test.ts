import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { closeBrowser, connected, inState, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";

let agent: Target;
let port: string;

beforeAll(async () => {
  agent = await startTarget(
    ...["-ui", "-hcl", 'ui_config { read_only = true } http_config { allowed_hosts = ["gateway-7.example"] }'],
  );
  port = new URL(agent.url).port;
  await exchange(agent.url, "PUT", { path: "/v1/kv/a", body: "secret words" });
  const body = { Name: "web", Check: { CheckID: "web", TTL: "1h", Status: "passing" } };
  await exchange(agent.url, "PUT", { path: "/v1/agent/service/register", body });
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

/** Returns the status and text of a request that a script of the page sends; "none" if it gets no answer. */
function asked(page: Page, path: string, init: object = {}): Promise<unknown> {
  const send = `fetch(${JSON.stringify(path)}, ${JSON.stringify(init)})`;
  return page.evaluate(`${send}.then(async (a) => [a.status, await a.text()], () => "none")`);
}

describe("without access control a stranger's page whose name leads to the agent", () => {
  /** Opens a page of a stranger's server; the name leads to the agent for all that the page then asks for. */
  const openStranger = async (name: string) => {
    const opened = await openPage("about:blank");
    const url = `http://${name}:${port}/attack`;
    await opened.page.route(url, (route) => route.fulfill({ contentType: "text/html", body: "<p>hello</p>" }));
    await opened.page.goto(url);
    return opened;
  };

  test("reads nothing and writes nothing, whatever headers it sends", async () => {
    await using opened = await openStranger("evil.example");
    const { page } = opened;
    const refused = [403, expect.stringContaining("http_config.allowed_hosts")];
    for (const headers of [
      {},
      { "Accept-Language": "*", "User-Agent": "node" },
      { "Accept-Language": "", "X-Consul-Token": "x", "Sec-Fetch-Mode": "cors" },
    ]) {
      expect(await asked(page, "/v1/kv/?recurse", { headers })).toEqual(refused);
      expect(await asked(page, "/v1/kv/b", { headers, method: "PUT", body: "x" })).toEqual(refused);
    }
    expect(await asked(page, "/ui/")).toEqual(refused);
    // Requests of a page that are no fetch: a frame, and a beacon.
    await page.evaluate(`navigator.sendBeacon("/v1/acl/login", "{}")`);
    const frame = await page.evaluate(`new Promise((resolve) => {
      const frame = document.createElement("iframe");
      frame.src = "/v1/kv/a?raw";
      frame.onload = () => resolve(frame.contentDocument?.body.textContent ?? "");
      document.body.append(frame);
    })`);
    expect(frame).not.toContain("secret words");
    expect((await exchange(agent.url, "GET", { path: "/v1/kv/b" })).status).toBe(404);
  });

  test("cannot write through the agent's true address either, nor read there", async () => {
    await using opened = await openStranger("evil.example");
    expect(await asked(opened.page, `${agent.url}/v1/kv/a?raw`)).toBe("none");
    expect(await asked(opened.page, `${agent.url}/v1/kv/b`, { method: "PUT", body: "x" })).toBe("none");
    expect((await exchange(agent.url, "GET", { path: "/v1/kv/b" })).status).toBe(404);
  });

  test("is the agent's own if its name is in allowed_hosts", async () => {
    await using opened = await openPage(`http://gateway-7.example:${port}/ui/services`);
    await opened.page.getByText("2 services").waitFor();
    await connected(opened.page, "held");
    expect(await asked(opened.page, "/v1/kv/a?raw")).toEqual([200, "secret words"]);
  });
});

const names = ["evil.example", "consul.service.plant.example:8500", "127.0.0.1:1"];
const python = `import sys,urllib.request as u
print(u.urlopen(u.Request(sys.argv[1], headers={"Host": sys.argv[2]})).read().decode())`;
const node = "fetch(process.argv[1], { headers: { host: process.argv[2] } }).then((a) => a.text()).then(console.log)";

describe("a program that is no browser may use any name, and may write", () => {
  test.each([
    ["curl", (url, host) => ["curl", "-s", "-H", `Host: ${host}`, url]],
    ["python3", (url, host) => ["python3", "-c", python, url, host]],
    ["node", (url, host) => ["node", "-e", node, url, host]],
    ["bun", (url, host) => [process.execPath, "-e", node, url, host]],
  ] satisfies [string, (url: string, host: string) => string[]][])("%s", async (program, command) => {
    if (program !== "bun" && Bun.which(program) === null) return;
    for (const name of names) {
      const run = Bun.spawn(command(`${agent.url}/v1/kv/a?raw`, name), { stdout: "pipe" });
      expect((await new Response(run.stdout).text()).trim()).toBe("secret words");
    }
    expect((await exchange(agent.url, "PUT", { path: "/v1/kv/c", body: "x" })).status).toBe(200);
  });
});

describe("with ui_config.read_only", () => {
  test("the page shows a lock and no button that writes, and the agent refuses what a page writes all the same", async () => {
    await using opened = await openPage(`${agent.url}/ui/services/web`);
    const { page } = opened;
    await page.locator(".card").waitFor();
    await inState(page, "read-only");
    expect(await page.getByRole("button", { name: "Maintenance" }).count()).toBe(0);
    const answer = [403, expect.stringContaining("ui_config")];
    expect(await asked(page, "/v1/kv/b", { method: "PUT", body: "x" })).toEqual(answer);
    expect(await asked(page, "/v1/kv/a", { method: "DELETE" })).toEqual(answer);
    await page.goto(`${agent.url}/ui/agent`);
    await page.getByRole("button", { name: "Save a snapshot" }).waitFor();
    expect(await page.getByRole("button", { name: /Restore|Reload/ }).count()).toBe(0);
    expect((await exchange(agent.url, "GET", { path: "/v1/kv/a?raw" })).text).toBe("secret words");
  });

  test("the keys are shown with the beginnings of their values, exported, and not changed", async () => {
    for (const name of ["plant/speed", "plant/odd//name", "plant/line/1"])
      await exchange(agent.url, "PUT", { path: `/v1/kv/${encodeURIComponent(name)}`, body: `value of ${name}` });
    const writing = { name: /^(?:New key|Import|Copy to…|Move to…|Delete|Delete selected|Edit|Create it)$/ };
    await using opened = await openPage(`${agent.url}/ui/keys/plant/`);
    const { page } = opened;
    await page.locator(".preview").getByText("value of plant/speed").waitFor();
    await page.getByRole("button", { name: "Export", exact: true }).waitFor();
    await page.getByLabel("Select speed").check();
    const [selected] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Export selected" }).click(),
    ]);
    expect(await Bun.file(await selected.path()).json()).toMatchObject([{ key: "plant/speed" }]);
    expect(await page.getByRole("button", writing).count()).toBe(0);

    await page.goto(`${agent.url}/ui/keys/${encodeURIComponent("plant/odd//")}`);
    await page.locator(".preview").getByText("value of plant/odd//name").waitFor();

    await page.goto(`${agent.url}/ui/keys/plant/speed?edit=1`);
    await page.getByLabel("Value", { exact: true }).getByText("value of plant/speed").waitFor();
    for (const key of ["e", "Delete"]) await page.keyboard.press(key);
    expect(await page.locator("textarea, dialog").count()).toBe(0);
    expect(await page.getByRole("button", writing).count()).toBe(0);
    await exchange(agent.url, "DELETE", { path: "/v1/kv/plant/speed" });
    await inState(page, "gone");
    expect(await page.getByRole("button", { name: "Restore" }).count()).toBe(0);
    await page.goto(`${agent.url}/ui/keys/plant/no-such-key`);
    await inState(page, "gone");
    expect(await page.getByRole("button", writing).count()).toBe(0);
    expect(opened.faults()).toEqual([]);
  });
});
