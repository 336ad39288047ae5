/**
 * Takes the pictures of docs/pictures: starts an agent with the services of an EdgeX gateway, opens its web interface in Chromium, and
 * writes one file for each row of the table. The clock of the page stands still and the agent is new, so another run changes only
 * the pictures of screens that have changed.
 * usage: make pictures
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { freePorts } from "../test/support/free-ports.ts";
import { within } from "../test/support/within.ts";
import { runtimeOptions } from "./compile-program.ts";
import { reason, register, settings, standStill, startMs } from "./sample-gateway.ts";

interface Picture {
  /** The file's name without its ending. */
  readonly name: string;
  /** The path below the UI's folder. */
  readonly path: string;
  readonly theme: "light" | "dark";
  readonly device: keyof typeof devices;
  /** The texts that are there when all parts of the screen have their data. */
  readonly texts: readonly string[];
  /** Brings the page into the state of the picture. */
  readonly prepare?: (page: Page) => Promise<void>;
}

const devices = {
  desk: { width: 1280, height: 560 },
  high: { width: 1280, height: 680 },
  phone: { width: 390, height: 640 },
} as const;

/** The screens: a picture of each in both themes, on a desk and on a phone. */
const screens: readonly Pick<Picture, "name" | "path" | "texts">[] = [
  { name: "overview", path: "", texts: ["1 finding", "device-modbus", "Commit"] },
  { name: "services", path: "services", texts: [reason] },
  { name: "service", path: "services/edgex-core-command", texts: [reason, "registered with", "reports, at least"] },
  { name: "keys", path: `keys/${settings}/Service/`, texts: ["device virtual started"] },
  {
    name: "key",
    path: `keys/${settings}/Writable/LogLevel`,
    texts: ["Live: the service", "request waits", "lost readings"],
  },
  { name: "search", path: "search?q=virtual", texts: ["matches in"] },
  { name: "doctor", path: "doctor", texts: ["To do:"] },
  { name: "nodes", path: "nodes", texts: ["gateway-7 (this agent)"] },
  { name: "ports", path: "ports", texts: ["device-modbus"] },
  { name: "sessions", path: "sessions", texts: ["commander"] },
  { name: "metrics", path: "metrics", texts: ["consul.rpc.query"] },
  { name: "log", path: "log", texts: ["[INFO]"] },
  { name: "agent", path: "agent", texts: ["gateway-7 in dc1", "2 h ago", "GiB free"] },
];

const pictures: readonly Picture[] = [
  ...screens.flatMap((screen) =>
    (["desk", "phone"] as const).flatMap((device) =>
      (["light", "dark"] as const).map((theme) => ({
        ...{ ...screen, device, theme },
        name: [screen.name, ...(device === "phone" ? [device] : []), ...(theme === "dark" ? [theme] : [])].join("-"),
      })),
    ),
  ),
  {
    ...{
      name: "key-history",
      path: `keys/${settings}/Writable/LogLevel`,
      theme: "light",
      device: "high",
      texts: ["lost readings"],
    },
    async prepare(page) {
      await page.keyboard.press("h");
      await page.getByRole("button", { name: "Roll back to index" }).waitFor();
    },
  },
  {
    ...{ name: "maintenance-phone", path: "services/device-virtual", theme: "light", device: "phone" },
    texts: ["registered with", "reports, at least"],
    async prepare(page) {
      await page.getByRole("button", { name: "Maintenance", exact: true }).click();
      await page.getByLabel("Reason").fill("new sensor");
    },
  },
  {
    ...{ name: "offline-phone", path: "services", theme: "dark", device: "phone", texts: [reason] },
    async prepare(page) {
      // Without shared workers the tab itself holds the request, which then follows its clock and this route.
      await page.addInitScript("delete globalThis.SharedWorker");
      await page.reload();
      await page.getByText(reason).waitFor();
      await page.route("**/v1/**", (route) => route.abort("connectionrefused"));
      await page.keyboard.press("r");
      await page.getByRole("button", { name: "live" }).click();
      await page.getByRole("button", { name: "paused" }).click();
      await page.locator('[data-connection="lost"]').waitFor();
      await page.clock.setFixedTime(startMs + 12_000);
      await page.getByText("for 12 s;").waitFor();
    },
  },
];

const root = resolve(import.meta.dir, "..");
const folder = mkdtempSync(join(tmpdir(), "pictures-"));
const [http = 0, serf = 0, server = 0] = await freePorts(3);
const url = `http://127.0.0.1:${http}`;
const agent = Bun.spawn(
  [
    ...[join(root, "node_modules/.bin/bun"), ...runtimeOptions, join(root, "src/main.ts"), "agent", "-ui"],
    ...["-server", "-bootstrap", "-node", "gateway-7", "-data-dir", folder, "-bind", "127.0.0.1"],
    ...["-http-port", `${http}`, "-serf-lan-port", `${serf}`, "-serf-wan-port", "-1", "-server-port", `${server}`],
    ...["-dns-port", "-1", "-grpc-port", "-1"],
  ],
  { cwd: root, stdin: "ignore", stdout: "ignore", stderr: "inherit" },
);
let browser: Browser | undefined;
try {
  await within(30_000, async () => {
    const leader = await (await fetch(`${url}/v1/status/leader`)).text();
    if (leader === '""') throw new Error("the agent has no leader");
  });
  await register(url);
  browser = await chromium.launch({
    executablePath: Bun.which("chromium") ?? "chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
  });
  for (const picture of pictures) await take(browser, picture);
} finally {
  await browser?.close();
  agent.kill();
  await agent.exited;
  rmSync(folder, { recursive: true, force: true });
}

async function take(on: Browser, { name, path, theme, device, texts, prepare }: Picture): Promise<void> {
  const context = await on.newContext({
    ...{ viewport: devices[device], colorScheme: theme, reducedMotion: "reduce", locale: "en-GB", timezoneId: "UTC" },
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(startMs);
  await standStill(page, { url, folder, ports: [http, serf, server] });
  await page.goto(`${url}/ui/${path}`);
  for (const text of texts) await page.getByText(text).first().waitFor();
  await page.locator('[data-connection="held"]').waitFor();
  await prepare?.(page);
  await page.evaluate('document.activeElement.style.caretColor = "transparent"');
  const session = await context.newCDPSession(page);
  // A WebP has a third of the bytes of a PNG.
  const { data } = await session.send("Page.captureScreenshot", { format: "webp", quality: 70 });
  await Bun.write(join(root, `docs/pictures/${name}.webp`), Buffer.from(data, "base64"));
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
}
