import type { Limit } from "./lib/limit.ts";
import type { Group, Row } from "./lib/row.ts";
import { limitKeyGet, limitLeader } from "./limits/answer.ts";
import { limitCommit } from "./limits/commit.ts";
import { etcdGet, etcdPut, etcdWatch } from "./limits/etcd.ts";
import { access } from "./rows/access.ts";
import { cluster } from "./rows/cluster.ts";
import { commandKvGet, commandVersion } from "./rows/command.ts";
import { names } from "./rows/dns.ts";
import { heldQuery } from "./rows/held-query.ts";
import { keyReads } from "./rows/key-reads.ts";
import { keyWrites } from "./rows/key-writes.ts";
import { idleProcessor, idleWritten } from "./rows/idle-minute.ts";
import { idleWatchers } from "./rows/idle-watchers.ts";
import { memoryAfterLoad, memoryFilled } from "./rows/memory-filled.ts";
import { memory } from "./rows/memory.ts";
import { registrations } from "./rows/registrations.ts";
import { restartAfterKill, restartAfterStop } from "./rows/restart.ts";
import { services } from "./rows/services.ts";
import { sessions } from "./rows/sessions.ts";
import { start } from "./rows/start.ts";
import { serviceWatchers, serviceWatchers10000, watchers, watchers10000 } from "./rows/watchers.ts";

/**
 * The groups of benchmark rows that `make bench` measures, in the order of the benchmark's table. Each group starts new agents.
 */
export const groups: readonly Group[] = [
  keyReads,
  keyWrites,
  services,
  registrations,
  sessions,
  names,
  group("watching", watchers, watchers10000, serviceWatchers, serviceWatchers10000),
  group("watched", idleWatchers),
  group("commands", commandVersion, commandKvGet),
  group("starts", start),
  group("restarts", restartAfterStop, restartAfterKill),
  group("memory", memory, memoryFilled, memoryAfterLoad, heldQuery),
  group("idle", idleProcessor, idleWritten),
  access,
  cluster,
];

/**
 * The benchmark rows that compare Praetor with the limits of its platform: with a bare HTTP server of Bun, and with SQLite alone; and those
 * that compare it with etcd.
 */
export const limits: readonly Limit[] = [limitKeyGet, limitLeader, limitCommit, etcdGet, etcdPut, etcdWatch];

function group(name: string, ...rows: readonly Row[]): Group {
  return { name, rows };
}
