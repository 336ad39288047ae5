import { momentOf } from "../parts/moment.ts";

/** Numbers of services by status. */
interface Counts {
  readonly critical: number;
  readonly maintenance: number;
  readonly warning: number;
  readonly passing: number;
}

/** Returns "2 of 14 services are critical since 02:10, 1 is in warning." @param sinceMs since when the worst status lasts, if it is known */
export function sentenceOf(counts: Counts, sinceMs?: number): string {
  const { critical, maintenance, warning, passing } = counts;
  const all = critical + maintenance + warning + passing;
  if (all === 0) return "No service is registered yet.";
  if (passing === all) return all === 1 ? "The only service is passing." : `All ${all} services are passing.`;
  const since = sinceMs === undefined ? "" : ` since ${momentOf(sinceMs)}`;
  const parts = [
    { number: critical, status: "critical" },
    { number: maintenance, status: "in maintenance" },
    { number: warning, status: "in warning" },
  ].filter(({ number }) => number > 0);
  const texts = parts.map(({ number, status }, at) => {
    const of = at === 0 ? ` of ${all} services` : "";
    return `${number}${of} ${number === 1 ? "is" : "are"} ${status}${at === 0 ? since : ""}`;
  });
  return `${texts.join(", ")}.`;
}
