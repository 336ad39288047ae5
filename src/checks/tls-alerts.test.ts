import { afterAll, expect, test } from "bun:test";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localhostCertificate } from "../../test/support/certificates.ts";
import { firstResult } from "../../test/support/check-trial.ts";
import { freePorts } from "../../test/support/free-ports.ts";
import { within } from "../../test/support/within.ts";
import type { CheckResult } from "./check-runner.ts";
import { startGrpcCheck } from "./grpc.ts";
import { startHttpCheck } from "./http.ts";

const folder = mkdtempSync(join(tmpdir(), "praetor-tls-"));
const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
writeFileSync(certFile, localhostCertificate.cert);
writeFileSync(keyFile, localhostCertificate.key);
const programs: Bun.Subprocess[] = [];
afterAll(() => {
  for (const program of programs) program.kill();
  rmSync(folder, { recursive: true });
});

const schedule = { intervalMs: 10_000, timeoutMs: 0 };

function checkHttps(port: number, tlsSkipVerify: boolean): Promise<CheckResult> {
  const method = { kind: "http", url: `https://localhost:${port}/`, method: "", headers: {}, body: "" } as const;
  return firstResult((options) => startHttpCheck({ ...method, tlsSkipVerify, ...schedule }, options));
}

function checkGrpc(port: number): Promise<CheckResult> {
  const method = { kind: "grpc", target: `localhost:${port}`, useTls: true, tlsSkipVerify: false } as const;
  return firstResult((options) => startGrpcCheck({ ...method, ...schedule }, options));
}

/** Starts OpenSSL's test server, which can be limited to old versions of TLS. */
async function serveByOpenssl(...words: readonly string[]): Promise<number> {
  const [port = 0] = await freePorts(1);
  const certificate = ["-cert", certFile, "-key", keyFile, "-www", "-quiet"];
  const command = ["openssl", "s_server", "-accept", `127.0.0.1:${port}`, ...certificate, ...words];
  programs.push(Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" }));
  await within(10_000, async () => {
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect").finally(() => socket.destroy());
  });
  return port;
}

/** Starts a server that answers ClientHello with these bytes and closes the connection. */
async function serveOctets(octets: Uint8Array): Promise<{ readonly port: number; close(): void }> {
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end(octets)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // address() is a string only for a Unix socket
  return { port, close: () => server.close() };
}

function failureOf({ output }: CheckResult): string {
  return output.replace(/^Get "[^"]*": /, "");
}

const tooOld =
  "the server speaks no TLS 1.2; update it, or let the check skip verification: then it accepts TLS 1.0 and 1.1, too";

test.each(["-tls1", "-tls1_1"])(
  "an HTTPS check of a server that is limited to %s passes only if the check skips verification",
  async (version) => {
    const port = await serveByOpenssl(version, "-cipher", "ALL:@SECLEVEL=0");
    expect((await checkHttps(port, true)).status).toBe("passing");
    expect(failureOf(await checkHttps(port, false))).toBe(
      `remote error: tls: protocol version not supported (${tooOld})`,
    );
  },
);

test("the output of an HTTPS check names the cause when the server requires a client certificate", async () => {
  const advice = "the server wants a client certificate, and checks have none";
  const newest = await serveByOpenssl("-Verify", "1", "-verify_return_error", "-tls1_3");
  expect(failureOf(await checkHttps(newest, true))).toBe(`remote error: tls: certificate required (${advice})`);
  const older = await serveByOpenssl("-Verify", "1", "-verify_return_error", "-tls1_2");
  expect(failureOf(await checkHttps(older, true))).toBe(
    `remote error: tls: handshake failure (no common cipher, or ${advice})`,
  );
});

test("the output of an HTTPS check names cause and remedy when the server selects a TLS version that is too old", async () => {
  const hello = [0x02, 0, 0, 38, 0x03, 0x02, ...Array<number>(32).fill(1), 0, 0x00, 0x2f, 0];
  const server = await serveOctets(Buffer.from([0x16, 0x03, 0x02, 0, hello.length, ...hello]));
  expect(failureOf(await checkHttps(server.port, false))).toBe(
    `tls: server selected unsupported protocol version (${tooOld})`,
  );
  server.close();
});

// Texts of Consul 1.8.7 for the same alerts; the advice in parentheses is Praetor's.
test.each<[number, string]>([
  [0, "EOF"],
  [10, "remote error: tls: unexpected message"],
  [20, "remote error: tls: bad record MAC"],
  [40, "remote error: tls: handshake failure"],
  [42, "remote error: tls: bad certificate"],
  [46, "remote error: tls: unknown certificate"],
  [47, "remote error: tls: illegal parameter"],
  [48, "remote error: tls: unknown certificate authority"],
  [49, "remote error: tls: access denied"],
  [50, "remote error: tls: error decoding message"],
  [51, "remote error: tls: error decrypting message"],
  [70, "remote error: tls: protocol version not supported"],
  [71, "remote error: tls: insufficient security level"],
  [80, "remote error: tls: internal error"],
  [86, "remote error: tls: inappropriate fallback"],
  [112, "remote error: tls: unrecognized name"],
  [116, "remote error: tls: certificate required"],
])("the TLS alert %i gives Consul's text in the output of HTTP and gRPC checks", async (alert, words) => {
  const server = await serveOctets(Buffer.from([0x15, 0x03, 0x03, 0, 2, 2, alert]));
  for (const skip of [true, false])
    expect(failureOf(await checkHttps(server.port, skip)).replace(/ \(.*\)$/, "")).toBe(words);
  if (alert !== 0) expect((await checkGrpc(server.port)).output).toContain(`authentication handshake failed: ${words}`);
  server.close();
});
