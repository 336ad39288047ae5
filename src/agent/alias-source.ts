import type { AliasedCheck, AliasSource, AliasTarget } from "../checks/alias.ts";
import type { CheckRunner } from "../checks/check-runner.ts";
import type { Agent } from "./agent.ts";

/** Returns the source from which alias checks read: the catalog's checks of a node, be it this agent's node or another. */
export function createAliasSource(agent: Agent): AliasSource {
  return {
    watch(target, onChange): CheckRunner {
      const node = target.node === "" ? agent.node.name : target.node;
      return agent.catalog.watchNodeChecks(node, (contents) => {
        const found = contents.services.some((service) => service.id === target.service);
        if (target.service === "" ? !contents.found : !found) return onChange(undefined);
        onChange(followed(target, contents.checks));
      });
    },
  };
}

type NodeCheck = AliasedCheck & { readonly serviceId: string; readonly type: string };

/**
 * Returns the checks of the service and of its node, except alias checks: two alias checks that follow each other would never
 * settle.
 */
function followed(target: AliasTarget, checks: readonly NodeCheck[]): readonly AliasedCheck[] {
  return checks.filter(
    ({ serviceId, type }) =>
      type !== "alias" && (serviceId === "" || (target.service !== "" && serviceId === target.service)),
  );
}
