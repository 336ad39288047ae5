import type { Engine } from "../engine/engine.ts";
import { OperatingError } from "../lib/errors.ts";
import { SharedRuns } from "../lib/shared-runs.ts";
import type { LeaderContact } from "./cluster-view.ts";
import { noLeaderText } from "./leader-wait.ts";
import type { LocalRows } from "./local-rows.ts";
import type { Registry } from "./registry.ts";

/** Whether an agent can do its work, for the probes of whatever runs it. */
export interface Readiness {
  /** Resolves with the reason why writes are not taken now; undefined if they are. */
  whyNotReady(): Promise<string | undefined>;
  /** Resolves when the storage thread has answered. Rejects when it can no longer write. */
  ping(): Promise<void>;
}

interface ReadinessParts {
  readonly store: Pick<Registry, "closed" | "refusal">;
  readonly cluster: Pick<LeaderContact, "leader">;
  readonly localRows: Pick<LocalRows, "save">;
  readonly engine: Pick<Engine, "ping">;
}

/**
 * Returns the readiness of a server. While the last write could not be stored, each question tries another one, which leaves nothing
 * behind: a client that heeds the answer sends no write that could show that the disk takes them again. Questions that come meanwhile
 * share the attempt. On a server of a cluster the attempt is for its own file, and a refusal by the cluster ends with the next write.
 */
export function serverReadiness({ store, cluster, localRows, engine }: ReadinessParts): Readiness {
  const attempts = new SharedRuns(Promise.resolve(), () => localRows.save([{ key: "attempt", value: undefined }]));
  return {
    ping: () => engine.ping(),
    async whyNotReady() {
      if (store.closed) return "the agent is stopping";
      if (cluster.leader === undefined) return noLeaderText;
      // The store keeps the reason of a failure.
      if (store.refusal !== undefined) await attempts.request().catch(() => {});
      return store.refusal === undefined ? undefined : describeRefusal(store.refusal);
    },
  };
}

/** Names the kind of failure alone, since all clients may ask; agent/self and the log have the words. */
function describeRefusal(refusal: unknown): string {
  const code = refusal instanceof OperatingError ? ` (${refusal.code})` : "";
  return `the last write could not be stored${code}; the log says more`;
}
