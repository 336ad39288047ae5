import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import type { Event } from "../../model/event.ts";
import type { KvTrialRow } from "../../model/kv-trial.ts";
import type { Events } from "../../registry/events.ts";
import { PendingTrials } from "../../registry/pending-trials.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Lifecycle } from "../lifecycle.ts";

/** The user event that tells of each stage and of the end of a trial, with its id, its outcome and its stage. */
const eventName = "praetor-kv-trial";

interface TrialParts {
  readonly store: Registry;
  readonly events: Events;
  /** Sends an event that was fired here to all other agents. */
  readonly spread: (event: Event) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Follows the pending trials until the agent stops. Resolves when those of an earlier run have been undone, so that no client reads
 * the keys before.
 */
export async function followTrials(parts: Lifecycle, trials: TrialParts): Promise<void> {
  const { store, events, spread, clock, random, log } = trials;
  const announce = (trial: KvTrialRow): void => spread(events.fire(eventOf(trial, random.uuid()), { remember: true }));
  const pending = parts.add(new PendingTrials(store, { clock, log: log.named("kv_trial"), announce }));
  await pending.settled;
}

function eventOf({ id, outcome, stage, stages }: KvTrialRow, eventId: string): Event {
  const told = { ID: id, Outcome: outcome, Stage: stage, Stages: stages };
  const noFilters = { nodeFilter: "", serviceFilter: "", tagFilter: "" };
  const payload = new TextEncoder().encode(JSON.stringify(told));
  return { id: eventId, name: eventName, payload, ...noFilters, time: 0 };
}
