import type { JSX } from "preact";
import { isMaintenance } from "./maintenance.ts";

/** The status of a service, an instance or a check. Maintenance is critical to clients, but nothing has failed. */
export type Status = "passing" | "warning" | "maintenance" | "critical";

/** Returns the status of a check. */
export function statusOf({
  CheckID,
  Status,
}: {
  readonly CheckID: string;
  readonly Status: Exclude<Status, "maintenance">;
}): Status {
  return isMaintenance(CheckID) ? "maintenance" : Status;
}

/** Returns the worst of some statuses: "passing" for no status, as the agent does. */
export function worstOf(statuses: Iterable<Status>): Status {
  let worst: Status = "passing";
  for (const status of statuses) if (compareStatus(status, worst) < 0) worst = status;
  return worst;
}

/** Orders statuses from the worst. */
export function compareStatus(a: Status, b: Status): number {
  return order.indexOf(a) - order.indexOf(b);
}

const order: readonly Status[] = ["critical", "maintenance", "warning", "passing"];

/** Shows a status by word, shape and colour: a square, a diamond, a triangle, a circle. */
export function StatusMark({ status }: { readonly status: Status }): JSX.Element {
  return (
    <span class={`status ${status}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        {status === "critical" && <rect x="1" y="1" width="10" height="10" />}
        {status === "maintenance" && <path d="M6 0 12 6 6 12 0 6Z" />}
        {status === "warning" && <path d="M6 .5 11.8 11.5H.2Z" />}
        {status === "passing" && <circle cx="6" cy="6" r="5" />}
      </svg>
      {status}
    </span>
  );
}
