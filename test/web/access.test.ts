import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { closeBrowser, focusedOn, inState, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTargetAs, type Target } from "../support/target.ts";
import { openWebProxy } from "../support/web-proxy.ts";
import { within } from "../support/within.ts";

const master = "6f1c2c1e-0000-4000-8000-00000000cafe";
const password = "four words and a number 7";
let agent: Target;

beforeAll(async () => {
  // The agent lends programs a token that may do everything.
  const acl = `acl { enabled = true, default_policy = "deny", tokens { master = "${master}", default = "${master}" } }`;
  agent = await startTargetAs(master, ["-ui", "-hcl", acl]);
  await put("/v1/agent/service/register", { Name: "web", Check: { CheckID: "web", TTL: "1h", Status: "passing" } });
  await put("/v1/kv/line3/speed", "7");
  await put("/v1/acl/auth-method", { Name: "people", Type: "userpass", MaxTokenTTL: "50m" });
  const Rules = `service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }
    key_prefix "line3/" { policy = "write" } agent_prefix "" { policy = "read" } session_prefix "" { policy = "read" }`;
  await put("/v1/acl/policy", { Name: "look", Rules });
  await put("/v1/acl/role", { Name: "lookers", Policies: [{ Name: "look" }] });
  await put("/v1/acl/binding-rule", { AuthMethod: "people", BindType: "role", BindName: "lookers" });
  for (const name of ["anna", "berta"]) await setPassword(name);
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

async function put(path: string, body: unknown): Promise<void> {
  const { status, text } = await exchange(agent.url, "PUT", { path, body, headers: { "X-Consul-Token": master } });
  expect({ path, status, text }).toMatchObject({ status: 200 });
}

/** Adds a user, or ends the tokens of its logins. */
function setPassword(name: string): Promise<void> {
  return put("/v1/praetor/acl/user", { AuthMethod: "people", Name: name, Password: password });
}

/** Returns the status of a request that a script of the page sends, or "none" if it gets no answer. */
function asked(page: Page, path: string, init: object = {}): Promise<unknown> {
  return page.evaluate(`fetch(${JSON.stringify(path)}, ${JSON.stringify(init)}).then((a) => a.status, () => "none")`);
}

async function openLogin(page: Page): Promise<void> {
  await page.locator("header button.login").click();
  await page.getByRole("dialog").waitFor();
}

/** Logs in by name and password; the agent does not tell its auth methods to a page without a token. */
async function logIn(page: Page, name: string, secret: string, stay = false): Promise<void> {
  await openLogin(page);
  const other = page.getByRole("button", { name: "Use a name and a password" });
  await page.getByLabel(/^(Token|Name)$/).waitFor();
  if (await other.isVisible()) await other.click();
  await page.getByLabel("Auth method").fill("people");
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill(secret);
  if (stay) await page.getByLabel("Stay logged in").check();
  await page.locator('dialog button[type="submit"]').click();
}

async function logInByToken(page: Page, secret: string): Promise<void> {
  await openLogin(page);
  await page.getByLabel("Token", { exact: true }).fill(secret);
  await page.locator('dialog button[type="submit"]').click();
}

describe("a page without a login", () => {
  // Chromium names the page's origin in no header over HTTP under a name, and more on this machine's own address.
  test.each(["127.0.0.1", "gateway-7.example"])("has none of the agent's own rights at %s", async (host) => {
    expect((await exchange(agent.url, "GET", { path: "/v1/kv/line3/speed" })).status).toBe(200);
    const url = agent.url.replace("127.0.0.1", host);
    await using opened = await openPage(`${url}/ui/services`);
    const { page } = opened;
    await inState(page, "anonymous");
    expect(await page.getByText("web", { exact: true }).count()).toBe(0);
    expect(await asked(page, "/v1/kv/line3/speed")).toBe(403);
    expect(await asked(page, "/v1/kv/line3/speed", { method: "PUT", body: "8" })).toBe(403);
    expect(await asked(page, "/v1/agent/self")).toBe(403);
    expect(await asked(page, "/v1/praetor/doctor")).toBe(403);
    expect(await asked(page, "/v1/kv/line3/speed", { headers: { "Accept-Language": "*" } })).toBe(403);
    await page.goto(`${url}/ui/plain`);
    await page.getByText("Services (0)").waitFor();
    expect((await exchange(agent.url, "GET", { path: "/v1/kv/line3/speed?raw" })).text).toBe("7");
  });

  test("says at a denied screen which right is missing", async () => {
    await using opened = await openPage(`${agent.url}/ui/agent`);
    await inState(opened.page, "denied");
    await opened.page.getByText("Not allowed: agent:read").waitFor();
  });
});

describe("a login by name and password", () => {
  test("fails in the agent's words, succeeds with the name and the time left, and disables what is not allowed", async () => {
    await using opened = await openPage(`${agent.url}/ui/services/web`);
    const { page } = opened;
    await logIn(page, "anna", "wrong words 1");
    await page.getByRole("dialog").getByRole("alert").filter({ hasText: /\S/ }).waitFor();
    const said = await page.locator("dialog form > .fault").textContent();
    const answer = { AuthMethod: "people", BearerToken: "anna:wrong words 1" };
    expect(said).toBe((await exchange(agent.url, "POST", { path: "/v1/acl/login", body: answer })).text.trim());
    expect(await page.getByLabel("Password").getAttribute("autocomplete")).toBe("current-password");
    expect(await page.getByLabel("Name", { exact: true }).getAttribute("autocomplete")).toBe("username");
    await page.getByLabel("Password").fill(password);
    await page.locator('dialog button[type="submit"]').click();
    await page.getByRole("button", { name: /logged in as anna, (?:50|49) min/ }).waitFor();
    const button = page.getByRole("button", { name: "Maintenance", exact: true });
    await page.getByText("Not allowed: service:write on web").first().waitFor();
    expect(await button.isDisabled()).toBe(true);
    expect(await page.evaluate("JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }])")).toBe(
      JSON.stringify(["", { "praetor-auth-method": "people" }, {}]),
    );
    expect(opened.faults()).toEqual([]);
  });

  test("ends in all tabs that have it, and its token with it", async () => {
    await using opened = await openPage(`${agent.url}/ui/services`);
    const { page } = opened;
    await logIn(page, "anna", password, true);
    await page.getByText("2 services").waitFor();
    const [other] = await Promise.all([page.waitForEvent("popup"), page.evaluate("void open(location.href)")]);
    await other.getByText("2 services").waitFor();
    const kept = String(await page.evaluate('sessionStorage.getItem("praetor-session")'));
    const [, secret = ""] = /"secret":"([^"]+)"/.exec(kept) ?? [];
    const self = { path: "/v1/acl/token/self", headers: { "X-Consul-Token": secret } };
    expect((await exchange(agent.url, "GET", self)).status).toBe(200);
    await openLogin(page);
    await page.getByText("The agent deletes the one that the login made.").waitFor();
    await page.locator("dialog").getByRole("button", { name: "Log out" }).click();
    await inState(other, "anonymous");
    await inState(page, "anonymous");
    await within(10_000, async () => expect((await exchange(agent.url, "GET", self)).status).toBe(403));
    expect(await other.evaluate("sessionStorage.length")).toBe(0);
  });

  test("that has expired leaves the screens denied, and the next one brings them back by themselves", async () => {
    await using opened = await openPage(`${agent.url}/ui/services/web`);
    const { page } = opened;
    await logIn(page, "anna", password);
    await page.locator(".card").waitFor();
    // The end of a user ends the user's tokens as their time does; then the page's clock passes the end.
    await setPassword("anna");
    await page.clock.setSystemTime(Date.now() + 3_600_000);
    await inState(page, "denied");
    await page.getByText("Not allowed: the token has ended").waitFor();
    await page.getByRole("button", { name: "Login ended" }).waitFor();
    await page.clock.setSystemTime(Date.now());
    await logIn(page, "anna", password);
    await page.locator('[data-state="denied"]').waitFor({ state: "detached" });
    await page.locator(".card").waitFor();
    await page.getByRole("button", { name: /logged in as anna/ }).waitFor();
  });

  test("waits as long as the agent wants after too many wrong passwords", async () => {
    await using opened = await openPage(`${agent.url}/ui/`);
    const { page } = opened;
    const said = page.locator("dialog form > .fault");
    await logIn(page, "berta", "wrong words");
    await said.waitFor();
    // The agent counts by the minute, and a minute may end between its refusal and the page's try.
    for (let tries = 0; !(await said.textContent())?.startsWith("Too many"); tries++) {
      const body = { AuthMethod: "people", BearerToken: `berta:wrong words ${tries}` };
      const { status } = await exchange(agent.url, "POST", { path: "/v1/acl/login", body });
      if (status !== 429) continue;
      await page.getByLabel("Password").fill(`wrong words in place of ${tries}`);
      const [answer] = await Promise.all([
        page.waitForResponse((each) => each.url().endsWith("/v1/acl/login")),
        page.locator('dialog button[type="submit"]').click(),
      ]);
      if (answer.status() === 429) break;
    }
    await page.getByText(/Too many wrong passwords.*Try again in (?:60|5\d) s\./).waitFor();
    expect(await page.locator('dialog button[type="submit"]').isDisabled()).toBe(true);
  });
});

