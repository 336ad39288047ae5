import type { AliasedCheck, AliasSource, AliasTarget } from "../checks/alias.ts";
import type { CheckRunner } from "../checks/check-runner.ts";
import type { Agent } from "./agent.ts";

/** Alias checks follow what the catalog says of a node, this agent's own included. */
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

/** The service's checks and its node's. Aliases are left out: two that follow each other would never settle. */
function followed(target: AliasTarget, checks: readonly NodeCheck[]): readonly AliasedCheck[] {
  return checks.filter(
    ({ serviceId, type }) =>
      type !== "alias" && (serviceId === "" || (target.service !== "" && serviceId === target.service)),
  );
}
