import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentProcess, openSandbox } from "../support/agent-process.ts";
import { localhostCertificate, otherCertificate } from "../support/certificates.ts";
import { freePorts } from "../support/free-ports.ts";
import { ownProgram } from "../support/own-program.ts";
import { promptly } from "../support/promptly.ts";
import { RawConnection } from "../support/raw-connection.ts";

const sandbox = openSandbox();
afterAll(() => sandbox.close());

const inFolder = (name: string): string => join(sandbox.folder, name);

async function startAgent(...words: readonly string[]): Promise<AgentProcess> {
  const agent = await sandbox.start("-dev", "-hcl", "ui = false", ...words);
  await agent.ready();
  return agent;
}

/** Expects that an agent started with -dev and this configuration exits with 1 and prints this message. */
async function expectRefused(hcl: string, message: string): Promise<void> {
  const [port = 0] = await freePorts(1);
  const { code, output } = await sandbox.run("agent", "-dev", "-dns-port", "-1", "-http-port", `${port}`, "-hcl", hcl);
  expect(output).toContain(`==> ${message}`);
  expect(code).toBe(1);
}

describe("HTTPS", () => {
  const files = {
    cert: inFolder("cert.pem"),
    key: inFolder("key.pem"),
    otherCert: inFolder("other-cert.pem"),
    otherKey: inFolder("other-key.pem"),
    text: inFolder("text.pem"),
  };
  writeFileSync(files.cert, localhostCertificate.cert);
  writeFileSync(files.key, localhostCertificate.key);
  writeFileSync(files.otherCert, otherCertificate.cert);
  writeFileSync(files.otherKey, otherCertificate.key);
  writeFileSync(files.text, "not PEM");
  const https = (cert: string, key: string, more = ""): string =>
    `ports { https = ${httpsPort} }\ncert_file = "${cert}"\nkey_file = "${key}"\n${more}`;
  let httpsPort = 28_597;

  test("is served with the configured certificate beside HTTP", async () => {
    [httpsPort = 0] = await freePorts(1);
    const agent = await startAgent("-hcl", https(files.cert, files.key));
    await agent.send("PUT", "/v1/kv/a", { body: "one" });
    const trusted = { tls: { ca: localhostCertificate.cert } };
    const answer = await fetch(`https://localhost:${httpsPort}/v1/kv/a?raw`, trusted);
    expect(await answer.text()).toBe("one");
    expect(fetch(`https://localhost:${httpsPort}/v1/kv/a?raw`)).rejects.toThrow(/certificate/);
    expect(agent.output()).toContain(`Started HTTP server: address=127.0.0.1:${httpsPort} network=https`);
  });

  test("with verify_incoming accepts only clients whose certificate ca_file verifies", async () => {
    [httpsPort = 0] = await freePorts(1);
    await startAgent("-hcl", https(files.cert, files.key, `ca_file = "${files.otherCert}"\nverify_incoming = true`));
    const ask = (tls: object): Promise<Response> =>
      fetch(`https://localhost:${httpsPort}/v1/status/leader`, { tls: { ca: localhostCertificate.cert, ...tls } });
    expect((await ask({ cert: otherCertificate.cert, key: otherCertificate.key })).status).toBe(200);
    expect(await refusal(ask({}))).toBe(true);
    expect(await refusal(ask({ cert: localhostCertificate.cert, key: localhostCertificate.key }))).toBe(true);
  });

  test("without a certificate accepts connections but fails each handshake, until a reload adds a certificate", async () => {
    [httpsPort = 0] = await freePorts(1);
    const file = inFolder("https.hcl");
    const configure = (hcl: string): void => writeFileSync(file, hcl);
    configure("");
    const agent = await startAgent("-https-port", `${httpsPort}`, "-config-file", file);
    const ask = (): Promise<Response> =>
      fetch(`https://localhost:${httpsPort}/v1/status/leader`, {
        tls: { ca: localhostCertificate.cert },
        keepalive: false,
      });
    const warnings = (): number => agent.output().split("HTTPS has no certificate").length - 1;
    expect((await agent.send("GET", "/v1/status/leader")).status).toBe(200);
    expect(await refusal(ask())).toBe(true);
    expect(warnings()).toBe(1);
    for (const half of [`cert_file = "${files.cert}"`, `key_file = "${files.key}"`]) {
      configure(half);
      expect((await agent.send("PUT", "/v1/agent/reload")).status).toBe(200);
      expect(await refusal(ask())).toBe(true);
    }
    configure(`cert_file = "${files.cert}"\nkey_file = "${files.key}"`);
    expect((await agent.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect((await ask()).status).toBe(200);
    configure("");
    expect((await agent.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect(await refusal(ask())).toBe(true);
    expect(warnings()).toBe(2);
  });

  const pair = "Failed to load cert/key pair: ";
  test.each([
    [() => https("/nowhere/c.pem", files.key), () => `${pair}open /nowhere/c.pem: no such file or directory\n`],
    [() => https(files.cert, files.text), () => `${pair}tls: failed to find any PEM data in key input`],
    [() => https(files.cert, files.otherKey), () => `${pair}tls: private key does not match public key\n`],
    [() => `ca_file = "${files.text}"`, () => `Couldn't parse PEM (ca_file ${files.text})\n`],
    [() => "verify_incoming_https = true", () => "VerifyIncoming set but no CA certificates were provided\n"],
    [() => "verify_outgoing = true", () => "VerifyOutgoing set, and no CA certificate provided!\n"],
    [
      () => `ca_file = "${files.otherCert}"\nverify_incoming = true`,
      () =>
        "VerifyIncoming requires either a Cert and Key pair in the configuration file, or auto_encrypt/auto_config be enabled\n",
    ],
    [
      () => 'tls_min_version = "tls9"',
      () => "TLSMinVersion: value tls9 not supported, please specify one of [tls10, tls11, tls12, tls13]\n",
    ],
    [
      () => 'tls_cipher_suites = "FOO"',
      () => 'tls_cipher_suites: invalid tls cipher suites: unsupported cipher "FOO"; there are TLS_ECDHE_',
    ],
    [() => "auto_encrypt { tls = true }", () => "auto_encrypt.tls can only be used on a client."],
    [() => "auto_config { enabled = true }", () => "auto_config.enabled is not supported: this agent asks no server"],
  ])("with unusable TLS settings stops the agent's start (case %#)", async (hcl, message) => {
    await expectRefused(hcl(), message());
  });
});

describe("a unix socket", () => {
  const socketHcl = (path: string, more = ""): string => `addresses { http = "unix://${path}" }\n${more}`;

  test("is served with the configured owner and mode, and removed when the agent ends", async () => {
    const path = inFolder("agent.sock");
    const id = process.getuid?.() ?? 0;
    const more = `unix_sockets { user = "${id}", group = "${process.getgid?.() ?? 0}", mode = "640" }`;
    const agent = await sandbox.start("-dev", "-hcl", socketHcl(path, more));
    await agent.ready();
    expect(statSync(path)).toMatchObject({ uid: id });
    expect(statSync(path).mode & 0o777).toBe(0o640);
    const answer = await fetch("http://agent/v1/status/leader", { unix: path });
    expect(await answer.json()).toMatch(/^127\.0\.0\.1:\d+$/);
    agent.signal("SIGTERM");
    await agent.ended();
    expect(existsSync(path)).toBe(false);
  });

  const idleSeconds = Number(process.env["IDLE_SECONDS"] ?? 0);
  test.skipIf(idleSeconds === 0)(
    "keeps an idle connection open as long as a TCP port does (waits as long as IDLE_SECONDS says)",
    async () => {
      const path = inFolder("idle.sock");
      await (await sandbox.start("-dev", "-hcl", socketHcl(path))).ready();
      await using connection = await RawConnection.open(`unix://${path}`);
      for (const waitMs of [idleSeconds * 1_000, 0]) {
        connection.send("GET /v1/status/leader HTTP/1.1\r\nHost: agent\r\n\r\n");
        expect((await connection.answer()).status).toBe(200);
        await Bun.sleep(waitMs);
      }
    },
  );

  test("that a killed agent left behind is replaced at the next start", async () => {
    const path = inFolder("stale.sock");
    const killed = await sandbox.start("-dev", "-hcl", socketHcl(path));
    await killed.ready();
    killed.signal("SIGKILL");
    await killed.ended();
    expect(statSync(path).isSocket()).toBe(true);
    await (await sandbox.start("-dev", "-hcl", socketHcl(path))).ready();
    expect((await fetch("http://agent/v1/status/leader", { unix: path })).status).toBe(200);
  });

  test("on which another program listens stops the agent's start and is not replaced", async () => {
    const path = inFolder("taken.sock");
    const other = Bun.serve({ unix: path, fetch: () => new Response("other") });
    await expectRefused(socketHcl(path), `cannot listen on ${path}: another program listens there: ${ownProgram}.`);
    expect(await (await fetch("http://other/", { unix: path })).text()).toBe("other");
    await other.stop(true);
  });

  test("whose path is a regular file stops the agent's start, and the file is not replaced", async () => {
    const path = inFolder("file.sock");
    writeFileSync(path, "mine");
    await expectRefused(socketHcl(path), `cannot listen on ${path}: something that is not a socket is there.`);
  });

  test.each([
    ['mode = "rw"', "rw is not an octal mode like 660"],
    ['user = "nobody-of-that-name"', "/etc/passwd has no nobody-of-that-name"],
  ])("with the setting %s stops the agent's start", async (field, message) => {
    const path = inFolder("owner.sock");
    const said = `cannot set owner and mode of ${path} as unix_sockets says: ${message}`;
    await expectRefused(socketHcl(path, `unix_sockets { ${field} }`), said);
    expect(existsSync(path)).toBe(false);
  });
});

describe("core-keeper's API", () => {
  test("is served on its TCP port and on a unix socket as soon as the agent is ready", async () => {
    const [port = 0] = await freePorts(1);
    const path = inFolder("keeper.sock");
    const agent = await startAgent(
      "-keeper-port",
      `${port}`,
      "-hcl",
      `addresses { keeper = "127.0.0.1 unix://${path}" }`,
    );
    expect((await fetch(`http://127.0.0.1:${port}/api/v3/ping`)).status).toBe(200);
    expect((await fetch("http://agent/api/v3/ping", { unix: path })).status).toBe(200);
    expect(agent.output()).toContain(`Started keeper server: address=127.0.0.1:${port} network=http`);
  });

  test("stops the agent's start when its port is in use, with a message that names the flag for another port", async () => {
    const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("other") });
    const advice =
      `another program listens there: ${ownProgram}. ` +
      "Stop that program, or choose another address with -keeper-port or -client.";
    const [port = 0] = await freePorts(1);
    const words = ["-dev", "-dns-port", "-1", "-http-port", `${port}`, "-keeper-port", `${other.port}`];
    const { code, output } = await sandbox.run("agent", ...words);
    expect(output).toContain(`==> cannot listen on 127.0.0.1:${other.port}: `);
    expect(output).toContain(advice);
    expect(code).toBe(1);
    await other.stop(true);
  });
});

describe("allow_write_http_from", () => {
  test("rejects writes from other networks with 403, wrong paths and methods with 404 and 405, and allows reads", async () => {
    const path = inFolder("writers.sock");
    const hcl = `http_config { allow_write_http_from = ["10.0.0.0/8"] block_endpoints = ["/v1/agent/services"] }
      addresses { http = "127.0.0.1 unix://${path}" }`;
    const agent = await startAgent("-hcl", hcl);
    for (const [method, target] of [
      ["PUT", "/v1/kv/a"],
      ["DELETE", "/v1/kv/a"],
      ["PUT", "/v1/agent/service/register"],
      ["PUT", "/v1/agent/leave"],
      ["PUT", "/v1/kv/a?dc=elsewhere"],
    ] as const)
      expect(await agent.send(method, target)).toMatchObject({ status: 403, text: "Access is restricted" });
    expect(await agent.send("PUT", "/v1/nowhere")).toMatchObject({ status: 404 });
    expect(await agent.send("PUT", "/v1/catalog/nodes")).toMatchObject({ status: 405 });
    expect((await agent.send("GET", "/v1/agent/services")).text).toBe("Endpoint is blocked by agent configuration");
    expect(await agent.send("GET", "/v1/kv/a")).toMatchObject({ status: 404 });
    // Consul cannot determine the client's address for a request over a unix socket, and answers 500. Praetor allows it: the
    // socket's file mode decides who may connect.
    expect(await (await fetch("http://agent/v1/kv/a", { unix: path, method: "PUT", body: "1" })).json()).toBe(true);
  });

  test("allows writes from its networks, also from an IPv4 address in IPv6-mapped form", async () => {
    const networks = ["-allow-write-http-from", "10.0.0.0/8", "-allow-write-http-from", "127.0.0.0/8"];
    const agent = await startAgent(...networks, "-client", "::");
    expect((await agent.send("PUT", "/v1/kv/a", { body: "1" })).json).toBe(true);
  });
});

describe("the agent's configuration:", () => {
  test.each([
    ["-default-query-time", ""],
    ["-max-query-time", "&wait=10m"],
  ])("%s limits the time that the agent holds a blocking query", async (flag, query) => {
    const agent = await startAgent(flag, "300ms");
    const { index } = await agent.send("GET", "/v1/catalog/services");
    const startMs = performance.now();
    await promptly(agent.send("GET", `/v1/catalog/services?index=${index}${query}`));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(290);
  });

  test("check_output_max_size limits the output of a check, and discard_check_output discards it", async () => {
    const file = inFolder("discard.hcl");
    writeFileSync(file, "check_output_max_size = 10");
    const agent = await startAgent("-config-file", file);
    await agent.send("PUT", "/v1/agent/check/register", { body: { Name: "own", TTL: "1h" } });
    const Check = { TTL: "1h" };
    await agent.send("PUT", "/v1/agent/service/register", { body: { Name: "web", Check } });
    const outputs = async (note: string): Promise<string[]> => {
      for (const id of ["own", "service:web"]) await agent.send("PUT", `/v1/agent/check/pass/${id}?note=${note}`);
      const checks = (await agent.send("GET", "/v1/health/state/any")).json as { CheckID: string; Output: string }[];
      return checks.filter(({ CheckID }) => CheckID !== "serfHealth").map(({ Output }) => Output);
    };
    expect(await outputs("0123456789abc")).toEqual(Array(2).fill("0123456789 ... (captured 10 of 13 bytes)"));

    writeFileSync(file, "check_output_max_size = 10\ndiscard_check_output = true");
    expect((await agent.send("PUT", "/v1/agent/reload")).status).toBe(200);
    expect(await outputs("short")).toEqual(["", ""]);
    writeFileSync(file, "");
    await agent.send("PUT", "/v1/agent/reload");
    expect(await outputs("short")).toEqual(["short", "short"]);
  });

  test("limits.kv_max_value_size is the maximum size of a key's value in bytes", async () => {
    const agent = await startAgent("-hcl", "limits { kv_max_value_size = 5 }");
    expect((await agent.send("PUT", "/v1/kv/a", { body: "12345" })).json).toBe(true);
    expect(await agent.send("PUT", "/v1/kv/a", { body: "123456" })).toMatchObject({ status: 413 });
    expect((await agent.send("GET", "/v1/kv/a?raw")).text).toBe("12345");
  });

  test("limits.kv_max_value_size can allow a key's value of 4,000,000 bytes", async () => {
    const agent = await startAgent("-hcl", "limits { kv_max_value_size = 4000000 }");
    expect((await agent.send("PUT", "/v1/kv/a", { body: "x".repeat(4_000_000) })).json).toBe(true);
    expect((await agent.send("GET", "/v1/kv/a?raw")).text).toHaveLength(4_000_000);
  });

  test("a key's value of 512 KiB is accepted by default, and a larger one is refused, chunked or not", async () => {
    const agent = await startAgent();
    for (const bytes of [524_289, 1_048_577, 3_000_000, 20_000_000]) {
      const body = Buffer.alloc(bytes, "x");
      const announced = await agent.send("PUT", "/v1/kv/a", { body });
      expect(announced).toMatchObject({ status: 413, text: expect.stringContaining(`(${bytes} bytes) too large`) });
      const chunked = await agent.send("PUT", "/v1/kv/a", { body, chunked: true });
      expect(chunked).toMatchObject({ status: 413, text: expect.stringContaining("max size: 524288 bytes") });
    }
    expect(await agent.send("PUT", "/v1/kv/a", { body: "x".repeat(524_288), chunked: true })).toMatchObject({
      text: "true\n",
    });
    expect((await agent.send("GET", "/v1/kv/a?raw")).text).toHaveLength(524_288);
  });

  test("http_config.response_headers are added to every answer", async () => {
    const agent = await startAgent("-hcl", 'http_config { response_headers { X-Own = "yes" } }');
    for (const path of ["/v1/status/leader", "/v1/kv/none", "/v1/kv/a?index=x", "/v1/status/leader"])
      expect((await agent.send("GET", path)).header("X-Own")).toBe("yes");
  });
});

describe("the UI", () => {
  const folder = inFolder("ui");
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), '<base href="{{.ContentPath}}">');
  writeFileSync(join(folder, "assets", "app.js"), "x = 1");
  writeFileSync(inFolder("secret.txt"), "for nobody");

  test("is served at its content path, to which / redirects", async () => {
    const agent = await sandbox.start("-dev", "-ui-content-path", "registry");
    await agent.ready();
    expect(await agent.send("GET", "/")).toMatchObject({ status: 301 });
    expect((await agent.send("GET", "/")).header("Location")).toBe("/registry/");
    expect((await agent.send("GET", "/registry")).header("Location")).toBe("/registry/");
    expect((await agent.send("GET", "/registry/")).text).toContain("<title>Praetor</title>");
    expect(await agent.send("GET", "/ui/")).toMatchObject({ status: 404 });
  });

  test("from a folder serves the folder's files, and its index.html for every other path", async () => {
    const agent = await startAgent("-ui-dir", folder, "-ui-content-path", "/own/");
    const script = await agent.send("GET", "/own/assets/app.js");
    expect(script).toMatchObject({ status: 200, text: "x = 1" });
    expect(script.header("Content-Type")).toMatch(/^text\/javascript/);
    for (const path of ["/own/", "/own/index.html", "/own/services/web", "/own/assets", "/own/assets/", "/own/a.js"]) {
      const page = await agent.send("GET", path);
      expect(page).toMatchObject({ status: 200, text: '<base href="/own/">' });
      expect(page.header("Content-Type")).toBe("text/html; charset=utf-8");
    }
  });

  test("from a folder serves no file outside the folder", async () => {
    const agent = await startAgent("-ui-dir", folder);
    const ways = [
      "../",
      "..%2f",
      "%2e%2e/",
      "%2e%2e%2f",
      "..%5c",
      "..\\",
      "assets/../../",
      "assets/..%2f..%2f",
      "/",
      "./../",
    ];
    for (const way of ways) {
      for (const path of [`/ui/${way}secret.txt`, `/ui/${way}${way}${way}${way}${way}etc/passwd`, `/ui/${way}`]) {
        const answer = await agent.send("GET", path);
        expect(answer.text).not.toMatch(/for nobody|root:/);
        const place = answer.header("Location");
        if (place !== undefined) expect((await agent.send("GET", place)).text).not.toMatch(/for nobody|root:/);
      }
    }
  });

  test("from a missing folder answers 404, and the agent runs", async () => {
    const agent = await startAgent("-ui-dir", inFolder("no-ui"));
    expect(agent.output()).toContain(`ui_dir "${inFolder("no-ui")}" is not a folder: no UI is served (flag -ui-dir)`);
    expect(await agent.send("GET", "/ui/")).toMatchObject({ status: 404 });
    expect(await agent.send("GET", "/v1/status/leader")).toMatchObject({ status: 200 });
  });
});

