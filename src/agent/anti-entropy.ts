import { isDeepStrictEqual } from "node:util";
import { sleep, type Clock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Check, CheckRow } from "../model/check.ts";
import type { Service, ServiceRow } from "../model/service.ts";
import type { Agent } from "./agent.ts";
import type { CatalogTarget, NodeContents } from "./catalog.ts";

export const syncIntervalMs = 60_000;

/**
 * Makes the catalog's rows of this node equal the local state: removes rows that the agent does not have, and registers
 * again what is missing or differs. For a service with EnableTagOverride the agent adopts the catalog's tags instead.
 * Returns the number of corrections.
 */
export async function syncCatalog(agent: Agent): Promise<number> {
  const { catalog, node } = agent;
  const contents = await catalog.contents();
  for (const row of contents.services) if (row.enableTagOverride) adoptTags(agent, row);
  const stale = findStale(agent, contents);
  const services = findMissingServices(agent, contents);
  const checks = findWrongChecks(agent, contents);
  const tokenOf = ({ id }: Service): string | undefined => agent.services.get(id)?.token;
  await Promise.all([
    ...stale.map((target) => catalog.commit({ deregistrations: [target] })),
    ...services.map((service) =>
      catalog.commit({ registrations: [{ node, service, checks: [], token: tokenOf(service) }] }),
    ),
  ]);
  // A check of a service that the catalog does not have yet would be refused.
  const tokenOfCheck = ({ id }: Check): string | undefined => agent.checks.get(id)?.token;
  await Promise.all(
    checks.map((check) => catalog.commit({ registrations: [{ node, checks: [check], token: tokenOfCheck(check) }] })),
  );
  return stale.length + services.length + checks.length;
}

/** Runs `sync` every minute until the signal aborts. Logs a round that fails, and continues. */
export async function runAntiEntropy(
  sync: () => Promise<number>,
  options: { readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  while (!options.signal.aborted) {
    await sleep(options.clock, syncIntervalMs, options.signal);
    if (options.signal.aborted) return;
    await syncOnce(sync, options.log);
  }
}

/** Runs `sync`. Logs what it has corrected, and why it failed; never rejects. */
export async function syncOnce(sync: () => Promise<number>, log: Log): Promise<void> {
  try {
    const corrections = await sync();
    if (corrections > 0) log.info("Catalog brought in step with this agent", { corrections });
  } catch (error) {
    log.error("Catalog could not be brought in step", { error: messageOf(error) });
  }
}

function adoptTags(agent: Agent, { id, tags }: ServiceRow): void {
  const own = agent.services.get(id)?.service;
  if (own?.enableTagOverride && !isDeepStrictEqual(own.tags, tags)) agent.adoptTags(id, tags);
}

function findStale({ services, checks, reserved }: Agent, contents: NodeContents): CatalogTarget[] {
  const isKnown = (known: Iterable<string>): ((row: { readonly id: string }) => boolean) => {
    const keys = new Set([...reserved, ...known].map(keyOf));
    return ({ id }) => keys.has(keyOf(id));
  };
  const isKnownService = isKnown(services.keys());
  const isKnownCheck = isKnown(checks.keys());
  return [
    ...contents.services.filter((row) => !isKnownService(row)).map(({ id }) => ({ serviceId: id })),
    ...contents.checks.filter((row) => !isKnownCheck(row)).map(({ id }) => ({ checkId: id })),
  ];
}

function findMissingServices(agent: Agent, contents: NodeContents): Service[] {
  const rows = new Map(contents.services.map((row) => [keyOf(row.id), row]));
  const own = [...agent.services.values()].map(({ service }) => service);
  return withoutRight(own, (service) => isSameService(rows.get(keyOf(service.id)), service));
}

function findWrongChecks(agent: Agent, contents: NodeContents): Check[] {
  const rows = new Map(contents.checks.map((row) => [keyOf(row.id), row]));
  const own = [...agent.checks.keys()].flatMap((id) => agent.catalogCheck(id) ?? []);
  return withoutRight(own, (check) => isSameCheck(rows.get(keyOf(check.id)), check));
}

/**
 * Returns the services or checks whose catalog row is wrong. Consul: two ids that differ only in case are distinct in the
 * agent, but share one row of the catalog. That row is right if it matches either of the two; otherwise each round of
 * anti-entropy would replace one by the other.
 */
function withoutRight<T extends { readonly id: string }>(own: readonly T[], isRight: (each: T) => boolean): T[] {
  const right = new Set(own.filter(isRight).map(({ id }) => keyOf(id)));
  return own.filter(({ id }) => !right.has(keyOf(id)));
}

/**
 * Returns the key by which local ids match catalog ids: the id in lower case, so that a round of anti-entropy corrects the
 * row "Web" to "web".
 */
function keyOf(id: string): string {
  return id.toLowerCase();
}

function isSameService(row: ServiceRow | undefined, service: Service): boolean {
  if (!row) return false;
  const { node: _node, createIndex: _create, modifyIndex: _modify, ...known } = row;
  return isDeepStrictEqual(known, service);
}

function isSameCheck(row: CheckRow | undefined, check: Check): boolean {
  if (!row) return false;
  const { createIndex: _create, modifyIndex: _modify, ...known } = row;
  return isDeepStrictEqual(known, check);
}
