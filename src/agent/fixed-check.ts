import type { CheckDefinition } from "../model/check.ts";

/** Checks that say what is known already: maintenance that somebody decided, a port that is another's. None of them is run. */
const fixedCheckTypes = ["maintenance", "port-conflict"] as const;
export type FixedCheckType = (typeof fixedCheckTypes)[number];

export function isFixedType(type: string): boolean {
  return fixedCheckTypes.some((each) => each === type);
}

/** Critical, for as long as it is there. */
export function fixedCheck(check: Pick<CheckDefinition, "id" | "name" | "serviceId" | "notes">): CheckDefinition {
  return {
    ...check,
    initialStatus: "critical",
    // Never run.
    method: { kind: "ttl", ttlMs: 0 },
    successBeforePassing: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalServiceAfterMs: 0,
    outputBytesMax: 0,
  };
}
