import type { Figure } from "./row.ts";

export interface Asking {
  readonly seconds: number;
  /** Whether the client uses EDNS. With EDNS it accepts answers of up to 4,096 octets. */
  readonly edns: boolean;
}

/** Runs dnsperf with 20 clients that have 100 pending queries in all. Returns the answers per second. */
export async function runDnsperf(port: number, question: string, { seconds, edns }: Asking): Promise<Figure> {
  const child = Bun.spawn(
    [
      ...["dnsperf", "-s", "127.0.0.1", "-p", String(port), "-l", String(Math.max(1, Math.round(seconds)))],
      ...["-c", "20", "-T", "1", "-q", "100", "-d", "/dev/stdin", ...(edns ? ["-e"] : [])],
    ],
    { stdio: [Buffer.from(`${question}\n`), "pipe", "inherit"] },
  );
  const report = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error(`dnsperf failed: ${report}`);
  return readDnsperfReport(report);
}

/**
 * Returns the rate, in answers per second, from a report of dnsperf.
 * @throws Error when an answer was lost or is an error, because such a rate has no meaning
 */
export function readDnsperfReport(report: string): Figure {
  const lost = Number(find(report, /Queries lost:\s+(\d+)/));
  const codes = find(report, /Response codes:\s+(.*)/);
  if (lost > 0) throw new Error(`dnsperf: ${lost} answers were lost`);
  if (!/^NOERROR \d+ \(100\.00%\)$/.test(codes)) throw new Error(`dnsperf: ${codes}`);
  return { value: Number(find(report, /Queries per second:\s+([\d.]+)/)) };
}

function find(report: string, form: RegExp): string {
  const found = form.exec(report)?.[1];
  if (found === undefined) throw new Error(`dnsperf's report has no ${form.source}:\n${report}`);
  return found;
}
