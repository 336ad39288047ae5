import type { LineRequest } from "../../linearizability/line.ts";
import type { Part, Peace } from "../part.ts";
import { requestsOfClientMax } from "../simulated-process.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const question = "/v1/kv/quiet/key";

/** Returns a part that checks that clients leave nothing in the agent's memory after they have stopped. */
export function leftovers(world: SimulatedPlatform): Part {
  const { findings, supervisor } = world;
  let idleTimers = 0;
  return {
    async prepare({ pass }) {
      await pass(7_000);
      idleTimers = timerCount(world);
    },
    /** Removes the services and checks that are left, and expects that the agent then has only the timers of an idle agent. */
    async leave(peace) {
      await peace.put("/v1/agent/maintenance?enable=false");
      for (const kind of ["service", "check"])
        for (const id of Object.keys(await world.peekJson<object>(`/v1/agent/${kind}s`)))
          await peace.put(`/v1/agent/${kind}/deregister/${id}`);
      await expectUncounted(world, peace);
      await peace.pass(7_000);
      const left = timerCount(world);
      const broken = left === idleTimers ? undefined : `${left} timers, ${idleTimers} at first`;
      findings.expect("clients that have gone leave nothing in memory", broken);
      await peace.until(supervisor.stop());
    },
  };
}

function timerCount({ supervisor }: SimulatedPlatform): number {
  return supervisor.process?.clock.timerCount ?? 0;
}

/**
 * Expects that finished requests do not count towards the limit of a client's pending requests: each client may send as many as
 * the limit allows.
 */
async function expectUncounted(world: SimulatedPlatform, { pass }: Peace): Promise<void> {
  const { findings, network } = world;
  const { index } = await world.peek(question);
  for (const who of ["203.0.113.0", "192.0.2.1", "192.0.2.11", "192.0.2.101"]) {
    const statuses: number[] = [];
    for (let at = 0; at < requestsOfClientMax; at += 1) {
      const request: LineRequest = { method: "GET", path: `${question}?index=${index}&wait=60s` };
      network.send(who, request).then(
        ({ status }) => statuses.push(status),
        () => {},
      );
    }
    await pass(100);
    const broken = statuses.length === 0 ? undefined : `${who} was answered ${statuses.join(" ")}`;
    findings.expect("finished requests do not count for the limit", broken);
    network.breakAll();
    await pass(10);
  }
}
