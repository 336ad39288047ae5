import type { PortRecord } from "../../src/model/port-record.ts";

/** Returns the port record of the service "web" on localhost, which wants port 48080 and was assigned port 28000. */
export function recordOf(changes: Partial<PortRecord> = {}): PortRecord {
  return {
    id: "3f0e6f0a-6c1c-4f0e-9d5a-2b8f6a1c7d11",
    revision: 1,
    service: "web",
    host: "localhost",
    oldPort: 48_080,
    newPort: 28_000,
    owner: "other",
    reason: "Port 48080 of localhost belongs to other.",
    at: "2026-01-01T00:00:00.000Z",
    state: "pending",
    ...changes,
  };
}
