import { isDeepStrictEqual } from "node:util";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Check, CheckRow } from "../model/check.ts";
import type { Service, ServiceRow } from "../model/service.ts";
import type { Agent } from "./agent.ts";

export const syncIntervalMs = 60_000;

/**
 * Makes the catalog say of this node what the agent knows: what the agent does not know is removed, what is missing or
 * differs is registered again. The agent is right about its node, the catalog about everything else.
 * Returns how many corrections were made.
 */
export async function syncCatalog(agent: Agent): Promise<number> {
  const { services, checks } = await agent.catalog.contents();
  const stale = [
    ...services
      .filter(({ id }) => !agent.services.has(id) && !agent.reserved.has(id))
      .map(({ id }) => ({ serviceId: id })),
    ...checks.filter(({ id }) => !agent.checks.has(id) && !agent.reserved.has(id)).map(({ id }) => ({ checkId: id })),
  ];
  const known = {
    services: new Map(services.map((row) => [row.id, row])),
    checks: new Map(checks.map((row) => [row.id, row])),
  };
  const missing = [...agent.services.values()].filter(
    ({ service }) => !isSameService(known.services.get(service.id), service),
  );
  const wrong = [...agent.checks.keys()].flatMap((id) => {
    const check = agent.catalogCheck(id);
    return check && !isSameCheck(known.checks.get(id), check) ? [check] : [];
  });
  await Promise.all([
    ...stale.map((target) => agent.catalog.deregister(target)),
    ...missing.map(({ service }) => agent.catalog.register({ node: agent.node, service, checks: [] })),
    ...wrong.map((check) => agent.catalog.register({ node: agent.node, checks: [withoutIndexes(check)] })),
  ]);
  return stale.length + missing.length + wrong.length;
}

/** Syncs every minute until the signal aborts. A failure is logged and the next round tries again. */
export async function runAntiEntropy(
  agent: Agent,
  options: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  while (!options.signal.aborted) {
    await sleep(options.clock, syncIntervalMs, options.signal);
    if (options.signal.aborted) return;
    try {
      const corrections = await syncCatalog(agent);
      if (corrections > 0) options.log.info("Catalog brought in step with this agent", { corrections });
    } catch (error) {
      options.log.error("Catalog could not be brought in step", { error: messageOf(error) });
    }
  }
}

/** With EnableTagOverride the tags in the catalog are somebody else's to set. */
function isSameService(row: ServiceRow | undefined, service: Service): boolean {
  if (!row) return false;
  const { node: _node, createIndex: _create, modifyIndex: _modify, ...known } = row;
  return isDeepStrictEqual(known, service.enableTagOverride ? { ...service, tags: row.tags } : service);
}

function isSameCheck(row: CheckRow | undefined, check: CheckRow): boolean {
  return row !== undefined && isDeepStrictEqual(withoutIndexes(row), withoutIndexes(check));
}

function withoutIndexes(row: CheckRow): Check {
  const { createIndex: _create, modifyIndex: _modify, ...check } = row;
  return check;
}
