import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Authority } from "./authority.ts";
import { createAuthority, createLeaf, type Issued } from "../../lib/certificate.ts";
import { numberedPaths, type PemPaths, writePemFiles } from "./pem-files.ts";
import { inDecimal, newSerialNumber } from "../../lib/serial-number.ts";

const folder = mkdtempSync(join(tmpdir(), "authority-"));
afterAll(() => rmSync(folder, { recursive: true }));
const nowMs = Date.parse("2026-01-01T00:00:00Z");

const common = { serial: newSerialNumber(), validFromMs: nowMs, days: 10 };
const create = (permittedDomains: readonly string[] = []): Issued =>
  createAuthority({ ...common, commonName: "an authority", permittedDomains });

function stored({ certificate, key }: Partial<Issued> = {}): PemPaths {
  const paths = numberedPaths(join(folder, "a"));
  const issued = create();
  writePemFiles(paths, { certificate: certificate ?? issued.certificate, key: key ?? issued.key });
  return paths;
}

test("a certificate verifies against the key of its authority, and names the authority as issuer", () => {
  const issued = create();
  const authority = new Authority(stored(issued));
  const names = { commonName: "kind_of.dc1", dnsNames: ["localhost"], ipAddresses: ["::1"], purposes: [] };
  const leaf = new X509Certificate(createLeaf({ ...common, ...names }, authority.issuer).certificate);
  const root = new X509Certificate(issued.certificate);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.subject).toBe("CN=kind_of.dc1");
  expect(leaf.checkIP("::1")).toBe("::1");
  expect(leaf.validTo).toBe("Jan 11 00:00:00 2026 GMT");
});

test("an authority with an RSA key, as other programs create, can issue certificates", () => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { certificate } = create();
  const issuer = { certificate: new X509Certificate(certificate).raw, key: privateKey };
  const names = { commonName: "a", dnsNames: ["a"], ipAddresses: [], purposes: [] };
  const leaf = new X509Certificate(createLeaf({ ...common, ...names }, issuer).certificate);
  expect(leaf.verify(publicKey)).toBe(true);
});

test("the error for files that do not belong to a certificate authority names the files", () => {
  expect(() => new Authority(stored({ certificate: "text" }))).toThrow(/a-\d+\.pem holds no certificate: /);
  expect(() => new Authority(stored({ key: "text" }))).toThrow(/a-\d+-key\.pem holds no private key: /);
  expect(() => new Authority(stored({ key: create().key }))).toThrow(/-key\.pem is not the key of .*a-\d+\.pem/);
});

test("an authority refuses to issue certificates that no client would accept", () => {
  const held = new Authority(stored(create(["plant.example", "localhost"])));
  held.requireUsable(["localhost", "plant.example", "a.B.Plant.example"], nowMs);
  expect(() => held.requireUsable(["localhost", "otherplant.example"], nowMs)).toThrow(
    'DNS name "otherplant.example" is not permitted by any constraint',
  );
  expect(() => held.requireUsable([], nowMs - 1_000)).toThrow("has expired or is not yet valid");
  expect(() => held.requireUsable([], nowMs + 11 * 86_400_000)).toThrow("has expired or is not yet valid");
  const issuer = new Authority(stored()).issuer;
  const leaf = createLeaf({ ...common, commonName: "a", dnsNames: ["a"], ipAddresses: [], purposes: [] }, issuer);
  expect(() => new Authority(stored(leaf)).requireUsable([], nowMs)).toThrow("is no certificate authority");
});

test("writePemFiles overwrites no file, and writes both certificate and key or neither", () => {
  const paths = numberedPaths(join(folder, "b"));
  expect(paths).toEqual({ certificate: join(folder, "b-0.pem"), key: join(folder, "b-0-key.pem") });
  writeFileSync(paths.key, "mine");
  expect(() => writePemFiles(paths, create())).toThrow("b-0-key.pem already exists.");
  expect(readFileSync(paths.key, "utf8")).toBe("mine");
  expect(numberedPaths(join(folder, "b")).certificate).toBe(join(folder, "b-1.pem"));
  const nowhere = { certificate: join(folder, "no/c.pem"), key: join(folder, "c-key.pem") };
  expect(() => writePemFiles(nowhere, create())).toThrow("no such file or directory");
  expect(numberedPaths(join(folder, "c")).key).toBe(join(folder, "c-0-key.pem"));
});

test("serial numbers are positive, have 16 bytes and differ", () => {
  const numbers = Array.from({ length: 50 }, newSerialNumber);
  expect(numbers.every((serial) => serial.length === 16 && (serial[0] ?? 0) >> 6 === 1)).toBe(true);
  expect(new Set(numbers.map(inDecimal)).size).toBe(50);
});
