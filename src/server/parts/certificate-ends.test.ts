import { expect, test } from "bun:test";
import { newTestAuthority } from "../../../test/support/authority.ts";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { createLog } from "../../lib/log.ts";
import { Metrics } from "../../lib/metrics.ts";
import type { TlsFiles } from "../../lib/tls-files.ts";
import { Lifecycle } from "../lifecycle.ts";
import { type CertificateEnd, certificateEnds, watchCertificates } from "./certificate-ends.ts";

const dayMs = 86_400_000;

test("the end of a setting is that of its first certificate to expire, intermediate authorities included", () => {
  const authority = newTestAuthority();
  const own = authority.issue({ days: 40 });
  const files: TlsFiles = {
    ...{ asksServers: false, caFile: undefined, caPath: "/authorities", certFile: "/own.pem", keyFile: "/own-key.pem" },
    verify: { incoming: false, incomingHttps: false, incomingRpc: false, outgoing: false, serverHostname: false },
    ...{ minVersion: "tls12", cipherSuites: [], preferServerCipherSuites: false },
  };
  const leftDays = (pem: string): readonly (readonly [string, number])[] =>
    certificateEnds(files, { authorities: [authority.certificate], own: { cert: pem, key: own.key } }).map(
      ({ setting, path, endMs }) => [`${setting} ${path}`, Math.round((endMs - Date.now()) / dayMs)] as const,
    );
  const ofAuthority = ["ca_path /authorities", 10] as const;
  expect(leftDays(own.cert)).toEqual([["cert_file /own.pem", 40], ofAuthority]);
  expect(leftDays(own.cert + authority.certificate)).toEqual([["cert_file /own.pem", 10], ofAuthority]);
  expect(certificateEnds(files, { authorities: [], own: undefined })).toEqual([]);
});

test("a certificate near its end is logged at the start and once a day, and has a metric of the seconds that are left", async () => {
  const clock = new FakeClock();
  const metrics = new Metrics(clock.wallMs());
  const lines: string[] = [];
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "agent");
  const ends: CertificateEnd[] = [
    { setting: "cert_file", path: "/own.pem", endMs: clock.wallMs() + 8.5 * dayMs },
    { setting: "ca_file", path: "/ca.pem", endMs: clock.wallMs() + 31.5 * dayMs },
  ];
  const tls = { ends };
  const parts = new Lifecycle();
  const told = (): readonly string[] => lines.splice(0).map((line) => line.replace(/^\S+ /, ""));
  watchCertificates(parts, { tls, metrics, clock, log });
  const gauges = (): unknown => {
    metrics.endInterval(clock.wallMs());
    return metrics.lastInterval().gauges.map(({ name, value }) => [name, value]);
  };
  expect(gauges()).toEqual([
    ["praetor.tls.ca_expiry", 31.5 * 86_400],
    ["praetor.tls.cert_expiry", 8.5 * 86_400],
  ]);
  const soon = "agent: A TLS certificate expires soon: replace it and reload:";
  const ownEnd = "cert_file=/own.pem until=2026-01-09T12:00:00.000Z";
  expect(told()).toEqual([`[WARN]  ${soon} ${ownEnd} days=8`]);
  await clock.advance(2 * dayMs);
  expect(told()).toEqual([
    `[WARN]  ${soon} ${ownEnd} days=7`,
    `[ERROR] ${soon} ${ownEnd} days=6`,
    `[WARN]  ${soon} ca_file=/ca.pem until=2026-02-01T12:00:00.000Z days=29`,
  ]);
  ends.splice(0, 2, { setting: "cert_file", path: "/own.pem", endMs: clock.wallMs() - 1 });
  await clock.advance(dayMs);
  expect(told()).toEqual([
    "[ERROR] agent: A TLS certificate has expired: replace it and reload: cert_file=/own.pem until=2026-01-02T23:59:59.999Z days=-1",
  ]);
  expect(gauges()).toEqual([["praetor.tls.cert_expiry", -86_401]]);
  ends.length = 0;
  expect(gauges()).toEqual([]);
  await parts.end();
});
