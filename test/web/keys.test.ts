import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { closeBrowser, connected, focusedOn, openPage, pageWidthIn } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startTarget, type Target } from "../support/target.ts";
import { within } from "../support/within.ts";

let agent: Target;

interface Entry {
  readonly key: string;
  readonly value: string;
  readonly flags?: number;
}

/** Writes keys, 64 in a transaction, and some transactions at once: the agent makes them durable together. */
async function putAll(entries: readonly Entry[]): Promise<void> {
  const starts = Array.from({ length: Math.ceil(entries.length / 64) }, (_, at) => at * 64);
  for (let at = 0; at < starts.length; at += 50) await Promise.all(starts.slice(at, at + 50).map(putSome));

  async function putSome(at: number): Promise<void> {
    const body = entries.slice(at, at + 64).map(({ key, value, flags }) => ({
      KV: { Verb: "set", Key: key, Value: Buffer.from(value).toString("base64"), Flags: flags ?? 0 },
    }));
    const { status, text } = await exchange(agent.url, "PUT", { path: "/v1/txn", body });
    expect({ status, text }).toMatchObject({ status: 200 });
  }
}

function put(key: string, value: string): Promise<void> {
  return putAll([{ key, value }]);
}

/** Returns the text of a key's value; undefined if there is no such key. */
async function valueOf(key: string): Promise<string | undefined> {
  const { status, text } = await exchange(agent.url, "GET", { path: `/v1/kv/${encodeURIComponent(key)}?raw` });
  return status === 404 ? undefined : text;
}

interface Listed {
  readonly Key: string;
  readonly Value: string | null;
  readonly Flags: number;
}

/** Returns the keys below a folder with their values and flags, by their names below it. */
async function tree(folder: string): Promise<Readonly<Record<string, readonly [value: string | null, flags: number]>>> {
  const { status, text } = await exchange(agent.url, "GET", { path: `/v1/kv/${folder}?recurse` });
  if (status === 404) return {};
  const pairs = JSON.parse(text) as readonly Listed[];
  return Object.fromEntries(pairs.map(({ Key, Value, Flags }) => [Key.slice(folder.length), [Value, Flags]]));
}

function keysUrl(path: string): string {
  return `${agent.url}/ui/keys/${path}`;
}

async function edit(page: Page): Promise<ReturnType<Page["locator"]>> {
  await page.getByRole("button", { name: "Edit", exact: true }).click();
  const field = page.locator("textarea");
  await field.waitFor();
  return field;
}