test("the page tells an address that it may not write", async () => {
  await using proxy = openWebProxy(agent.url);
  proxy.fault = (path) => (path.includes("maintenance") ? { status: 403, text: "Access is restricted" } : undefined);
  await using opened = await openPage(`${proxy.url}/ui/services/web`);
  const { page } = opened;
  await logInByToken(page, master);
  await page.getByRole("button", { name: "Maintenance", exact: true }).click();
  await page.getByRole("button", { name: "Take web out of use" }).click();
  await page.getByText("this address may not write").waitFor();
});

describe("the agent's screen", () => {
  test("shows the agent, refuses an unknown token, saves a snapshot, restores it after two questions, and reloads", async () => {
    await using opened = await openPage(`${agent.url}/ui/agent`);
    const { page } = opened;
    await logInByToken(page, "no such token");
    await page.getByText("the token has ended, or there never was one like it").waitFor();
    await page.getByLabel("Token", { exact: true }).fill(master);
    await page.locator('dialog button[type="submit"]').click();
    await page.getByText("node1 in dc1").waitFor();
    await page.getByText("the API of Consul 1.8.7").waitFor();
    await page.getByText(/ free$/).waitFor();
    await page.getByText("All settings").click();
    expect(await page.locator("main").textContent()).not.toContain(master);

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save a snapshot" }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^node1-[\dT-]+\.snap$/);
    const file = await download.path();
    await put("/v1/kv/line3/late", "x");

    await page.locator('input[type="file"]').setInputFiles(file);
    await page.getByText("Tokens, policies, roles and users too").waitFor();
    await focusedOn(page, "Cancel");
    await page.getByRole("button", { name: "Go on" }).click();
    const replace = page.locator("dialog").getByRole("button", { name: "Replace the data of node1" });
    expect(await replace.isDisabled()).toBe(true);
    await page.getByLabel("Name of the node").fill("node1");
    await replace.click();
    await page.getByText(/^Restored /).waitFor();
    expect((await exchange(agent.url, "GET", { path: "/v1/kv/line3/late" })).status).toBe(404);

    await page.getByRole("button", { name: "Reload" }).click();
    await page.locator("dialog").getByRole("button", { name: "Reload" }).click();
    await page.getByText(/^Reloaded at /).waitFor();
    expect(opened.faults()).toEqual([]);
  });
});
