import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { closeBrowser, connected, inState, type OpenPage, openPage, pageWidthIn } from "../support/browser.ts";
import { exchange } from "../support/exchange.ts";
import { startFurnishedAgent } from "../support/furnished-agent.ts";
import type { Target } from "../support/target.ts";
import { testedScreens, type TestedScreen } from "../support/web-screens.ts";

/* One page goes through all screens of the table by the router, since only the first load of a page is slow. */

let agent: Target;
let opened: OpenPage;
let page: Page;
let screens: readonly TestedScreen[];

beforeAll(async () => {
  agent = await startFurnishedAgent();
  screens = await testedScreens();
  // The content policy forbids the engine's script, which is not a part of the page.
  opened = await openPage(`${agent.url}/ui/`, { bypassCSP: true });
  page = opened.page;
  await connected(page, "held");
});

afterAll(async () => {
  await closeBrowser();
  await agent.stop();
});

/** Shows a screen with its data. */
async function show({ path }: TestedScreen): Promise<void> {
  const address = JSON.stringify(`/ui/${path}`);
  await page.evaluate(`history.pushState(null, "", ${address}); dispatchEvent(new PopStateEvent("popstate"))`);
  await page.locator("main .head .age").waitFor();
  await page.locator("main .bar").waitFor({ state: "detached" });
  await opened.quiet();
}

interface Finding {
  readonly ruleId: string;
  readonly value: readonly [string, string];
  readonly message: string;
  readonly snippet: string;
}

const engine = Bun.file(join(import.meta.dir, "../../node_modules/accessibility-checker-engine/ace.js"));

/** Returns the violations that the engine finds in the page as it is. */
async function violations(): Promise<readonly string[]> {
  // A page that was loaded anew has no engine. The script declares a variable, which has to be the page's.
  if (!(await page.evaluate<boolean>(`"ace" in globalThis`)))
    await page.evaluate(`${await engine.text()}; globalThis.ace = ace;`);
  const results = await page.evaluate<readonly Finding[]>(
    `new ace.Checker().check(document, ["WCAG_2_2"]).then(({ results }) => results.filter(({ value }) => value[0] === "VIOLATION" && value[1] === "FAIL"))`,
  );
  return results.map(({ ruleId, message, snippet }) => `${ruleId}: ${message} ${snippet}`);
}

const themes = ["light", "dark"] as const;

/** Returns the violations in both themes, each with the place that is looked at. */
async function violationsInBothThemes(place: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const theme of themes) {
    await page.evaluate(`document.documentElement.dataset.theme = "${theme}"`);
    found.push(...(await violations()).map((each) => `${place} in ${theme}: ${each}`));
  }
  return found;
}

describe("the accessibility engine", () => {
  test("finds a violation where there is one", async () => {
    await page.evaluate(`document.body.insertAdjacentHTML("beforeend", '<img id="planted" src="data:,">')`);
    expect((await violations()).join("\n")).toContain("img_alt");
    await page.evaluate(`document.getElementById("planted").remove()`);
  });

  test("finds no violation of WCAG 2.2 AA on any screen, on a desk and on a phone, in both themes", async () => {
    const found: string[] = [];
    for (const screen of screens) {
      await show(screen);
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 640 });
        found.push(...(await violationsInBothThemes(`/${screen.path} at ${width} px`)));
      }
    }
    await page.setViewportSize({ width: 1280, height: 640 });
    expect(found).toEqual([]);
  });

  test("finds no violation while a key is edited, its changes are looked at, and another has changed it", async () => {
    const path = "edgex/core/2.0/device-virtual/Writable/Limits";
    const put = (body: string): ReturnType<typeof exchange> =>
      exchange(agent.url, "PUT", { path: `/v1/kv/${path}`, body });
    await put('{"low": 1,\n"high": 2}');
    const found: string[] = [];
    await show({ title: "Keys", path: `keys/${path}?edit=1` });
    const field = page.getByLabel(`Value of ${path}`);
    await field.fill('{"low": 1,\n"high": 3}');
    found.push(...(await violationsInBothThemes("the field")));
    await page.getByRole("button", { name: "Save", exact: true }).click();
    found.push(...(await violationsInBothThemes("the changes before they are saved")));
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    await page.getByRole("button", { name: "Stay" }).waitFor();
    found.push(...(await violationsInBothThemes("the question before leaving")));
    await page.getByRole("button", { name: "Stay" }).click();
    await put('{"low": 0,\n"high": 2}');
    await page.getByText("while you edit it").waitFor();
    found.push(...(await violationsInBothThemes("the field of a key that was changed")));
    await field.press("Control+s");
    await inState(page, "conflict");
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 640 });
      found.push(...(await violationsInBothThemes(`the conflict at ${width} px`)));
    }
    await page.setViewportSize({ width: 1280, height: 640 });
    await page.getByRole("button", { name: "Keep theirs" }).click();
    await page.getByLabel("Code editor").check();
    await page.locator(".cm-content").waitFor();
    found.push(...(await violationsInBothThemes("the editor for code")));
    await page.getByLabel("Code editor").uncheck();
    await exchange(agent.url, "DELETE", { path: `/v1/kv/${path}` });
    await show({ title: "Overview", path: "" });
    expect(found).toEqual([]);
  });
});

