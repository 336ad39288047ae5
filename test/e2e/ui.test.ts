import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openSandbox, type AgentProcess } from "../support/agent-process.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

describe("the page without scripts of -ui", () => {
  let agent: AgentProcess;
  const page = async (): Promise<string> => (await agent.send("GET", "/ui/plain")).text;

  beforeAll(async () => {
    agent = await sandbox.start("-dev", "-ui");
    await agent.ready();
  });

  test("is beside the UI, to which the root path redirects", async () => {
    const answer = await agent.send("GET", "/");
    expect({ status: answer.status, location: answer.header("Location") }).toEqual({ status: 301, location: "/ui/" });
    expect((await agent.send("GET", "/ui/plain")).header("Content-Type")).toBe("text/html; charset=utf-8");
  });

  test("lists services with their health and addresses, and lists unhealthy ones separately", async () => {
    const Check = { Name: "ping", TTL: "1h", Status: "warning" };
    const body = JSON.stringify({ Name: "web", Address: "10.0.0.7", Port: 8080, Tags: ["blue"], Check });
    await agent.send("PUT", "/v1/agent/service/register", { body });
    const html = await page();
    expect(html).toContain('<a href="../v1/health/service/web?pretty">web</a>');
    expect(html).toContain('<span class="warning">warning</span>');
    expect(html).toContain("10.0.0.7:8080 on ");
    expect(html).toContain("blue");
    expect(html).toContain("ping: warning");
  });

  test("shows why a service or node is unhealthy: the output of its check, or the reason for its maintenance", async () => {
    const Check = { CheckID: "hot", Name: "temperature", TTL: "1h" };
    await agent.send("PUT", "/v1/agent/service/register", { body: JSON.stringify({ Name: "oven", Check }) });
    await agent.send("PUT", "/v1/agent/check/fail/hot?note=300%20degrees%20%3C%20400");
    await agent.send("PUT", "/v1/agent/service/maintenance/oven?enable=true&reason=new%20door");
    const html = await page();
    expect(html).toContain("temperature: critical. 300 degrees &lt; 400");
    expect(html).toContain("Service Maintenance Mode: critical. new door");
  });

  test("shows names and keys as plain text, whatever they contain, and runs no script in them", async () => {
    const evil = "<script>alert(1)</script>";
    await agent.send("PUT", "/v1/agent/service/register", { body: JSON.stringify({ Name: evil, Tags: [evil] }) });
    await agent.send("PUT", `/v1/kv/${encodeURIComponent(`"'${evil}`)}`, { body: "x" });
    const html = await page();
    expect(html).not.toContain("<script");
    expect(html).toContain("&lt;script&gt;");
    expect((await agent.send("GET", "/ui/plain")).header("Content-Security-Policy")).toContain("default-src 'none'");
  });

  test("has a link from each key of the top level to its value, and from each folder to its keys", async () => {
    await agent.send("PUT", "/v1/kv/a%20b/c%3Fd", { body: "seen" });
    await agent.send("PUT", "/v1/kv/e%3Ff", { body: "seen" });
    const html = await page();
    const linkTo = (start: string): string =>
      new RegExp(`href="\\.\\.(/v1/kv/${start}[^"]*)"`).exec(html)?.[1]?.replaceAll("&amp;", "&") ?? "";
    expect((await agent.send("GET", linkTo("e%3Ff"))).text).toBe("seen");
    expect((await agent.send("GET", linkTo("a%20b"))).text).toContain('"a b/c?d"');
  });

  test("shows at most 200 services, the worst ones, and 200 keys, and says how many there are", async () => {
    const services = Array.from({ length: 250 }, (_, at) => ({
      ...{ Node: "far", Address: "192.0.2.1", Service: { ID: `s${at}`, Service: `s${at}` } },
      Check: { CheckID: `c${at}`, Name: "c", ServiceID: `s${at}`, Status: at === 249 ? "critical" : "passing" },
    }));
    for (const body of services) await agent.send("PUT", "/v1/catalog/register", { body: JSON.stringify(body) });
    for (let at = 0; at < 250; at++) await agent.send("PUT", `/v1/kv/k${at}`);
    const html = await page();
    expect(html).toMatch(/The first 200 of 2\d\d services\./);
    expect(html).toMatch(/The first 200 of 2\d\d keys and folders\./);
    expect(html).toContain(">s249</a>");
    expect(html.match(/<tr>/g)?.length).toBe(402);
  });
});

describe("the browser UI of -ui", () => {
  let agent: AgentProcess;
  const gzip = { "Accept-Encoding": "gzip, deflate, br" };

  beforeAll(async () => {
    agent = await sandbox.start("-dev", "-ui-content-path", "/a/b/");
    await agent.ready();
  });

  /** Returns the addresses of scripts and styles in a page, as paths from the agent's root. */
  const filesOf = (path: string, html: string): readonly string[] =>
    [...html.matchAll(/(?:src|href)="([^"]*\/assets\/[^"]+)"/g)].map(
      ([, link = ""]) => new URL(link, `http://agent${path}`).pathname,
    );

  test("is the same page for each path below, with addresses relative to the path", async () => {
    for (const [path, root] of [
      ["/a/b/", "./"],
      ["/a/b/services", "./"],
      ["/a/b/services/web", "../"],
      ["/a/b/services/a%2Fb/c", "../../"],
    ] as const) {
      const { status, text } = await agent.send("GET", path);
      expect(status).toBe(200);
      expect(text).toContain(`data-root="${root}"`);
      expect(text).toContain(`data-api="${root}../../"`);
      const files = filesOf(path, text);
      expect(files).toHaveLength(2);
      for (const file of files) expect(await agent.send("GET", file)).toMatchObject({ status: 200 });
    }
  });

  test("is asked for each time, and not sent again while it is the same", async () => {
    const first = await agent.send("GET", "/a/b/");
    expect(first.header("Cache-Control")).toBe("no-cache");
    const known = { "If-None-Match": `"other", W/${first.header("ETag")}` };
    expect(await agent.send("GET", "/a/b/", { headers: known })).toMatchObject({ status: 304, text: "" });
    expect(await agent.send("GET", "/a/b/services/x", { headers: known })).toMatchObject({ status: 200 });
  });

  test("allows nothing that is not of the agent, neither scripts in the page nor other pages around it", async () => {
    const page = await agent.send("GET", "/a/b/");
    expect(page.header("Content-Security-Policy")).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
        "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(page.header("X-Content-Type-Options")).toBe("nosniff");
    expect(page.header("Referrer-Policy")).toBe("no-referrer");
    expect(page.text).not.toMatch(/<script(?! type="module" src=)/);
  });

  test("has files that browsers keep for ever, compressed for those that accept gzip", async () => {
    const page = await agent.send("GET", "/a/b/");
    for (const file of filesOf("/a/b/", page.text)) {
      const [packed, plain] = [await agent.send("GET", file, { headers: gzip }), await agent.send("GET", file)];
      expect(packed.header("Cache-Control")).toBe("public, max-age=31536000, immutable");
      expect([packed.header("Content-Encoding"), plain.header("Content-Encoding")]).toEqual(["gzip", undefined]);
      expect(Buffer.from(Bun.gunzipSync(new Uint8Array(packed.bytes))).equals(plain.bytes)).toBe(true);
      expect(packed.header("X-Content-Type-Options")).toBe("nosniff");
      expect(packed.header("Vary")).toBe("Accept-Encoding");
    }
    expect(await agent.send("GET", "/a/b/assets/none-12345678.js")).toMatchObject({ status: 404 });
    expect(await agent.send("GET", "/a/b/assets/index.html")).toMatchObject({ status: 404 });
  });

  test("is not for pages of strangers whose host name leads to the agent", async () => {
    const headers = { Host: "evil.example:8500", "Accept-Language": "en" };
    for (const path of ["/a/b/", "/v1/kv/?recurse"]) {
      const refused = await agent.send("GET", path, { headers });
      expect(refused.status).toBe(403);
      expect(refused.text).toContain("http_config.allowed_hosts");
    }
    expect((await agent.send("GET", "/v1/status/leader", { headers: { Host: "evil.example" } })).status).toBe(200);
    const allowing = await sandbox.start("-dev", "-hcl", 'http_config { allowed_hosts = ["evil.example"] }');
    await allowing.ready();
    expect((await allowing.send("GET", "/ui/", { headers })).status).toBe(200);
  });
});
