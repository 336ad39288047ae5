import type { TransitionJson } from "../../src/wire/overview.ts";
import { isMaintenance } from "../parts/maintenance.ts";
import type { Status } from "../parts/status.tsx";

/** A time in which a check did not pass, or a maintenance. */
export interface Outage {
  /** Node and id of the check. */
  readonly check: string;
  readonly name: string;
  /** The worst status of the time. */
  readonly status: Exclude<Status, "passing">;
  readonly reason: string;
  /** Undefined if it began before the first transition that is known. */
  readonly startMs: number | undefined;
  /** Undefined while it lasts, and if the check was removed before it passed. */
  readonly endMs: number | undefined;
  readonly isOver: boolean;
}

/**
 * Returns the outages in some transitions, which are in order of time, by their start.
 * @param present node and id of each check that exists
 */
export function outagesOf(transitions: readonly TransitionJson[], present: ReadonlySet<string>): readonly Outage[] {
  const ended: Outage[] = [];
  const open = new Map<string, Outage>();
  for (const { Node, CheckID, Name, From, To, At, Reason } of transitions) {
    const check = `${Node}/${CheckID}`;
    const atMs = Date.parse(At);
    const before =
      open.get(check) ??
      (From === "passing" ? undefined : { ...unknownStart, check, name: Name, status: failingIn(CheckID, From) });
    if (To === "passing") {
      if (before) ended.push({ ...before, endMs: atMs, isOver: true });
      open.delete(check);
    } else if (before) {
      const isWorse = To === "critical" && before.status === "warning";
      open.set(check, isWorse ? { ...before, status: "critical", reason: Reason } : before);
    } else {
      const status = failingIn(CheckID, To);
      open.set(check, { check, name: Name, status, reason: Reason, startMs: atMs, endMs: undefined, isOver: false });
    }
  }
  const lasting = [...open.values()].map((each) => ({ ...each, isOver: !present.has(each.check) }));
  return [...ended, ...lasting].toSorted((a, b) => (a.startMs ?? 0) - (b.startMs ?? 0));
}

const unknownStart = { reason: "", startMs: undefined, endMs: undefined, isOver: false } as const;

/** Returns what a check that does not pass has: its status, or maintenance. */
function failingIn(checkId: string, status: string): Outage["status"] {
  if (isMaintenance(checkId)) return "maintenance";
  return status === "critical" ? "critical" : "warning";
}
