import type { Rights } from "../../../src/acl/rights.ts";
import { AnswerCache, type KeptAnswer } from "../../../src/http/answer-cache.ts";
import { AccessControl } from "../../../src/registry/access-control.ts";
import type { Caller, Callers } from "../../../src/registry/caller.ts";
import { GuardedRegistry } from "../../../src/registry/guarded-registry.ts";
import { createLog } from "../../../src/lib/log.ts";
import { Metrics } from "../../../src/lib/metrics.ts";
import { StoredTokens } from "../../../src/registry/token-source.ts";
import { TokenTries } from "../../../src/registry/token-tries.ts";
import { topics, type Topic } from "../../../src/state/topics.ts";
import type { TestAgent } from "../agent.ts";
import { FakeClock } from "../fake-clock.ts";
import type { PlantedFault } from "./guarded-world.ts";

/** Keeps answers by path and query alone, so that a reader gets the answer to another one. */
class AnswersForAll extends AnswerCache {
  override get(key: string): KeptAnswer | undefined {
    return super.get(withoutRights(key));
  }

  override put(key: string, changedBy: readonly Topic[], answer: KeptAnswer): void {
    super.put(withoutRights(key), changedBy, answer);
  }
}

function withoutRights(key: string): string {
  return key.slice(key.lastIndexOf(" /") + 1);
}

/** Returns the caller with other rights, by which its registry narrows and refuses. */
function withRights(caller: Caller, world: TestAgent, rights: () => Rights): Caller {
  return {
    ...{ isChecked: caller.isChecked, isObserved: caller.isObserved, bringsToken: caller.bringsToken },
    ...{ allowsByDefault: caller.allowsByDefault, guardsKeyLists: caller.guardsKeyLists },
    registry: new GuardedRegistry(world.store, rights),
    get rights() {
      return rights();
    },
    get rightsKey() {
      return caller.rightsKey;
    },
    get token() {
      return caller.token;
    },
    refresh: () => undefined,
    prepare: () => undefined,
    admits: () => true,
  };
}

function changing(usual: Callers, change: (caller: Caller) => Caller): Callers {
  const { areLimited, areAsked, topics: watched } = usual;
  return {
    ...{ areLimited, areAsked, topics: watched },
    callerOf: (secret) => change(usual.callerOf(secret)),
    callerOfService: (service) => change(usual.callerOfService(service)),
  };
}

/** Finds the rights of a request once, when it arrives. */
function atArrival(caller: Caller, world: TestAgent): Caller {
  try {
    const { rights } = caller;
    return withRights(caller, world, () => rights);
  } catch {
    return caller;
  }
}

/** Finds the rights of a token again only when a token has changed, so that changes of policies and roles come late. */
function untilTokensChange(usual: Callers, world: TestAgent): Callers {
  const known = new WeakMap<Caller, { readonly index: number; readonly rights: Rights }>();
  return changing(usual, (caller) =>
    withRights(caller, world, () => {
      const index = world.store.indexOf([topics.aclTokens]);
      const kept = known.get(caller);
      const { rights } = kept?.index === index ? kept : caller;
      known.set(caller, { index, rights });
      return rights;
    }),
  );
}

/** Never sees a token expire. */
function withStoppedClock(_usual: Callers, { store, clock, agent }: TestAgent): Callers {
  const callers = new AccessControl(store, {
    source: new StoredTokens(store),
    ...{ defaultPolicy: "deny", guardsKeyLists: false, datacenter: "dc1", node: agent.node.name },
    ...{ clock: new FakeClock(clock.wallMs()), tokens: { default: "", agentMaster: "" } },
    tries: new TokenTries({
      clock,
      log: createLog({ level: "error", json: false, clock, sink: () => {} }, "acl"),
      refused: new Metrics(0).counter("r"),
    }),
  });
  return changing(callers, (caller) => caller);
}

/** Hides the things named "ab" from readers that may see them. */
function hiding(caller: Caller, world: TestAgent): Caller {
  return withRights(caller, world, () => {
    const { rights } = caller;
    return {
      may: (resource, access, name) => !(name === "ab" && access === "read") && rights.may(resource, access, name),
      mayWriteTree: (prefix) => rights.mayWriteTree(prefix),
    };
  });
}

/** Lets readers that may read write, too. */
function generous(caller: Caller, world: TestAgent): Caller {
  return withRights(caller, world, () => {
    const { rights } = caller;
    return {
      may: (resource, _access, name) => rights.may(resource, "read", name),
      mayWriteTree: (prefix) => rights.mayWriteTree(prefix),
    };
  });
}

/** Faults of access control, each of which the simulation must find. */
export const plantedFaults: Readonly<Record<string, () => PlantedFault>> = {
  "a kept answer reaches readers with other rights": () => ({ answers: new AnswersForAll() }),
  "a query that waits keeps the rights with which it began": () => ({
    replaceCallers: (usual, world) => changing(usual, (caller) => atArrival(caller, world)),
  }),
  "a change of a policy counts only after a change of a token": () => ({ replaceCallers: untilTokensChange }),
  "an expired token is still used": () => ({ replaceCallers: withStoppedClock }),
  "a thing that a reader may see is hidden": () => ({
    replaceCallers: (usual, world) => changing(usual, (caller) => hiding(caller, world)),
  }),
  "a reader may write": () => ({
    replaceCallers: (usual, world) => changing(usual, (caller) => generous(caller, world)),
  }),
};
