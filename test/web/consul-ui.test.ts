import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { closeBrowser, openPage } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { furnish } from "../support/furnished-agent.ts";
import { programOf, startTarget, startTargetAs, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";

const [binary = ""] = programOf("consul");
const skipped = existsSync(binary) ? "" : ` (skipped: there is no ${binary}; CONSUL_BINARY names another)`;

/** Saves the page of Consul's own UI, and each file that the page, its scripts and its styles name. */
async function saveConsulUi(consul: Target, folder: string): Promise<void> {
  const saved = new Set<string>();
  const save = async (name: string, path: string): Promise<void> => {
    if (saved.has(name)) return;
    saved.add(name);
    const answer = await fetch(`${consul.url}/ui/${path}`);
    const bytes = await answer.bytes();
    // Scripts also hold parts of names.
    if (!answer.ok || (path !== "" && answer.headers.get("Content-Type")?.startsWith("text/html") === true)) return;
    await Bun.write(join(folder, name), bytes);
    if (!/\.(html|js|css)$/.test(name)) return;
    for (const [asset] of Buffer.from(bytes)
      .toString()
      .matchAll(/assets\/[\w./-]+\.\w+/g))
      await save(asset, asset);
  };
  await save("index.html", "");
}

describe.skipIf(skipped !== "")(`Consul's own UI, served by -ui-dir${skipped}`, () => {
  const folder = mkdtempSync(join(tmpdir(), "consul-ui-"));
  let agent: Target;

  beforeAll(async () => {
    const consul = await startTargetAs(undefined, ["-ui"], "consul");
    await saveConsulUi(consul, folder);
    await consul.stop();
    agent = await startTarget("-ui-dir", folder);
    await furnish(agent.url);
  });

  afterAll(async () => {
    await closeBrowser();
    await agent.stop();
    rmSync(folder, { recursive: true });
  });

  /** Opens a path of the UI, and returns the page; expects at its end that nothing failed. */
  const open = async (path: string, look: (page: Page) => Promise<void>): Promise<void> => {
    await using opened = await openPage(`${agent.url}/ui/${path}`);
    await look(opened.page);
    // Consul without Connect answers so, too (conformance/connect.test.ts), and its page then shows the service without the chain.
    const isChain = (path: string): boolean => path.startsWith("/v1/discovery-chain/");
    const failed = (await opened.answers()).filter(({ path: asked, status }) => status >= 500 && !isChain(asked));
    expect([opened.faults(), failed]).toEqual([[], []]);
    expect(await opened.page.getByText("An error was returned", { exact: false }).count()).toBe(0);
  };

  const keyValue = async (key: string): Promise<string> =>
    (await exchange(agent.url, "GET", { path: `/v1/kv/${key}?raw` })).text;

  /** Replaces the text in the page's editor once its script has come. */
  const enter = async (page: Page, text: string): Promise<void> => {
    await page.locator(".CodeMirror").waitFor();
    await page.evaluate(`document.querySelector(".CodeMirror").CodeMirror.setValue(${JSON.stringify(text)})`);
  };

  /** Presses Save until the key is saved: the form takes over what was typed some time later. */
  const saveUntil = (page: Page, value: string): Promise<unknown> =>
    within(10_000, async () => {
      await page
        .getByRole("button", { name: "Save" })
        .click({ timeout: 1_000 })
        .catch(() => {});
      expect(await keyValue("made/here")).toBe(value);
    });

  test("lists services, and shows a service with its instance and its checks", async () => {
    await open("dc1/services", async (page) => {
      await page.getByText("pump").first().waitFor();
      await page.getByRole("link", { name: "oven" }).first().click();
      await page.getByText("192.0.2.7:8080").first().waitFor();
    });
    await open("dc1/services/oven/instances/node1/oven/health-checks", (page) =>
      page.getByText("300 degrees").first().waitFor(),
    );
  });

  test("lists nodes, and shows a node with its checks, services and sessions", async () => {
    await open("dc1/nodes", (page) => page.getByText("node1").first().waitFor());
    await open("dc1/nodes/node1/health-checks", (page) => page.getByText("300 degrees").first().waitFor());
    await open("dc1/nodes/node1/service-instances", (page) => page.getByText("pump").first().waitFor());
    await open("dc1/nodes/node1/lock-sessions", (page) => page.getByText("commander").first().waitFor());
  });

  test("creates, changes and deletes a key", async () => {
    await open("dc1/kv", (page) => page.getByText("edgex").first().waitFor());
    await open("dc1/kv/create", async (page) => {
      await page.locator('input[name="additional"]').fill("made/here");
      await enter(page, "one");
      await saveUntil(page, "one");
    });
    await open("dc1/kv/made/here/edit", async (page) => {
      await page.locator(".CodeMirror").getByText("one").waitFor();
      await enter(page, "two");
      await saveUntil(page, "two");
    });
    await open("dc1/kv/made/here/edit", async (page) => {
      await page.getByRole("button", { name: "Delete" }).first().click();
      await page
        .getByRole("button", { name: "Confirm Delete" })
        .or(page.getByRole("button", { name: "Delete" }).last())
        .first()
        .click();
      await within(10_000, async () => expect(await keyValue("made/here")).toBe(""));
    });
  });

  test.each(["dc1/intentions", "dc1/acls/tokens", "dc1/acls/policies", "dc1/acls/roles", "setting"])(
    "opens the page %s",
    (path) =>
      open(path, async (page) => {
        await page.locator("main h1, .app-view h1").first().waitFor();
        await page.waitForLoadState("networkidle");
      }),
  );
});
