import type { NewPart } from "./part.ts";
import { answers } from "./parts/answers.ts";
import { checks } from "./parts/checks.ts";
import { crash } from "./parts/crash.ts";
import { heartbeat } from "./parts/heartbeat.ts";
import { hungDisk } from "./parts/hung-disk.ts";
import { keeper } from "./parts/keeper.ts";
import { leftovers } from "./parts/leftovers.ts";
import { locks } from "./parts/locks.ts";
import { messageBus } from "./parts/message-bus.ts";
import { oneOrder } from "./parts/one-order.ts";
import { past } from "./parts/past.ts";
import { ports } from "./parts/ports.ts";
import { preparedQueries } from "./parts/prepared-queries.ts";
import { restores } from "./parts/restores.ts";
import { trials } from "./parts/trials.ts";
import { watchers } from "./parts/watchers.ts";

/** All parts of the simulation, in the order in which the simulation calls them. */
export const parts: readonly NewPart[] = [
  ...[leftovers, watchers, locks, checks, answers, heartbeat, oneOrder, hungDisk],
  ...[keeper, ports, preparedQueries, restores, trials, past, messageBus, crash],
];