beforeAll(async () => {
  agent = await startTarget("-ui", "-hcl", 'kv_schemas { mode = "enforce", edgex = true }');
  await putAll([
    { key: "edgex/core/1.0/edgex-core-data/Writable/LogLevel", value: "INFO" },
    { key: "edgex/v4/core-data/Service/Port", value: "59880" },
    { key: "odd", value: "a key beside a folder" },
    { key: "odd//b", value: "two slashes" },
    { key: "/lead", value: "leading" },
    { key: "odd/sp ace?#%&ä", value: "odd characters" },
    { key: "odd/../up", value: "dots" },
    { key: "odd/trail/", value: "trailing" },
    { key: "vault/db", value: "hunter2" },
  ]);
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

describe("the tree of keys", () => {
  test("opens folders by the keyboard as the ARIA pattern says, and shows a key", async () => {
    await using opened = await openPage(keysUrl(""));
    const { page } = opened;
    await page.getByRole("treeitem", { name: "edgex/" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.getByRole("treeitem", { name: "core/", exact: true }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator('[role="treeitem"]:focus', { hasText: "core/" }).waitFor();
    await page.keyboard.press("*");
    await page.getByRole("treeitem", { name: "1.0/" }).waitFor();
    await page.getByRole("treeitem", { name: "core-data/" }).waitFor();
    const focused = page.locator('[role="treeitem"]:focus');
    // The focus is on core/, which is open. Each folder in it opens, and has rows before the focus goes on.
    for (const [inner, next] of [
      ["1.0/", "edgex-core-data/"],
      ["edgex-core-data/", "Writable/"],
      ["Writable/", "LogLevel"],
    ] as const) {
      await page.keyboard.press("ArrowRight");
      await focused.and(page.getByRole("treeitem", { name: inner, exact: true })).waitFor();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("treeitem", { name: next, exact: true }).waitFor();
    }
    await page.keyboard.press("ArrowRight");
    await focused.and(page.getByRole("treeitem", { name: "LogLevel" })).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("Live: the service takes it without a restart.").waitFor();
    expect(page.url()).toBe(keysUrl("edgex/core/1.0/edgex-core-data/Writable/LogLevel"));
    expect(await page.getByLabel("Value", { exact: true }).textContent()).toBe("INFO");
    await page.getByRole("treeitem", { name: "LogLevel" }).focus();
    await page.keyboard.press("Home");
    await page.keyboard.type("va");
    await focused.and(page.getByRole("treeitem", { name: "vault/", exact: true })).waitFor();
    expect(await page.locator('[role="treeitem"][tabindex="0"]').count()).toBe(1);
    expect(opened.faults()).toEqual([]);
  });

  test("follows changes of others", async () => {
    await using opened = await openPage(keysUrl(""));
    await connected(opened.page, "held");
    await opened.page.getByRole("treeitem", { name: "vault/" }).waitFor();
    await put("brand-new", "1");
    await opened.page.getByRole("treeitem", { name: "brand-new" }).waitFor();
    await exchange(agent.url, "DELETE", { path: "/v1/kv/brand-new" });
    await opened.page.getByRole("treeitem", { name: "brand-new" }).waitFor({ state: "detached" });
  });

  test("reads only the folders that are open, and shows only the rows near the window", async () => {
    const entries = Array.from({ length: 50_000 }, (_, at) => ({ key: `many/${at % 500}/${at}`, value: `${at}` }));
    await putAll(entries);
    await using opened = await openPage(keysUrl("many/7/"));
    const { page } = opened;
    await page.getByText("100 rows").waitFor();
    await page.getByText("10007", { exact: true }).first().waitFor();
    await page.getByText("500 rows").waitFor({ state: "detached" });
    const asked = await within(10_000, async () => {
      const answers = (await opened.answers()).filter(({ path }) => path.includes("/v1/kv/"));
      // The root, "many/" and "many/7/".
      expect(new Set(answers.map(({ path }) => path)).size).toBe(3);
      return answers;
    });
    expect(asked.every(({ path }) => path.includes("separator=/"))).toBe(true);
    expect(await page.getByRole("treeitem").count()).toBeLessThan(100);
    await exchange(agent.url, "DELETE", { path: "/v1/kv/many/?recurse" });
  });
});

describe("a key", () => {
  test.each([
    ["odd//b", "two slashes"],
    ["/lead", "leading"],
    ["odd/sp ace?#%&ä", "odd characters"],
    ["odd/../up", "dots"],
    ["odd/trail/", "trailing"],
    ["odd", "a key beside a folder"],
  ])("with the name %p is shown, edited and saved as it is", async (name, value) => {
    await using opened = await openPage(keysUrl(""));
    const { page } = opened;
    const parts = name.endsWith("/") ? [...name.slice(0, -1).split("/"), ""] : name.split("/");
    for (const [at] of parts.slice(0, -1).entries()) {
      const part = parts[at] === "" ? '"" /' : `${parts[at]}/`;
      await page
        .locator(`[aria-level="${at + 1}"]`, { hasText: part })
        .first()
        .click();
    }
    const leaf = name.endsWith("/") ? "trail/ (value)" : (parts.at(-1) ?? "");
    await page.locator(`[aria-level="${parts.length}"]`).getByText(leaf, { exact: true }).click();
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(name);
    await page.reload();
    expect(await page.getByLabel("Value", { exact: true }).textContent()).toBe(value);
    await (await edit(page)).fill(`${value}, edited`);
    await page.keyboard.press("Control+s");
    await page.getByText("Saved at index").waitFor();
    expect(await valueOf(name)).toBe(`${value}, edited`);
    expect(opened.faults()).toEqual([]);
  });

  test("is not saved with a value that the agent refuses, and the page says why", async () => {
    const key = "edgex/v4/core-data/Service/Port";
    await using opened = await openPage(keysUrl(key));
    const { page } = opened;
    await (await edit(page)).fill("70000");
    await page.keyboard.press("Control+s");
    await page
      .getByText(`the value "70000" of the key "${key}" is not valid: EdgeX takes a port from 1 to 65535`)
      .waitFor();
    expect(await valueOf(key)).toBe("59880");
  });

  test("whose name looks like a secret is dotted until it is shown, and leaves no draft", async () => {
    await using opened = await openPage(keysUrl("vault/db"));
    const { page } = opened;
    await page.getByRole("button", { name: "Show the value" }).waitFor();
    expect(await page.content()).not.toContain("hunter2");
    await page.getByRole("button", { name: "Show the value" }).click();
    await page.getByText("hunter2").waitFor();
    await (await edit(page)).fill("hunter3");
    await page.waitForTimeout(500);
    expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("hunter");
    await page.getByRole("link", { name: "Services" }).click();
    await page.getByRole("dialog", { name: "unsaved changes" }).waitFor();
    await page.getByRole("button", { name: "Discard the changes" }).click();
    await page.waitForURL(/services$/);
    expect(await valueOf("vault/db")).toBe("hunter2");
  });

  test("shows its older values beside the present one, by the keyboard too, and is rolled back after a question", async () => {
    await put("past/rate", "10");
    const headers = { "X-Praetor-Reason": "too slow", "User-Agent": "tool/1.0" };
    await exchange(agent.url, "PUT", { path: "/v1/kv/past/rate", body: "20", headers });
    await using opened = await openPage(keysUrl("past/rate"));
    const { page } = opened;
    const history = page.getByRole("region", { name: "History" });
    await history.getByText("too slow").waitFor();
    await history.getByText("tool/1.0 127.0.0.1").waitFor();
    await page.keyboard.press("h");
    await history.getByText("+ 10").waitFor();
    await page.keyboard.press("]");
    await history.getByText("There is no difference.").waitFor();
    await page.keyboard.press("[");
    await history.getByRole("button", { name: "Roll back to index" }).click();
    await focusedOn(page, "Cancel");
    await page.getByRole("button", { name: "Roll back past/rate" }).click();
    await history.getByText("rollback").waitFor();
    expect(await valueOf("past/rate")).toBe("10");
    expect(opened.faults()).toEqual([]);
  });

  test("says where its value comes from, and warns of a service whose environment hides it", async () => {
    const path = "/v1/kv/from/rate";
    await exchange(agent.url, "PUT", { path, body: "10", headers: { "X-Praetor-Origin": "file" } });
    await using opened = await openPage(keysUrl("from/rate"));
    const { page } = opened;
    await page.getByText("The value comes from the configuration file of its service.").waitFor();
    expect(await page.getByText("environment override").count()).toBe(0);
    const service = { Name: "hiding", Meta: { "praetor-env-RATE": "from/rate" } };
    await exchange(agent.url, "PUT", { path: "/v1/agent/service/register", body: service });
    await page.getByText("An environment override hides this: the service hiding on").waitFor();
    await page.getByText("has the variable RATE, and does not use the value.").waitFor();
    await exchange(agent.url, "PUT", { path: "/v1/agent/service/deregister/hiding" });
    await page.getByText("environment override").waitFor({ state: "detached" });
    await exchange(agent.url, "PUT", { path, body: "20", headers: { "User-Agent": "curl/8.5.0" } });
    await page.getByText("The value was set by an operator.").waitFor();
    await page.getByRole("region", { name: "History" }).getByText("operator", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Reset", exact: true }).click();
    await focusedOn(page, "Cancel");
    await page.getByRole("button", { name: "Reset from/rate" }).click();
    await page.getByText("The value comes from the configuration file of its service.").waitFor();
    expect(await valueOf("from/rate")).toBe("10");
    expect(await page.getByRole("button", { name: "Reset", exact: true }).count()).toBe(0);
    // Nothing has pushed this key: the question says so, and stays open.
    const byHand = { path: "/v1/kv/from/nothing", body: "1", headers: { "User-Agent": "curl/8.5.0" } };
    await exchange(agent.url, "PUT", byHand);
    await page.goto(keysUrl("from/nothing"));
    await page.getByRole("button", { name: "Reset", exact: true }).click();
    await page.getByRole("button", { name: "Reset from/nothing" }).click();
    await page.getByText("that a service has pushed is kept; nothing was changed").waitFor();
    expect(opened.faults()).toEqual([]);
  });

  test("that was deleted comes back from its history", async () => {
    await put("past/gone", "still here");
    await exchange(agent.url, "DELETE", { path: "/v1/kv/past/gone" });
    await using opened = await openPage(keysUrl("past/gone"));
    const { page } = opened;
    await page.getByText("There is no key").waitFor();
    const history = page.getByRole("region", { name: "History" });
    await history.locator("li", { hasText: "set" }).getByRole("button").click();
    await history.getByRole("button", { name: "Roll back to index" }).click();
    await page.getByRole("button", { name: "Roll back past/gone" }).click();
    await page.getByLabel("Value", { exact: true }).waitFor();
    expect(await valueOf("past/gone")).toBe("still here");
  });

  test("keeps its flags and its line ends when it is edited", async () => {
    await putAll([{ key: "ends", value: "a\r\nb\r\n", flags: 42 }]);
    await using opened = await openPage(keysUrl("ends"));
    await (await edit(opened.page)).fill("a\nb\nc\n");
    await opened.page.getByRole("button", { name: "Save", exact: true }).click();
    await opened.page.getByText("+ c").waitFor();
    await opened.page.getByRole("button", { name: "Save ends" }).click();
    await opened.page.getByText("Saved at index").waitFor();
    expect(await tree("ends")).toEqual({ "": [Buffer.from("a\r\nb\r\nc\r\n").toString("base64"), 42] });
  });

  test("that is no text is shown in hex, and cannot be edited", async () => {
    await exchange(agent.url, "PUT", { path: "/v1/kv/binary", body: Buffer.from([0, 255, 65]) });
    await using opened = await openPage(keysUrl("binary"));
    await opened.page.getByText("00 ff 41").waitFor();
    expect(await opened.page.getByRole("button", { name: "Edit", exact: true }).isDisabled()).toBe(true);
    await opened.page.getByText("cannot be edited here: it is no text").waitFor();
  });

  test("that was deleted under the eyes of a user says at which index, and is restored", async () => {
    await putAll([{ key: "mortal", value: "alive", flags: 7 }]);
    await using opened = await openPage(keysUrl("mortal"));
    await connected(opened.page, "held");
    await opened.page.getByText("alive").waitFor();
    await exchange(agent.url, "DELETE", { path: "/v1/kv/mortal" });
    expect(await opened.page.locator('[data-state="gone"]').textContent()).toMatch(/deleted at index \d+/);
    await opened.page.getByRole("button", { name: "Restore" }).click();
    await opened.page.getByRole("button", { name: "Edit", exact: true }).waitFor();
    expect(await tree("mortal")).toEqual({ "": [Buffer.from("alive").toString("base64"), 7] });
  });

  test("that a session holds names the session, and is unlocked after a question with its value as it was", async () => {
    const made = await exchange(agent.url, "PUT", { path: "/v1/session/create", body: { Name: "updater" } });
    const { ID } = JSON.parse(made.text) as { readonly ID: string };
    await exchange(agent.url, "PUT", { path: `/v1/kv/held?acquire=${ID}`, body: "mine" });
    await using opened = await openPage(keysUrl("held"));
    await opened.page.getByText("Locked by the session updater on node1.").waitFor();
    await opened.page.getByRole("button", { name: "Unlock" }).click();
    await opened.page.getByRole("button", { name: "Take the lock from updater on node1" }).click();
    await opened.page.getByText("Locked by").waitFor({ state: "detached" });
    const { text } = await exchange(agent.url, "GET", { path: "/v1/kv/held" });
    expect(text).not.toContain("Session");
    expect(await valueOf("held")).toBe("mine");
  });
});

describe("two browsers", () => {
  test("edit one key: exactly one wins, and the other sees both texts and merges them", async () => {
    await put("shared", "one\ntwo\nthree\nfour\nfive");
    await using first = await openPage(keysUrl("shared"));
    await using second = await openPage(keysUrl("shared"));
    await (await edit(first.page)).fill("ONE\ntwo\nthree\nfour\nfive");
    await (await edit(second.page)).fill("one\ntwo\nthree\nfour\nFIVE");
    const results = await Promise.all(
      [first, second].map(async ({ page }) => {
        await page.keyboard.press("Control+s");
        const [saved, lost] = [page.getByText("Saved at index"), page.locator('[data-state="conflict"]')];
        await saved.or(lost).first().waitFor();
        return (await lost.count()) === 0;
      }),
    );
    expect(results.filter(Boolean)).toHaveLength(1);
    const { page } = results[0] === true ? second : first;
    await page.getByRole("heading", { name: /^Base, index/ }).waitFor();
    await page.getByRole("heading", { name: /^Theirs, index/ }).waitFor();
    await page.getByRole("button", { name: "Merge" }).click();
    expect(await page.locator("textarea").inputValue()).toBe("ONE\ntwo\nthree\nfour\nFIVE");
    await page.locator("textarea").press("Control+s");
    await page.getByText("Saved at index").waitFor();
    expect(await valueOf("shared")).toBe("ONE\ntwo\nthree\nfour\nFIVE");
  });

  test("a key that changes under an edit says so, leaves the text alone, and Diff shows both", async () => {
    await put("moving", "before");
    await using opened = await openPage(keysUrl("moving"));
    const { page } = opened;
    await connected(page, "held");
    const field = await edit(page);
    await field.fill("mine");
    await put("moving", "theirs");
    await page.getByText("while you edit it").waitFor();
    expect(await field.inputValue()).toBe("mine");
    await page.getByRole("button", { name: "Diff" }).click();
    await page.getByText("+ theirs").waitFor();
    await page.getByRole("button", { name: "Put mine over it" }).click();
    await page.getByText("Saved at index").waitFor();
    expect(await valueOf("moving")).toBe("mine");
  });
});

test("an edit and its conflict live while a phone is turned, and no screen is wider than the window", async () => {
  await put("turned", "base");
  await using opened = await openPage(keysUrl("turned"));
  const { page } = opened;
  const field = await edit(page);
  await field.fill("mine");
  const widths = [320, 768, 360, 1280];
  for (const width of widths) {
    await page.setViewportSize({ width, height: 640 });
    expect(await field.inputValue()).toBe("mine");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
  }
  await put("turned", `theirs${"x".repeat(300)}`);
  await field.press("Control+s");
  const conflict = page.locator('[data-state="conflict"]');
  await conflict.waitFor();
  for (const width of widths) {
    expect(await pageWidthIn(page, width)).toBeLessThanOrEqual(width);
    expect(await conflict.count()).toBe(1);
  }
});

test("a draft lives while the agent is killed and the page loaded anew, and is saved after the restart", async () => {
  await put("drafted", "old");
  await using opened = await openPage(keysUrl("drafted"));
  const { page } = opened;
  await connected(page, "held");
  await (await edit(page)).fill("typed while the agent died");
  const restarted = agent.restart("SIGKILL");
  await connected(page, "lost");
  await page.getByText("nothing can be changed now. Your text stays here.").waitFor();
  await restarted;
  await page.reload();
  await page.getByText("Your draft from").waitFor();
  expect(await page.locator("textarea").inputValue()).toBe("typed while the agent died");
  await page.locator("textarea").press("Control+s");
  await page.getByText("Saved at index").waitFor();
  expect(await valueOf("drafted")).toBe("typed while the agent died");
  expect(await page.evaluate("JSON.stringify(localStorage)")).not.toContain("/ drafted");
});

describe("many keys", () => {
  const folder = Array.from({ length: 150 }, (_, at) => ({ key: `plant/${at % 3}/${at}`, value: `v${at}`, flags: at }));

  test("of a folder are moved, exported, deleted after its name was typed, and imported as they were", async () => {
    await putAll(folder);
    const before = await tree("plant/");
    expect(Object.keys(before)).toHaveLength(150);
    await using opened = await openPage(keysUrl("plant/"));
    const { page } = opened;
    await page.getByRole("button", { name: "Move to…" }).click();
    await page.getByLabel("New name").fill("moved/here/");
    await page.getByRole("button", { name: "Move plant/" }).click();
    await page.waitForURL(keysUrl("moved/here/"));
    expect(await tree("moved/here/")).toEqual(before);
    expect(await tree("plant/")).toEqual({});

    const downloads = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export" }).click();
    const file = await (await downloads).path();
    const exported = (await Bun.file(file).json()) as readonly { readonly key: string }[];
    expect(exported).toHaveLength(150);

    await page.getByRole("button", { name: "Delete", exact: true }).click();
    const button = page.getByRole("button", { name: "Delete 150 keys" });
    await button.waitFor();
    expect(await button.isDisabled()).toBe(true);
    await page.getByLabel("Type the folder's name").fill("moved/here/");
    await button.click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await tree("moved/")).toEqual({});

    await put("moved/here/0/0", "another value");
    await page.getByRole("button", { name: "Import" }).click();
    await page.locator('input[type="file"]').setInputFiles(file);
    await page.getByText("149 new, 1 changed, 0 the same.").waitFor();
    await page.getByRole("button", { name: "Write 150 keys" }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(await tree("moved/here/")).toEqual(before);
    expect(opened.faults()).toEqual([]);
  });

  test("an import that finds a changed key after its preview says how many were written, and writes no more", async () => {
    const entries = Array.from({ length: 100 }, (_, at) => ({
      key: `half/${String(at).padStart(2, "0")}`,
      flags: 0,
      value: "",
    }));
    await using opened = await openPage(keysUrl("half/"));
    const { page } = opened;
    await page.getByRole("button", { name: "Import" }).click();
    const buffer = Buffer.from(JSON.stringify(entries));
    await page.locator('input[type="file"]').setInputFiles({ name: "half.json", mimeType: "application/json", buffer });
    await page.getByText("100 new, 0 changed").waitFor();
    await put("half/80", "by another");
    await page.getByRole("button", { name: "Write 100 keys" }).click();
    await page.getByText("64 of 100 were written, the other 36 were not:").waitFor();
    expect(Object.keys(await tree("half/"))).toHaveLength(65);
  });

  test("are selected with x and Shift+x, and deleted together", async () => {
    await putAll(["a", "b", "c", "d"].map((name) => ({ key: `pick/${name}`, value: name })));
    await using opened = await openPage(keysUrl("pick/"));
    const { page } = opened;
    await page.getByText("4 rows").waitFor();
    for (const key of ["j", "x", "j", "j", "Shift+X"]) await page.keyboard.press(key);
    await page.getByText("4 rows, 3 selected").waitFor();
    await page.getByRole("button", { name: "Delete selected" }).click();
    await page.getByRole("button", { name: "Delete 3 keys" }).click();
    await page.getByText("1 row", { exact: true }).waitFor();
    expect(Object.keys(await tree("pick/"))).toEqual(["d"]);
  });

  test("a new key is named, written and saved, but not over one that came in the meantime", async () => {
    await using opened = await openPage(keysUrl("fresh/"));
    const { page } = opened;
    await page.getByRole("button", { name: "New key" }).click();
    await page.getByLabel("Name", { exact: true }).fill("fresh/one");
    await page.getByRole("button", { name: "Write its value" }).click();
    await page.locator("textarea").fill("first");
    await put("fresh/one", "by another");
    await page.locator("textarea").press("Control+s");
    await page.locator('[data-state="conflict"]').waitFor();
    expect(await valueOf("fresh/one")).toBe("by another");
    await page.getByRole("button", { name: "Put mine over it" }).click();
    await page.getByText("Saved at index").waitFor();
    expect(await valueOf("fresh/one")).toBe("first");
  });
});

test("the code editor is loaded on demand, takes at most 140 KiB, and names double names", async () => {
  await put("config.json", '{"a": 1,\n"a": 2}');
  await using opened = await openPage(keysUrl("config.json"));
  const { page } = opened;
  await edit(page);
  const before = (await opened.answers()).map(({ path }) => path);
  await page.getByLabel("Code editor for JSON").check();
  await page.locator(".cm-content").waitFor();
  await page.getByText('Line 2: the name "a" is in the object twice').waitFor();
  const editor = (await opened.answers()).filter(({ path }) => path.includes("code-editor") && !before.includes(path));
  expect(editor.length).toBeGreaterThan(0);
  expect(editor.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(140 * 1024);
  await page.locator(".cm-content").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.type('{"a":1}');
  await page.keyboard.press("Control+s");
  await page.getByText("Saved at index").waitFor();
  expect(await valueOf("config.json")).toBe('{"a":1}');
  // The choice is kept for the format.
  await page.reload();
  await page.locator(".cm-content").waitFor();
  expect(opened.faults()).toEqual([]);
});

test("the search finds names and values from anywhere, and its text is in the address", async () => {
  await putAll([
    { key: "find/alpha", value: "the Needle is here" },
    { key: "find/needle/beta", value: "no" },
    { key: "lost/needle", value: "no" },
    { key: "find/token-of-needle", value: "needle, a secret" },
  ]);
  await using opened = await openPage(keysUrl(""));
  const { page } = opened;
  await connected(page, "held");
  await page.keyboard.press("/");
  await page.keyboard.type("needle");
  await page.keyboard.press("Enter");
  await page.getByText(/^4 matches in \d+ keys, of all$/).waitFor();
  expect(page.url()).toBe(`${agent.url}/ui/search?q=needle`);
  expect(await page.locator("mark").allTextContents()).toEqual(["Needle", "needle", "needle", "needle"]);
  expect(await page.content()).not.toContain("a secret");
  await page.getByRole("button", { name: "lost/ (1)" }).click();
  await page.getByText("1 match in 1 keys below lost/").waitFor();
  await page.getByRole("link", { name: "lost/needle" }).click();
  await page.waitForURL(keysUrl("lost/needle"));
  expect(await within(5_000, async () => page.getByLabel("Value", { exact: true }).textContent())).toBe("no");
});

test("a search with more than 200 matches says that it shows a part, and a folder narrows it", async () => {
  const entries = Array.from({ length: 250 }, (_, at) => ({ key: `haystack/${at % 2}/straw-${at}`, value: "" }));
  await putAll(entries);
  await using opened = await openPage(`${agent.url}/ui/search?q=straw-`);
  await opened.page.getByText(/^First 200 of 250 matches in \d+ keys, of all; narrow the search$/).waitFor();
  await opened.page.getByRole("button", { name: /^haystack\/1\// }).click();
  await opened.page.getByText("125 matches in 125 keys below haystack/1/").waitFor();
  expect(opened.faults()).toEqual([]);
});