/** Screens whose content depends on the machine or the time, which a snapshot cannot have. */
const changing = new Set(["Overview", "Doctor", "Metrics", "Log", "Agent"]);

test("the tree of each screen for screen readers is the one that was looked at", async () => {
  // After a change: bun test -u test/web/accessibility.test.ts, and read the difference.
  // The folders of keys that other tests have opened are closed again.
  await page.reload();
  for (const screen of screens.filter(({ title }) => !changing.has(title))) {
    await show(screen);
    // The tree of keys has the row of the address when it has read all folders above it.
    if (screen.path.startsWith("keys/")) await page.locator('[role="treeitem"][aria-selected="true"]').waitFor();
    const tree = await page.locator("main").ariaSnapshot();
    const stable = tree
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}/g, "ID")
      .replaceAll(/127\.0\.0\.1:\d+/g, "HOST:PORT")
      .replaceAll(/\d+ (?:s|min|h) ago/g, "AGE ago")
      .replaceAll(/for \d+ (?:s|min|h)/g, "for AGE")
      .replaceAll(/index \d+/g, "index N")
      .replaceAll(/ · \d+ requests? waits? for a change/g, "");
    expect(`/${screen.path}\n${stable}`).toMatchSnapshot(`/${screen.path}`);
  }
});

describe("the keyboard", () => {
  test("comes to the content by the skip link first", async () => {
    await page.reload();
    await page.locator("main h1").waitFor();
    await page.keyboard.press("Tab");
    const skip = page.locator(":focus");
    expect(await skip.textContent()).toContain("Skip to the content");
    expect((await skip.boundingBox())?.height).toBeGreaterThan(16);
    await page.keyboard.press("Enter");
    expect(await page.evaluate<string>("document.activeElement.id")).toBe("main");
  });

  test.each([360, 1280])("reaches each control of each screen, with a focus that is seen, at %i px", async (width) => {
    await page.setViewportSize({ width, height: 640 });
    const faults: string[] = [];
    for (const screen of screens) {
      await show(screen);
      await page.evaluate(`document.activeElement.blur(); scrollTo(0, 0)`);
      const wanted = Math.min(40, await page.evaluate<number>(countControls));
      const reached = new Set<number>();
      for (let at = 0; at < wanted; at++) {
        await page.keyboard.press("Tab");
        let { number, fault } = await page.evaluate<Focused>(lookAtFocus);
        if (fault !== "") {
          // News may have moved the element since it came into view. An element that is hidden at rest is hidden again.
          for (const key of ["Shift+Tab", "Tab"]) await page.keyboard.press(key);
          ({ number, fault } = await page.evaluate<Focused>(lookAtFocus));
        }
        reached.add(number);
        if (fault !== "") faults.push(`/${screen.path}: ${fault}`);
      }
      if (reached.size < wanted) faults.push(`/${screen.path}: Tab reaches ${reached.size} of ${wanted} controls`);
    }
    expect(faults).toEqual([]);
  });

  test("gets the focus back from each dialogue, on each screen, and the engine finds no violation in it", async () => {
    await page.setViewportSize({ width: 1280, height: 640 });
    const faults: string[] = [];
    const examined = new Set<string>();
    let dialogues = 0;
    for (const screen of screens) {
      await show(screen);
      const names = await page.evaluate<readonly string[]>(numberButtons);
      for (const [at, name] of names.slice(0, 16).entries()) {
        const button = page.locator(`[data-walk="${at}"]`);
        // Those act at once, or leave the screen.
        if (/^(?:copy (?!to)|theme|save|export|edit)/i.test(name) || (await button.count()) === 0) continue;
        await button.focus();
        // A button that cannot act now, as while the connection is lost, takes no focus.
        if (!(await page.evaluate<string>("document.activeElement.outerHTML")).includes(`data-walk="${at}"`)) continue;
        await page.keyboard.press("Enter");
        await page.evaluate(`new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))`);
        // The code of a dialogue may come with its first use.
        await opened.quiet();
        if ((await page.locator("dialog[open]").count()) === 0) continue;
        dialogues += 1;
        const title = (await page.locator("dialog[open] h2").textContent()) ?? "";
        if (!examined.has(title)) faults.push(...(await violationsInBothThemes(`the dialogue "${title}"`)));
        examined.add(title);
        await page.keyboard.press("Escape");
        await page.locator("dialog[open]").waitFor({ state: "detached" });
        const focused = await page.evaluate<string>("document.activeElement.outerHTML.slice(0, 200)");
        if (!focused.includes(`data-walk="${at}"`)) faults.push(`/${screen.path}: ${name} leaves it on ${focused}`);
      }
    }
    expect(faults).toEqual([]);
    // Those of the help and of the login are on each screen.
    expect(dialogues).toBeGreaterThan(2 * screens.length);
    for (const part of [
      "Take oven",
      "Deregister",
      "Destroy",
      "Read the",
      "New key",
      "Import",
      "Copy",
      "Move",
      "Delete",
    ])
      expect([...examined].find((title) => title.startsWith(part))).toBeDefined();
  });

  test("does nothing by single letters after they were switched off", async () => {
    await page.getByRole("button", { name: "Keys and help" }).click();
    await page.getByRole("dialog").getByLabel("Single letters are shortcuts").uncheck();
    await page.keyboard.press("Escape");
    const before = page.url();
    for (const key of ["g", "s", "g", "n", "?"]) await page.keyboard.press(key);
    expect(page.url()).toBe(before);
    expect(await page.locator("dialog[open]").count()).toBe(0);
    await page.evaluate("localStorage.clear()");
    await page.reload();
  });
});

