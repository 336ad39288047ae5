import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type SecureVersion } from "node:tls";
import { localhostCertificate, otherCertificate } from "../../test/support/certificates.ts";
import { cipherSuites, readTlsFiles, type TlsFiles } from "./tls-files.ts";

const root = mkdtempSync(join(tmpdir(), "tls-files-"));
afterAll(() => rmSync(root, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(root, name);
  writeFileSync(path, text);
  return path;
}

function folder(name: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(join(root, name));
  mkdirSync(join(root, name, "sub"));
  for (const [path, text] of Object.entries(files)) file(join(name, path), text);
  return join(root, name);
}

const plain: TlsFiles = {
  caFile: undefined,
  caPath: undefined,
  certFile: file("cert.pem", localhostCertificate.cert),
  keyFile: file("key.pem", localhostCertificate.key),
  verifyIncoming: false,
  minVersion: "tls12",
  cipherSuites: [],
  preferServerCipherSuites: false,
};

/** Returns the cipher suite that a client negotiates; undefined when the server refuses the client. */
async function suiteFor(files: TlsFiles, client: ConnectionOptions): Promise<string | undefined> {
  using server = serve(files);
  return await new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port: server.port, rejectUnauthorized: false, ...client });
    const end = (suite: string | undefined): void => {
      resolve(suite);
      socket.destroy();
    };
    // A TLS 1.3 server can refuse a client's certificate after the handshake. Only a response shows that it accepted the client.
    socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    socket.on("data", () => end(socket.getCipher().name));
    socket.on("error", () => end(undefined)).on("close", () => end(undefined));
  });
}

function serve(files: TlsFiles): { readonly port: number } & Disposable {
  const tls = readTlsFiles(files);
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, tls, fetch: () => new Response("ok") });
  return { port: server.port ?? 0, [Symbol.dispose]: () => void server.stop(true) };
}

/** Returns the TLS versions that a server accepts. */
async function versionsOf(files: TlsFiles): Promise<readonly string[]> {
  const versions: readonly SecureVersion[] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];
  const taken = await Promise.all(
    versions.map(async (version) => suiteFor(files, { minVersion: version, maxVersion: version })),
  );
  return versions.filter((_, at) => taken[at] !== undefined);
}

describe("the oldest version of TLS", () => {
  test.each([
    ["tls10", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]],
    ["tls11", ["TLSv1.1", "TLSv1.2", "TLSv1.3"]],
    ["tls12", ["TLSv1.2", "TLSv1.3"]],
    ["tls13", ["TLSv1.3"]],
  ])("that is set to %s is accepted, and older versions are refused", async (minVersion, versions) => {
    expect(await versionsOf({ ...plain, minVersion })).toEqual(versions);
  });
});

describe("cipher suites", () => {
  const suites = [...cipherSuites].flatMap(([name, { openSslName }]) =>
    openSslName !== undefined && name.startsWith("TLS_ECDHE_ECDSA") ? [[name, openSslName] as const] : [],
  );

  test.each(suites)("are limited to %s when the settings name only this suite", async (name, openSslName) => {
    const suite = await suiteFor({ ...plain, cipherSuites: [name] }, { maxVersion: "TLSv1.2" });
    expect(suite).toBe(openSslName);
  });

  test("that are not available are ignored, and are an error if the settings name no others", async () => {
    const missing = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256";
    const named = [missing, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"];
    expect(await suiteFor({ ...plain, cipherSuites: named }, { maxVersion: "TLSv1.2" })).toBe("ECDHE-ECDSA-AES128-SHA");
    expect(() => readTlsFiles({ ...plain, cipherSuites: [missing] })).toThrow("cannot be served");
  });

  test("are chosen by the server's order with tls_prefer_server_cipher_suites", async () => {
    const named = ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"];
    const suite = await suiteFor(
      { ...plain, cipherSuites: named, preferServerCipherSuites: true },
      { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA" },
    );
    expect(suite).toBe("ECDHE-ECDSA-AES128-SHA");
  });
});

describe("a folder of CA certificates", () => {
  const { cert, key } = otherCertificate;

  test("verifies clients as a CA file does, also with certificates in subfolders", async () => {
    const caPath = folder("authorities", { "a.crt": localhostCertificate.cert, "sub/b": cert });
    const files = { ...plain, caPath, verifyIncoming: true };
    expect(await suiteFor(files, { cert, key })).toBeDefined();
    expect(await suiteFor(files, {})).toBeUndefined();
  });

  test("is ignored when ca_file is set", async () => {
    const caPath = folder("others", { "b.pem": cert });
    const caFile = file("ca.pem", localhostCertificate.cert);
    expect(await suiteFor({ ...plain, caPath, caFile, verifyIncoming: true }, { cert, key })).toBeUndefined();
  });

  test.each([
    ["is empty", () => folder("empty", {}), "holds no files"],
    ["is missing", () => join(root, "nowhere"), "cannot read ca_path"],
    ["holds something else", () => folder("mixed", { "a.pem": cert, README: "hello" }), "mixed/README does not hold"],
  ])("that %s is refused with an error that says so", (_, make, message) => {
    expect(() => readTlsFiles({ ...plain, caPath: make(), verifyIncoming: true })).toThrow(message);
  });
});
