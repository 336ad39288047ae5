import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { localhostCertificate, otherCertificate, type TestCertificate } from "../support/certificates.ts";
import { freePorts } from "../support/free-ports.ts";
import { within } from "../support/within.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const soonMs = 20_000;

interface Told {
  readonly body: { readonly Value: string } | null;
  readonly index: string | null;
  readonly header: string | null;
}

function textOf(value: string): string {
  return Buffer.from(value, "base64").toString();
}

test("an agent calls the handlers of its configured watches at each change, and the new handlers after a reload", async () => {
  const told: Told[] = [];
  using listener = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { headers } = request;
      told.push({
        body: (await request.json()) as Told["body"],
        index: headers.get("x-consul-index"),
        header: headers.get("x-room"),
      });
      return new Response();
    },
  });
  const [first, second] = ["first", "second"].map((name) => join(sandbox.folder, name));
  const file = join(sandbox.folder, "watches.json");
  const configure = (script: string): void =>
    writeFileSync(
      file,
      JSON.stringify({
        watches: [
          { type: "key", key: "a", handler: `cat >${script}` },
          {
            ...{ type: "key", key: "a", handler_type: "http" },
            http_handler_config: { path: listener.url.href, header: { "X-Room": ["12"] } },
          },
        ],
      }),
    );
  configure(first ?? "");
  const agent = await sandbox.start("-data-dir", join(sandbox.folder, "data"), "-config-file", file);
  await agent.ready();
  await agent.send("PUT", "/v1/kv/a", { body: "one" });
  await within(soonMs, async () => {
    const last = told.at(-1);
    expect([textOf(last?.body?.Value ?? ""), last?.header]).toEqual(["one", "12"]);
    expect(Number(last?.index)).toBeGreaterThan(0);
    expect(textOf(JSON.parse(readFileSync(first ?? "", "utf8")).Value)).toBe("one");
  });
  configure(second ?? "");
  await agent.send("PUT", "/v1/agent/reload");
  await within(soonMs, async () => expect(existsSync(second ?? "")).toBe(true));
  await agent.send("PUT", "/v1/kv/a", { body: "two" });
  await within(soonMs, async () => {
    expect(textOf(JSON.parse(readFileSync(second ?? "", "utf8")).Value)).toBe("two");
    expect(textOf(told.at(-1)?.body?.Value ?? "")).toBe("two");
  });
  expect(textOf(JSON.parse(readFileSync(first ?? "", "utf8")).Value)).toBe("one");
});

describe("a configured watch", () => {
  const files = { cert: join(sandbox.folder, "cert.pem"), key: join(sandbox.folder, "key.pem") };
  const store = ({ cert, key }: TestCertificate): void => {
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  };
  let outputs = 0;

  /** Starts an agent with a watch of its services and these listeners; returns the output of the watch's handler. */
  async function startWatching(
    listeners: string,
    ...words: readonly string[]
  ): Promise<{ agent: AgentProcess; seen: () => string }> {
    const output = join(sandbox.folder, `seen-${(outputs += 1)}`);
    const config = join(sandbox.folder, `listeners-${outputs}.hcl`);
    writeFileSync(config, `${listeners}\nwatches = [{ type = "services", args = ["sh", "-c", "cat >${output}"] }]`);
    const agent = await sandbox.start("-dev", "-config-file", config, ...words);
    await agent.ready();
    return { agent, seen: () => readFileSync(output, "utf8") };
  }

  test.each([
    ["a unix socket", () => `addresses { http = "unix://${join(sandbox.folder, "agent.sock")}" }`],
    ["all addresses", () => 'addresses { http = "::" }'],
  ])("runs when HTTP is served on %s", async (_, listeners) => {
    const { seen } = await startWatching(listeners());
    await within(soonMs, async () => expect(JSON.parse(seen())).toEqual({ consul: [] }));
  });

  test("runs when the agent serves only HTTPS with client certificates, also with a new certificate", async () => {
    store(localhostCertificate);
    const [port = 0] = await freePorts(1);
    // The watch accepts this certificate although it is not valid for the address, because it is the agent's certificate.
    const tls = `cert_file = "${files.cert}" key_file = "${files.key}" ca_file = "${files.cert}" verify_incoming = true`;
    const { agent, seen } = await startWatching(`ports { https = ${port} } ${tls}`, "-http-port", "-1");
    await within(soonMs, async () => expect(JSON.parse(seen())).toEqual({ consul: [] }));
    store(otherCertificate);
    agent.signal("SIGHUP");
    await within(soonMs, async () => expect(agent.output()).toContain("Configuration reloaded"));
    const put = await fetch(`https://127.0.0.1:${port}/v1/agent/service/register`, {
      method: "PUT",
      body: '{"Name": "web"}',
      tls: { ...otherCertificate, rejectUnauthorized: false },
    });
    expect(put.status).toBe(200);
    await within(soonMs, async () => expect(JSON.parse(seen())).toEqual({ consul: [], web: [] }));
    expect(agent.output()).not.toContain("Watch errored");
  });

  test("uses the address on which the agent listens, even if a reloaded configuration names another address", async () => {
    const { agent, seen } = await startWatching("");
    await within(soonMs, async () => expect(JSON.parse(seen())).toEqual({ consul: [] }));
    const config = join(sandbox.folder, `listeners-${outputs}.hcl`);
    writeFileSync(config, `${readFileSync(config, "utf8")}\naddresses { http = "127.0.0.9" }`);
    await agent.send("PUT", "/v1/agent/reload");
    await agent.send("PUT", "/v1/agent/service/register", { body: { Name: "web" } });
    await within(soonMs, async () => expect(JSON.parse(seen())).toEqual({ consul: [], web: [] }));
  });

  test("does not run without HTTP and HTTPS, and the log states the reason", async () => {
    const { agent } = await startWatching("", "-http-port", "-1");
    expect(agent.output()).toContain(
      '[ERROR] agent.watch: Watches are not run: error="they ask the agent over HTTP or HTTPS, and both are off. ' +
        'Set ports.http or ports.https"',
    );
  });
});

test("a watch without a handler is skipped, with a warning that names its position in the configuration", async () => {
  const agent = await sandbox.start("-dev", "-hcl", 'watches = [{ type = "key", key = "a" }]');
  await agent.ready();
  expect(agent.output()).toMatch(/where=flags-0\.hcl:1:\d+ message="watch .*Must define a watch handler/);
});
