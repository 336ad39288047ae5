import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { Node } from "../model/node.ts";
import { deregister, register } from "../registry/catalog.ts";
import type { Registry } from "../registry/registry.ts";
import { type JoinAnswer, type JoinRequest, nodeOf, type ServerAddress } from "./join-call.ts";
import type { Admission } from "./linked-agents.ts";
import { serfCheck } from "./server-registration.ts";

interface MembersOptions {
  /** This server's own node. */
  readonly node: Node;
  readonly serverPort: number;
  readonly log: Log;
}

/** The agents that belong to the cluster, and what becomes of their nodes in the catalog as they come and go. */
export class Members implements Admission {
  readonly #store: Registry;
  readonly #options: MembersOptions;

  constructor(store: Registry, options: MembersOptions) {
    this.#store = store;
    this.#options = options;
  }

  get servers(): readonly ServerAddress[] {
    const { node, serverPort } = this.#options;
    return [{ id: node.id, name: node.name, address: node.address, port: serverPort }];
  }

  async join(agent: JoinRequest): Promise<JoinAnswer> {
    const { node, log } = this.#options;
    if (agent.datacenter !== node.datacenter)
      throw conflict("wrong-datacenter", `Member '${agent.name}' part of wrong datacenter '${agent.datacenter}'`);
    if (agent.id === node.id)
      throw conflict(
        "node-id-in-use",
        `Member '${agent.name}' has conflicting node ID '${agent.id}' with this agent's ID`,
      );
    await register(this.#store, { node: nodeOf(agent), skipNodeUpdate: false, checks: [serfCheck(agent.name)] });
    log.info("member joined, marking health alive", { member: agent.name });
    return { servers: this.servers };
  }

  async leave({ name }: JoinRequest): Promise<void> {
    await deregister(this.#store, { node: name });
    this.#options.log.info("deregistering member", { member: name, reason: "left" });
  }

  lost(_agent: JoinRequest, _silentMs: number): void {}
}

function conflict(code: string, message: string): OperatingError {
  return new OperatingError("conflict", code, message);
}
