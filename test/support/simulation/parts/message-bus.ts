import type { RowChange } from "../../../../src/engine/engine.ts";
import { kv } from "../../../../src/state/tables/kv.ts";
import type { Part } from "../part.ts";
import type { Plan } from "../plan.ts";
import type { Told } from "../simulated-broker.ts";
import type { Kept } from "../simulated-disk.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const prefix = "edgex/";

/** A durable change of a key, which the agent must publish. */
interface Change {
  readonly key: string;
  /** The revision of the previous batch; `until` is that of the change's batch. The published revision is in between. */
  readonly after: number;
  readonly until: number;
  readonly value: string | undefined;
  readonly process: number;
}

/** Maximum age of the saved position of the publisher, in milliseconds: the agent saves it every few seconds. */
const keptMs = 6_000;

/** Returns a part with a subscriber at the broker, which must receive every durable change of a key, in order. */
export function messageBus(world: SimulatedPlatform): Part {
  const { broker, disk, findings, plan, clock } = world;
  const changes: Change[] = [];
  const told = new Map<string, Told[]>();
  let [revision, heardMs] = [disk.revision, 0];
  disk.onKept = (kept) => {
    changes.push(...changesOf(kept, revision));
    revision = kept.batch.revision;
  };
  broker.onTold = (one) => {
    heardMs = clock.monotonicMs();
    const before = told.get(one.key)?.at(-1)?.revision ?? 0;
    const broken = one.revision < before ? `${one.key}: ${one.revision} after ${before}` : undefined;
    findings.expect("the values of a key are published in order", broken);
    told.set(one.key, [...(told.get(one.key) ?? []), one]);
  };
  return {
    async conclude({ pass }) {
      await pass(keptMs);
      for (const [key, all] of Map.groupBy(changes, (change) => change.key)) {
        const untold = all.find((change, at) => !isTold(change, told.get(key) ?? [], plan) && !mayBeLeftOut(all, at));
        const broken = untold && `${key}, index ${untold.after} to ${untold.until}, ${untold.value}`;
        findings.expect("every durable change of a key is published", broken);
      }
      const lastHeardMs = heardMs;
      await pass(keptMs);
      world.supervisor.crash();
      world.supervisor.start();
      await pass(keptMs);
      const broken = heardMs > lastHeardMs ? "it was told again after a start" : undefined;
      findings.expect("a change below the saved position is not published again", broken);
    },
  };

  /**
   * Returns whether the agent need not publish the change: its value was overwritten in its batch or while the agent was down, or
   * a restore skips it.
   */
  function mayBeLeftOut(all: readonly Change[], at: number): boolean {
    const [change, next] = [all[at], all[at + 1]];
    // The agent publishes no deletions after a restore.
    if (plan.restores) return next !== undefined || change?.value === undefined;
    if (!change || !next) return false;
    return change.until === next.until || change.process < disk.writer;
  }
}

function changesOf({ batch, process }: Kept, after: number): readonly Change[] {
  const rows = batch.changes.filter(({ table, key }) => table === kv.name && key.startsWith(prefix));
  return rows.map(({ key, value }) => ({ key, after, until: batch.revision, value: valueOf({ key, value }), process }));
}

function valueOf({ key, value }: Pick<RowChange, "key" | "value">): string | undefined {
  return value && new TextDecoder().decode(kv.decode(value, key).value);
}

/**
 * Returns whether the subscriber received the change. With restores, the received revision may be higher, because a restore
 * gives its index even to keys that it leaves unchanged.
 */
function isTold({ value, after, until }: Change, told: readonly Told[], { restores }: Plan): boolean {
  return told.some((each) => {
    return each.value === value && each.revision > after && (restores || each.revision <= until);
  });
}
