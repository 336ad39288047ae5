import { sleep } from "../../../../src/lib/clock.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import type { Part } from "../part.ts";
import { requireDone } from "../simulated-line.ts";
import type { SimulatedProcess } from "../simulated-process.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const ttlMs = 12_000;
const beatMs = 3_000;
const client = "192.0.2.50";
const checkId = "beat";
const promise = "a TTL check turns critical when its TTL ends without an update, and no sooner";

/**
 * Returns a part that runs a service with a TTL check and sometimes skips updates. The check may become critical only after its
 * TTL of monotonic time has passed.
 */
export function heartbeat(world: SimulatedPlatform): Part {
  const { clock, disk, network, findings } = world;
  const random = world.newRandom();
  /** The latest time at which the agent acknowledged an update, and the latest time at which it may have processed an update. */
  let [heardMs, maybeHeardMs] = [Number.NEGATIVE_INFINITY, 0];
  const send = async (request: LineRequest) => {
    const arrived = (atMs: number): void => void (maybeHeardMs = Math.max(maybeHeardMs, atMs));
    return requireDone(await network.send(client, request, arrived));
  };
  const beat = async (): Promise<void> => {
    const { status, arrivedMs, leftMs } = await send({ method: "PUT", path: `/v1/agent/check/pass/${checkId}` });
    maybeHeardMs = Math.max(maybeHeardMs, leftMs);
    if (status === 200) heardMs = arrivedMs;
  };
  return {
    async prepare({ put }) {
      await put("/v1/agent/check/register", { ID: checkId, Name: checkId, TTL: `${ttlMs}ms` });
    },
    async run({ trouble }) {
      while (!trouble.aborted) {
        const isSilent = random.uniform() < 0.1;
        await sleep(clock, isSilent ? ttlMs * 2.5 * random.uniform() : beatMs * random.uniform(), trouble);
        try {
          await beat();
        } catch (error) {
          if (!(error instanceof LineBroken)) throw error;
        }
      }
    },
    async look(process) {
      const checks = await world.peekJson<Record<string, { readonly Status: string }>>("/v1/agent/checks");
      const status = checks[checkId]?.Status;
      if (status === undefined || process.readySinceMs === undefined) return;
      findings.expect(promise, brokenBy(status, process));
    },
  };

  function brokenBy(status: string, { readySinceMs = 0 }: SimulatedProcess): string | undefined {
    const nowMs = clock.monotonicMs();
    const silentMs = nowMs - heardMs;
    // If a snapshot was restored just before the agent stopped, the restarted agent may load the check's status from that
    // snapshot.
    const isRestored = world.plan.restores && heardMs < readySinceMs;
    if (status === "critical" && silentMs < ttlMs && !isRestored) return `critical ${silentMs} ms after it was heard`;
    const surelySilentMs = nowMs - Math.max(maybeHeardMs, readySinceMs);
    // While the disk is bad, the agent may process an update much later.
    const isLate = surelySilentMs > ttlMs + 1 && disk.wellForMs > ttlMs;
    return status === "passing" && isLate ? `passing after ${surelySilentMs} ms of silence` : undefined;
  }
}
