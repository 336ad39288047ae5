import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandFailure } from "../../../src/cli/command-failure.ts";
import { Authority } from "../../../src/cli/tls/authority.ts";
import { createLeaf } from "../../../src/lib/certificate.ts";
import { OperatingError } from "../../../src/lib/errors.ts";
import { newSerialNumber } from "../../../src/lib/serial-number.ts";
import { listenerOptions, readTlsFiles, type TlsFiles } from "../../../src/lib/tls-files.ts";
import { certificateEnds } from "../../../src/server/parts/certificate-ends.ts";
import { localhostCertificate } from "../certificates.ts";

const plain: TlsFiles = {
  ...{ caFile: undefined, caPath: undefined, certFile: undefined, keyFile: undefined, asksServers: false },
  verify: { incoming: false, incomingHttps: false, incomingRpc: false, outgoing: false, serverHostname: false },
  ...{ minVersion: "tls12", cipherSuites: [], preferServerCipherSuites: false },
};

export function pemOfDer(der: Uint8Array): string {
  return `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString("base64")}\n-----END CERTIFICATE-----\n`;
}

/**
 * Reads a file in all ways in which Praetor reads one of PEM: as CA, as certificate and as key of the agent, and as the authority
 * of `tls cert create`.
 */
export function readCertificates(octets: Uint8Array): void {
  const folder = mkdtempSync(join(tmpdir(), "certificates-"));
  try {
    const [path, key] = [join(folder, "input.pem"), join(folder, "key.pem")];
    writeFileSync(path, octets);
    writeFileSync(key, localhostCertificate.key);
    const refusals: unknown[] = [];
    for (const read of [
      () => readAgentFiles({ ...plain, caFile: path }),
      () => readAgentFiles({ ...plain, caPath: folder }),
      () => readAgentFiles({ ...plain, certFile: path, keyFile: path }),
      () => readAgentFiles({ ...plain, certFile: path, keyFile: key }),
      () => sign({ certificate: path, key: path }),
      () => sign({ certificate: path, key }),
    ])
      try {
        read();
      } catch (thrown) {
        if (!(thrown instanceof OperatingError) && !(thrown instanceof CommandFailure)) throw thrown;
        refusals.push(thrown);
      }
    // Each way has its own reason; the fuzzer looks for inputs with another one.
    if (refusals.length > 0) throw new CommandFailure(refusals.map(String).join("; ").replaceAll(folder, ""));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function readAgentFiles(files: TlsFiles): void {
  const credentials = readTlsFiles(files);
  certificateEnds(files, credentials);
  const options = listenerOptions(files, credentials, credentials.authorities.length > 0);
  Bun.listen({ hostname: "127.0.0.1", port: 0, tls: options, socket: { data() {} } }).stop(true);
}

function sign(paths: { readonly certificate: string; readonly key: string }): void {
  const authority = new Authority(paths);
  const nowMs = Date.UTC(2027, 0, 1);
  authority.requireUsable(["server.dc1.consul"], nowMs);
  const names = { dnsNames: ["server.dc1.consul"], ipAddresses: ["127.0.0.1"], purposes: ["server"] as const };
  createLeaf({ ...names, commonName: "a", serial: newSerialNumber(), validFromMs: nowMs, days: 1 }, authority.issuer);
}
