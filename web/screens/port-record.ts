/** An element of `v1/praetor/ports`. */
export interface PortRecord {
  readonly service: string;
  readonly host: string;
  readonly oldPort: number;
  /** 0 when no port was assigned. */
  readonly newPort: number;
  readonly owner: string;
  readonly reason: string;
  readonly at: string;
  readonly state: string;
}

/** The meaning of each state, as docs/edgex.md has it. */
const meanings: Readonly<Record<string, string>> = {
  conflict: "the port belongs to another program, and the policy assigns no other",
  pending: "another port is assigned, and the service has not registered it yet",
  active: "the service runs at its new port",
  pinned: "another port is assigned, but the service still registers the old one",
  exhausted: "no port of the range is free",
  released: "the conflict is over",
};

export function meaningOf(state: string): string {
  return meanings[state] ?? "a state that this page does not know";
}

/** Returns the ports of a record: "gateway:48080 → 28000". */
export function portsOf({ host, oldPort, newPort }: PortRecord): string {
  return newPort === 0 ? `${host}:${oldPort}` : `${host}:${oldPort} → ${newPort}`;
}
