import { afterAll, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type ConnectionOptions, type SecureVersion } from "node:tls";
import { expiredCertificate, localhostCertificate, otherCertificate } from "../../test/support/certificates.ts";
import { cipherSuites, listenerOptions, pemBlocks, readTlsFiles, type TlsFiles } from "./tls-files.ts";

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

const verifyIncoming: Pick<TlsFiles, "verify"> = {
  verify: { incoming: true, incomingHttps: false, incomingRpc: false, outgoing: false, serverHostname: false },
};

/** A block of PEM whose content is no certificate. */
const damaged = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

const plain: TlsFiles = {
  asksServers: false,
  caFile: undefined,
  caPath: undefined,
  certFile: file("cert.pem", localhostCertificate.cert),
  keyFile: file("key.pem", localhostCertificate.key),
  verify: { incoming: false, incomingHttps: false, incomingRpc: false, outgoing: false, serverHostname: false },
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
  const tls = listenerOptions(files, readTlsFiles(files), files.verify.incoming);
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
    const files = { ...plain, cipherSuites: [missing] };
    expect(() => listenerOptions(files, readTlsFiles(files), false)).toThrow("cannot be served");
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
    const files = { ...plain, caPath, ...verifyIncoming };
    expect(await suiteFor(files, { cert, key })).toBeDefined();
    expect(await suiteFor(files, {})).toBeUndefined();
  });

  test("is ignored when ca_file is set", async () => {
    const caPath = folder("others", { "b.pem": cert });
    const caFile = file("ca.pem", localhostCertificate.cert);
    expect(await suiteFor({ ...plain, caPath, caFile, ...verifyIncoming }, { cert, key })).toBeUndefined();
  });

  test("may have a file with several certificates, each of which verifies clients", async () => {
    const caFile = file("both.pem", `a comment\n${localhostCertificate.cert}\n${cert}\n`);
    const files = { ...plain, caFile, ...verifyIncoming };
    expect(await suiteFor(files, { cert, key })).toBeDefined();
    expect(await suiteFor(files, localhostCertificate)).toBeDefined();
    expect(await suiteFor(files, expiredCertificate)).toBeUndefined();
  });
});

describe("TLS settings that cannot be used are refused with Consul's text", () => {
  const { verify } = plain;
  const text = file("text", "hello");
  const [certFile, keyFile] = [file("c", localhostCertificate.cert), file("k", localhostCertificate.key)];
  const otherKey = file("other", otherCertificate.key);
  const pkcs8 = { type: "pkcs8", format: "pem" } as const;
  const rsaKey = file("rsa", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export(pkcs8));
  const ofPair = "Failed to load cert/key pair: ";
  const cases: readonly (readonly [Partial<TlsFiles>, string])[] = [
    [{ caFile: "/nope" }, "Error loading from /nope: open /nope: no such file or directory"],
    [{ caFile: root }, `Error loading from ${root}: read ${root}: is a directory`],
    [{ caFile: text }, `Couldn't parse PEM (ca_file ${text})`],
    [{ caPath: folder("empty", {}) }, `Error loading from CAPath: no CAs found (ca_path ${join(root, "empty")})`],
    [{ caPath: "/nope" }, "lstat /nope: no such file or directory"],
    [{ caPath: text }, `Couldn't parse PEM (ca_path ${text})`],
    [
      { caPath: folder("mixed", { "a.pem": otherCertificate.cert, README: "hello" }) },
      `Couldn't parse PEM (ca_path ${join(root, "mixed/README")})`,
    ],
    [{ certFile: "/nope" }, `${ofPair}open /nope: no such file or directory`],
    [{ keyFile: "/nope" }, `${ofPair}open /nope: no such file or directory`],
    [{ certFile: text }, `${ofPair}tls: failed to find any PEM data in certificate input (cert_file ${text})`],
    [{ keyFile: text }, `${ofPair}tls: failed to find any PEM data in key input (key_file ${text})`],
    [
      { certFile: keyFile, keyFile: certFile },
      `${ofPair}tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched (cert_file ${keyFile})`,
    ],
    [
      { keyFile: certFile },
      `${ofPair}tls: found a certificate rather than a key in the PEM for the private key (key_file ${certFile})`,
    ],
    [{ keyFile: otherKey }, `${ofPair}tls: private key does not match public key`],
    [{ keyFile: rsaKey }, `${ofPair}tls: private key type does not match public key type`],
    [
      { minVersion: "tls9" },
      "TLSMinVersion: value tls9 not supported, please specify one of [tls10, tls11, tls12, tls13]",
    ],
    [{ verify: { ...verify, outgoing: true } }, "VerifyOutgoing set, and no CA certificate provided!"],
    [{ verify: { ...verify, serverHostname: true } }, "VerifyOutgoing set, and no CA certificate provided!"],
    [{ verify: { ...verify, incoming: true } }, "VerifyIncoming set but no CA certificates were provided"],
    [{ verify: { ...verify, incomingHttps: true } }, "VerifyIncoming set but no CA certificates were provided"],
    [{ verify: { ...verify, incomingRpc: true } }, "VerifyIncoming set but no CA certificates were provided"],
    [
      { verify: { ...verify, incoming: true }, caFile: certFile, keyFile: undefined },
      "VerifyIncoming requires either a Cert and Key pair in the configuration file, or auto_encrypt/auto_config be enabled",
    ],
  ];

  test.each(cases)("(case %#)", (change, message) => {
    const expected = expect.objectContaining({ code: "tls-files", message });
    expect(() => readTlsFiles({ ...plain, ...change })).toThrow(expected);
  });

  test("and a private key that is named as an authority is not in the text", () => {
    expect(() => readTlsFiles({ ...plain, caFile: keyFile })).toThrow(`Couldn't parse PEM (ca_file ${keyFile})`);
  });

  test("but one half of a certificate and its key is ignored, whatever it is", () => {
    expect(readTlsFiles({ ...plain, keyFile: undefined, certFile: "/nope" })).toEqual({
      authorities: [],
      own: undefined,
    });
  });
});

describe("a file of certificates with more than they need", () => {
  test("is served without the other blocks and texts, which Go passes over", async () => {
    const others =
      "a comment\n-----BEGIN X509 CRL-----\n!!\n-----END X509 CRL-----\n-----BEGIN CERTIFICATE-----\nunended\n";
    const certFile = file(
      "others.pem",
      `${others.replace(/-----BEGIN CERT.*\nunended\n/, "")}${localhostCertificate.cert}\n`,
    );
    const keyFile = file("others-key.pem", `${others}${localhostCertificate.key}\n`);
    expect(await suiteFor({ ...plain, certFile, keyFile }, { maxVersion: "TLSv1.2" })).toBeDefined();
  });

  test("is refused for a damaged certificate after the first one, which the TLS library would refuse later", () => {
    const certFile = file("chain.pem", `${localhostCertificate.cert}\n${damaged}`);
    expect(() => readTlsFiles({ ...plain, certFile })).toThrow(`(cert_file ${certFile})`);
  });

  test("whose blocks never end is read in a time in proportion to its length", () => {
    const block = (at: number): string => `-----BEGIN A${at}-----\n-----BEGIN B-----\n-----END C${at}-----\n`;
    const text = Array.from({ length: 100_000 }, (_, at) => block(at)).join("");
    expect(pemBlocks(`${text}${damaged}`)).toEqual([{ type: "CERTIFICATE", text: damaged }]);
  });
});
