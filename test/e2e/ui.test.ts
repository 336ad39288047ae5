import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openSandbox, type AgentProcess } from "../support/agent-process.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

describe("the built-in page of -ui", () => {
  let agent: AgentProcess;
  const page = async (): Promise<string> => (await agent.send("GET", "/ui/")).text;

  beforeAll(async () => {
    agent = await sandbox.start("-dev", "-ui");
    await agent.ready();
  });

  test("is the page to which the root path redirects", async () => {
    const answer = await agent.send("GET", "/");
    expect({ status: answer.status, location: answer.header("Location") }).toEqual({ status: 301, location: "/ui/" });
    expect((await agent.send("GET", "/ui/")).header("Content-Type")).toBe("text/html; charset=utf-8");
  });

  test("lists services with their health and addresses, and lists unhealthy ones separately", async () => {
    const Check = { Name: "ping", TTL: "1h", Status: "warning" };
    const body = JSON.stringify({ Name: "web", Address: "10.0.0.7", Port: 8080, Tags: ["blue"], Check });
    await agent.send("PUT", "/v1/agent/service/register", { body });
    const html = await page();
    expect(html).toContain('<a href="/v1/health/service/web?pretty">web</a>');
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
    expect((await agent.send("GET", "/ui/")).header("Content-Security-Policy")).toContain("default-src 'none'");
  });

  test("has a link from each key to its value", async () => {
    await agent.send("PUT", "/v1/kv/a%20b/c%3Fd", { body: "seen" });
    const link = /href="(\/v1\/kv\/a%20b[^"]*)"/.exec(await page())?.[1] ?? "";
    expect((await agent.send("GET", link)).text).toBe("seen");
  });
});
