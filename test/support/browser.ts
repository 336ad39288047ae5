import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
} from "playwright-core";
import { patienceMs } from "./patience.ts";
import { within } from "./within.ts";

/** A page of the browser UI, and what it did that it must not do. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Returns each violation of the content policy, error of a script, and request to another origin until now. */
  readonly faults: () => readonly string[];
  /** Returns the address below the origin, status, and size on the wire in bytes of each answer until now. */
  readonly answers: () => Promise<readonly PageAnswer[]>;
  /** Resolves when the page shows all that it has asked for, but for what the agent holds until something changes. */
  readonly quiet: () => Promise<void>;
}

export interface PageAnswer {
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
}

/** Maximum time until what a test waits for is on the page, on a quiet machine, in milliseconds. */
const waitMsMax = 10_000;

let browser: Promise<Browser> | undefined;

/** Starts Debian's Chromium, once for all tests of the process. */
function openBrowser(): Promise<Browser> {
  return (browser ??= chromium.launch({
    executablePath: Bun.which("chromium") ?? "chromium",
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
      // Names below .example lead to this machine, as those of a stranger's DNS server can.
      "--host-resolver-rules=MAP *.example 127.0.0.1",
      // Newer Chromiums keep strangers' pages from this machine by themselves; the agent must not depend on that.
      "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
    ],
  }));
}

/** The profile that pages share unless they ask for one of their own. */
let sharedProfile: Promise<BrowserContext> | undefined;

/** Ends the browser. A test file calls it when all its tests are done. */
export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
  sharedProfile = undefined;
}

/** Opens a browser profile: storage, workers and cache of its own. Its first page takes the browser about a second. */
export async function openProfile(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return (await openBrowser()).newContext({ reducedMotion: "reduce", ...options });
}

/**
 * Opens a page, and forgets what it stored when it is closed. Pages share a profile and so its cache and workers, which spares most of
 * the time that a page takes; with `options`, the page has a profile of its own.
 */
export async function openPage(url: string, options?: BrowserContextOptions): Promise<OpenPage> {
  if (options === undefined) return openPageIn(await (sharedProfile ??= openProfile()), url);
  const profile = await openProfile(options);
  const opened = await openPageIn(profile, url);
  return { ...opened, [Symbol.asyncDispose]: () => profile.close() };
}

/** Opens a page in a profile. */
export async function openPageIn(profile: BrowserContext, url: string): Promise<OpenPage> {
  const page = await profile.newPage();
  page.setDefaultTimeout(patienceMs(waitMsMax));
  const faults: string[] = [];
  const answers: Promise<PageAnswer>[] = [];
  const { origin } = new URL(url);
  page.on("console", (message) => {
    // The browser logs each answer with an error status; the page shows these itself.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith("data:") && new URL(request.url()).origin !== origin) faults.push(request.url());
  });
  const pending = new Set<Request>();
  page.on("request", (request) => {
    if (isAnsweredAtOnce(request)) pending.add(request);
  });
  page.on("requestfailed", (request) => pending.delete(request));
  page.on("requestfinished", (request) => {
    pending.delete(request);
    const answer = answerOf(request);
    // A page that is closed takes its last answers with it.
    answer.catch(() => {});
    answers.push(answer);
  });
  await page.goto(url);
  return {
    page,
    faults: () => faults,
    answers: () => Promise.all(answers),
    quiet: () =>
      within(waitMsMax, async () => {
        const expectQuiet = (): void => {
          const urls = [...pending].map((each) => each.url());
          if (urls.length > 0) throw new Error(`the page waits for ${urls.join(" ")}`);
        };
        expectQuiet();
        // A request that an answer leads to is sent before the frame that shows the answer.
        await page.evaluate(`new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))`);
        expectQuiet();
      }),
    async [Symbol.asyncDispose]() {
      await page.evaluate("localStorage.clear()").catch(() => {});
      await page.close();
    },
  };
}

/** Returns whether the request is one that the agent neither holds nor goes on answering. That of a worker is never said to end. */
function isAnsweredAtOnce(request: Request): boolean {
  const { pathname, searchParams } = new URL(request.url());
  return !searchParams.has("wait") && pathname !== "/v1/agent/monitor" && !pathname.includes("/shared-worker");
}

async function answerOf(request: Request): Promise<PageAnswer> {
  const [response, sizes] = await Promise.all([request.response(), request.sizes()]);
  const { pathname, search } = new URL(request.url());
  return { path: pathname + search, status: response?.status() ?? 0, bytes: sizes.responseBodySize };
}

/** Resolves when the page's connection has this state: "held" while it is live, "lost" without an answer of the agent. */
export async function connected(page: Page, state: "held" | "lost" | "released"): Promise<void> {
  await page.locator(`[data-connection="${state}"]`).waitFor();
}

/** Resolves when the screen has this state: "stale", "offline", "denied", "refused", "gone". */
export async function inState(page: Page, state: string): Promise<void> {
  await page.locator(`[data-state="${state}"]`).waitFor();
}

/**
 * Gives the window a width, and returns that of the page in it, both in CSS pixels: a page that scrolls sideways is wider. The page
 * learns of its width with a frame, and takes its form for a phone after it.
 */
export async function pageWidthIn(page: Page, width: number): Promise<number> {
  await page.setViewportSize({ width, height: 640 });
  return page.evaluate<number>(`(async () => {
    const { documentElement: root } = document;
    for (let tries = 0; root.scrollWidth > innerWidth && tries < 100; tries++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return root.scrollWidth;
  })()`);
}

/** Resolves when the focus is on the button with this name. */
export async function focusedOn(page: Page, button: string): Promise<void> {
  await page
    .locator(":focus")
    .and(page.getByRole("button", { name: button, exact: true }))
    .waitFor();
}
