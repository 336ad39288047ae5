import { X509Certificate } from "node:crypto";
import { sleep, type Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Metrics } from "../../lib/metrics.ts";
import { pemBlocks, type TlsCredentials, type TlsFiles } from "../../lib/tls-files.ts";
import { type Lifecycle, loop } from "../lifecycle.ts";

/** The certificates of one setting, of which the first one ends at `endMs`, in milliseconds since 1970. */
export interface CertificateEnd {
  readonly setting: "cert_file" | "ca_file" | "ca_path";
  readonly path: string;
  readonly endMs: number;
}

/** Returns when the agent's own certificate and its authorities end. */
export function certificateEnds(files: TlsFiles, { own, authorities }: TlsCredentials): readonly CertificateEnd[] {
  const ends: CertificateEnd[] = [];
  if (own) ends.push({ setting: "cert_file", path: files.certFile ?? "", endMs: firstEnd(certificatesOf(own.cert)) });
  const setting = files.caFile === undefined ? "ca_path" : "ca_file";
  const path = files.caFile ?? files.caPath ?? "";
  if (authorities.length > 0) ends.push({ setting, path, endMs: firstEnd(authorities) });
  return ends;
}

function certificatesOf(pem: string): readonly string[] {
  return pemBlocks(pem).flatMap(({ type, text }) => (type === "CERTIFICATE" ? [text] : []));
}

function firstEnd(certificates: readonly string[]): number {
  return Math.min(...certificates.map((pem) => Date.parse(new X509Certificate(pem).validTo)));
}

interface Watched {
  readonly tls: { readonly ends: readonly CertificateEnd[] };
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
}

/** Adds the gauges of the certificates, and logs those near their end now and once a day, until the agent stops. */
export function watchCertificates(parts: Pick<Lifecycle, "add">, { tls, metrics, clock, log }: Watched): void {
  const secondsOf = (isOwn: boolean): number | undefined => {
    const found = tls.ends.find(({ setting }) => (setting === "cert_file") === isOwn);
    return found && Math.floor((found.endMs - clock.wallMs()) / 1_000);
  };
  metrics.gauge("praetor.tls.cert_expiry", () => secondsOf(true));
  metrics.gauge("praetor.tls.ca_expiry", () => secondsOf(false));
  parts.add(
    loop(async (signal) => {
      while (!signal.aborted) {
        for (const end of tls.ends) logEnd(end, { nowMs: clock.wallMs(), log });
        await sleep(clock, dayMs, signal);
      }
    }),
  );
}

const dayMs = 86_400_000;
/** From this many days before the end on, the log has a warning; from the second figure on, an error. */
const warningDays = 30;
const errorDays = 7;

function logEnd({ setting, path, endMs }: CertificateEnd, { nowMs, log }: { nowMs: number; log: Log }): void {
  const days = (endMs - nowMs) / dayMs;
  if (days > warningDays) return;
  const until = new Date(endMs).toISOString();
  const fields = { [setting]: path, until, days: Math.trunc(days) };
  if (days <= 0) log.error("A TLS certificate has expired: replace it and reload", fields);
  else log[days <= errorDays ? "error" : "warn"]("A TLS certificate expires soon: replace it and reload", fields);
}
