import { Workload } from "../../linearizability/workload.ts";
import type { Part } from "../part.ts";
import { SimulatedLine } from "../simulated-line.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const promise = "one order explains all answers";

/**
 * Returns a part that runs clients which contend for a few keys and services, and checks that one order explains their operations
 * (linearizability).
 */
export function oneOrder(world: SimulatedPlatform): Part {
  const { clock, network, plan, seed, findings } = world;
  if (plan.restores) return {};
  let lines = 0;
  const openLine = (): SimulatedLine => {
    const client = `192.0.2.${100 + lines++}`;
    return new SimulatedLine({ clock, network, random: world.newRandom(), client, thinkMsMax: 2_000 });
  };
  const { operations } = plan;
  const workload = new Workload(openLine, { seed, clients: 6, operations, clock, reconnectMs: 300 });
  return {
    run: () => workload.run(),
    async leave() {
      const violations = workload.violations();
      for (const violation of violations) findings.expect(promise, violation);
      if (violations.length === 0) findings.expect(promise, undefined);
    },
  };
}