/** Numbers the buttons that may open a dialogue, and returns their names. */
const numberButtons = `[...document.querySelectorAll("header button:not([data-connection]), main button:enabled")].map((each, at) => {
  each.dataset.walk = at;
  return each.getAttribute("aria-label") ?? each.textContent;
})`;

/** Elements that Tab must reach. */
const controls = `[...document.querySelectorAll("a[href], button:enabled, input:enabled, select:enabled, textarea:enabled, summary, [tabindex='0']")]
  .filter((each) => each.checkVisibility({ checkVisibilityCSS: true }))`;

const countControls = `(${controls}).length`;

interface Focused {
  /** The element's place among the controls. */
  readonly number: number;
  /** The fault of its focus; "" if it has none. */
  readonly fault: string;
}

/** Looks whether the focused element has an outline, and is the topmost at its place (WCAG 2.4.7, 2.4.11). */
const lookAtFocus = `(() => {
  const focused = document.activeElement;
  const number = (${controls}).indexOf(focused);
  const said = focused.outerHTML.slice(0, 100);
  if (focused === document.body) return { number, fault: "" };
  const { outlineStyle, outlineWidth } = getComputedStyle(focused);
  if (outlineStyle === "none" || parseFloat(outlineWidth) < 2) return { number, fault: "no outline: " + said };
  const { left, top, width, height } = focused.getBoundingClientRect();
  const over = document.elementFromPoint(left + width / 2, top + height / 2);
  const isSeen = over !== null && (focused.contains(over) || over.contains(focused));
  return { number, fault: isSeen ? "" : "hidden" + (over ? " by " + over.outerHTML.slice(0, 60) : "") + ": " + said };
})()`;

/** Finds targets below 24 px whose circle of 24 px meets that of another target (WCAG 2.5.8; links in a sentence are exempt). */
const smallTargets = `(() => {
  const all = (${controls}).filter((each) => !each.matches(".skip, p a, dd a"));
  const boxes = all.map((each) => [each, each.getBoundingClientRect()]);
  const middle = ({ left, top, width, height }) => [left + width / 2, top + height / 2];
  return boxes
    .filter(([each, box]) => Math.min(box.width, box.height) < 24)
    .filter(([each, box]) => boxes.some(([other, its]) => {
      if (other === each) return false;
      const [a, b] = [middle(box), middle(its)];
      return Math.hypot(a[0] - b[0], a[1] - b[1]) < 24;
    }))
    .map(([each]) => each.outerHTML.slice(0, 120));
})()`;

test("no control is a target that a finger misses, on a phone and on a desk", async () => {
  const found: string[] = [];
  for (const screen of screens) {
    await show(screen);
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 640 });
      for (const each of await page.evaluate<readonly string[]>(smallTargets)) found.push(`/${screen.path}: ${each}`);
    }
  }
  expect(found).toEqual([]);
});

test("no screen scrolls sideways at 320 px, or at 1280 px with text at 200 %", async () => {
  const found: string[] = [];
  for (const screen of screens) {
    await show(screen);
    for (const [width, size] of [
      [320, "100%"],
      [1280, "200%"],
    ] as const) {
      await page.evaluate(`document.documentElement.style.fontSize = "${size}"`);
      const wide = await pageWidthIn(page, width);
      if (wide > width) found.push(`/${screen.path} with text at ${size}: ${wide} px in ${width} px`);
    }
    await page.evaluate(`document.documentElement.style.fontSize = ""`);
  }
  expect(found).toEqual([]);
});

test("shapes are seen with forced colours, and nothing moves with reduced motion", async () => {
  await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
  for (const screen of screens) {
    await show(screen);
    const unseen = await page.evaluate<number>(
      `[...document.querySelectorAll(".status svg")].filter((each) => getComputedStyle(each).fill === getComputedStyle(document.body).backgroundColor).length`,
    );
    const moving = await page.evaluate<number>(
      `document.getAnimations().filter((each) => Number(each.effect.getComputedTiming().activeDuration) > 0).length`,
    );
    expect([screen.path, unseen, moving]).toEqual([screen.path, 0, 0]);
  }
  await page.emulateMedia({ forcedColors: "none" });
  expect(opened.faults()).toEqual([]);
});
