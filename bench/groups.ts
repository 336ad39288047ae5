import type { Group, Row } from "./lib/row.ts";
import { commandKvGet, commandVersion } from "./rows/command.ts";
import { names } from "./rows/dns.ts";
import { heldQuery } from "./rows/held-query.ts";
import { keyReads } from "./rows/key-reads.ts";
import { keyWrites } from "./rows/key-writes.ts";
import { memory } from "./rows/memory.ts";
import { registrations } from "./rows/registrations.ts";
import { services } from "./rows/services.ts";
import { sessions } from "./rows/sessions.ts";
import { start } from "./rows/start.ts";
import { watchers } from "./rows/watchers.ts";

/** All that `make bench` measures, in the order of its table. The agents are started anew for each group. */
export const groups: readonly Group[] = [
  keyReads,
  keyWrites,
  services,
  registrations,
  sessions,
  names,
  group("watching", watchers),
  group("commands", commandVersion, commandKvGet),
  group("process", start, memory, heldQuery),
];

function group(name: string, ...rows: readonly Row[]): Group {
  return { name, rows };
}
