import type { Clock } from "../lib/clock.ts";
import { sleep } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import type { Random } from "../lib/random.ts";
import type { Registry } from "./registry.ts";
import { WhileLeading } from "./while-leading.ts";

/** The delay in milliseconds after a failed attempt. */
const retryMs = 1_000;

export interface AclBuiltinsOptions {
  /** The secret of the configured master token; "" for none. */
  readonly masterSecret: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * Creates the builtin policy, the anonymous token and the configured master token whenever this server begins to lead, as far as
 * they do not exist. Returns the task, which its caller must stop.
 */
export function keepAclBuiltins(store: Registry, options: AclBuiltinsOptions): Pick<WhileLeading, "stop"> {
  return new WhileLeading(store, (signal) => createBuiltins(store, options, signal));
}

async function createBuiltins(store: Registry, options: AclBuiltinsOptions, signal: AbortSignal): Promise<void> {
  const { masterSecret: secretId, clock, random, log } = options;
  const master = secretId === "" ? undefined : { accessorId: random.uuid(), secretId };
  while (!signal.aborted) {
    try {
      await store.submitAsLeader({ type: "acl-initialize", master, nowMs: clock.wallMs() });
      return;
    } catch (error) {
      if (signal.aborted) return;
      log.warn("Failed to create the builtin objects of access control; trying again", { error: String(error) });
      await sleep(clock, retryMs, signal);
    }
  }
}