describe("script checks", () => {
  const script = { Name: "script", Args: ["true"], Interval: "1s" };
  const file = inFolder("script.json");
  writeFileSync(file, '{"check": {"name": "from-file", "args": ["true"], "interval": "1s"}}');

  test("never run without a flag that enables them", async () => {
    const agent = await startAgent();
    expect(await agent.send("PUT", "/v1/agent/check/register", { body: script })).toMatchObject({ status: 500 });
    expect((await agent.send("GET", "/v1/agent/checks")).json).toEqual({});
  });

  test("of configuration files run with -enable-local-script-checks, those registered over HTTP do not", async () => {
    const agent = await startAgent("-enable-local-script-checks", "-config-file", file);
    const refused = await agent.send("PUT", "/v1/agent/check/register", { body: script });
    expect(refused).toMatchObject({
      status: 500,
      text: expect.stringContaining("disabled on this agent from remote calls"),
    });
    expect(Object.keys((await agent.send("GET", "/v1/agent/checks")).json as object)).toEqual(["from-file"]);
  });

  test("of configuration files and those registered over HTTP run with -enable-script-checks", async () => {
    const agent = await startAgent("-enable-script-checks", "-config-file", file);
    expect(await agent.send("PUT", "/v1/agent/check/register", { body: script })).toMatchObject({ status: 200 });
    expect(Object.keys((await agent.send("GET", "/v1/agent/checks")).json as object).toSorted()).toEqual([
      "from-file",
      "script",
    ]);
  });
});

/** Returns whether the server refused the TLS handshake. */
async function refusal(answer: Promise<Response>): Promise<boolean> {
  try {
    await (await answer).text();
    return false;
  } catch {
    return true;
  }
}
