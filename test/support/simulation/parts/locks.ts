import { Findings } from "../findings.ts";
import { LockHolder, lockKeys } from "../lock-holder.ts";
import type { Part, Peace } from "../part.ts";
import { SessionLedger } from "../session-ledger.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

interface LockShown {
  readonly Key: string;
  readonly Session?: string;
}

/** Returns a part that runs clients which contend for locks, and checks the agent's promises about sessions. */
export function locks(world: SimulatedPlatform): Part {
  const { clock, disk, findings, network, plan } = world;
  // A restored snapshot brings back sessions that have ended, so findings about sessions are discarded then.
  const ledger = new SessionLedger(plan.restores ? new Findings(clock) : findings);
  const holders = [1, 2, 3].map((at) => {
    return new LockHolder({ network, clock, random: world.newRandom(), ledger, client: `192.0.2.${at}` });
  });
  return {
    run: async ({ trouble }) => void (await Promise.all(holders.map((holder) => holder.run(trouble)))),
    async look({ readySinceMs }) {
      const nowMs = clock.monotonicMs();
      const sessions = await world.peekJson<readonly { ID: string }[]>("/v1/session/list");
      const circumstances = { nowMs, readySinceMs: readySinceMs ?? nowMs, diskWellForMs: disk.wellForMs };
      ledger.observe(new Set(sessions.map(({ ID }) => ID)), circumstances);
      const { status, body } = await world.peek("/v1/kv/locks/?recurse");
      const keys = status === 404 ? [] : (JSON.parse(body) as readonly LockShown[]);
      const held = keys.flatMap(({ Key, Session }) => (Session === undefined ? [] : [[Key, Session] as const]));
      ledger.observeLocks(new Map(held), nowMs);
    },
    conclude: (peace) => expectFreeLocks(world, peace),
  };
}

async function expectFreeLocks(world: SimulatedPlatform, peace: Peace): Promise<void> {
  const { findings } = world;
  const sessions = await world.peekJson<readonly { ID: string; TTL: string }[]>("/v1/session/list");
  const left = sessions.find(({ TTL }) => TTL !== "");
  findings.expect("a session without renewals ends", left && `${left.ID} is still there`);
  const created = await peace.put("/v1/session/create", { TTL: "10s", LockDelay: "0s" });
  const { ID } = JSON.parse(created.body) as { readonly ID: string };
  for (const key of lockKeys) {
    const { body } = await peace.put(`/v1/kv/${key}?acquire=${ID}`, "mine");
    const broken = body.startsWith("true") ? undefined : `${key}: ${body}`;
    findings.expect("a lock whose session ended is free again", broken);
  }
  await peace.put(`/v1/session/destroy/${ID}`);
}
