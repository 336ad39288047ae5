import { OperatingError } from "../lib/errors.ts";
import type { Meter } from "../lib/metrics.ts";
import type { Answer, Handler, IncomingCall, Link } from "../link/link.ts";
import { idInUse } from "./clash.ts";
import { decodeJoin, type JoinAnswer, type JoinRequest } from "./join-call.ts";

/** An agent that has joined over its link. */
export interface LinkedAgent extends JoinRequest {
  readonly link: Link;
}

/** Answers a call of an agent that has joined, or of this server itself. */
export type AgentHandler = (call: IncomingCall, agent: JoinRequest) => Promise<Answer>;
/** The handlers of a server, by the kind of the call. */
export type Handlers = Readonly<Record<string, AgentHandler>>;

/** Decides which agents belong to the cluster. */
export interface Admission {
  /** Makes the agent a member. @throws OperatingError saying why it cannot be one */
  join(agent: JoinRequest): Promise<JoinAnswer>;
  /** Makes the agent a member that has left. */
  leave(agent: JoinRequest): Promise<void>;
  /** Called when the link of an agent that has not left is lost. @param silentMs how long ago the agent was last heard */
  lost(agent: JoinRequest, silentMs: number): void;
}

/**
 * The agents that are linked with this server, and the dispatch of their calls.
 *
 * A link is anonymous until its agent calls "join"; before that, and again after "leave", calls of every other kind are
 * refused. If an agent joins over a second link, its first link is lost and this server has not noticed yet, so the second link
 * replaces the first.
 */
export class LinkedAgents {
  /** The agents by id. */
  readonly #agents = new Map<string, LinkedAgent>();
  readonly #ofLinks = new WeakMap<Link, LinkedAgent>();
  readonly #admission: Admission;
  readonly #requests: Pick<Meter, "add">;

  /** @param requests counts the calls */
  constructor(admission: Admission, requests: Pick<Meter, "add">) {
    this.#admission = admission;
    this.#requests = requests;
  }

  get all(): Iterable<LinkedAgent> {
    return this.#agents.values();
  }

  get count(): number {
    return this.#agents.size;
  }

  /**
   * Returns the handler for the calls of all links that this server accepts.
   * @param handlers the handlers of all kinds of call but "join" and "leave"
   */
  handler(handlers: Handlers): Handler {
    return (call, link) => {
      this.#requests.add(1);
      if (call.kind === "join") return this.#join(call, link);
      const agent = this.#ofLinks.get(link);
      if (!agent) return Promise.reject(notJoined(call.kind));
      if (call.kind === "leave") return this.#leave(agent);
      const handler = Object.hasOwn(handlers, call.kind) ? handlers[call.kind] : undefined;
      return handler ? handler(call, agent) : Promise.reject(unknownCall(call.kind));
    };
  }

  /** Closes the link of an agent that cannot be a member. Its loss is then reported as that of every link. */
  expel(id: string, reason: string): void {
    this.#agents.get(id)?.link.close(reason);
  }

  async #join({ head }: IncomingCall, link: Link): Promise<Answer> {
    const request = decodeJoin(head);
    const known = this.#agents.get(request.id);
    if (known && known.link !== link && known.address !== request.address) throw idInUse(request, known);
    if ((this.#ofLinks.get(link)?.id ?? request.id) !== request.id) throw joinedAlready(request);
    const answer = await this.#admission.join(request);
    const replaced = this.#agents.get(request.id);
    this.#add({ ...request, link });
    if (replaced && replaced.link !== link) replaced.link.close("the agent has connected again");
    return { head: answer };
  }

  async #leave(agent: LinkedAgent): Promise<Answer> {
    // The agent's calls that arrive from now on must not bring its node back into the catalog.
    this.#forget(agent);
    try {
      await this.#admission.leave(agent);
    } catch (error) {
      this.#add(agent);
      throw error;
    }
    return { head: null };
  }

  #add(agent: LinkedAgent): void {
    this.#agents.set(agent.id, agent);
    this.#ofLinks.set(agent.link, agent);
    void agent.link.lost.then(() => this.#lose(agent));
  }

  #lose(agent: LinkedAgent): void {
    const isPresent = this.#agents.get(agent.id) === agent;
    this.#forget(agent);
    if (isPresent) this.#admission.lost(agent, agent.link.silentMs);
  }

  #forget(agent: LinkedAgent): void {
    if (this.#agents.get(agent.id) === agent) this.#agents.delete(agent.id);
    if (this.#ofLinks.get(agent.link) === agent) this.#ofLinks.delete(agent.link);
  }
}

/** Returns a handler that refuses the calls of client agents. */
export function ofServers(handler: AgentHandler): AgentHandler {
  return (call, agent) => {
    if (agent.role === "server") return handler(call, agent);
    const message = `the client agent ${agent.name} called ${JSON.stringify(call.kind)}, which only servers may`;
    return Promise.reject(new OperatingError("denied", "servers-only", message));
  };
}

function notJoined(kind: string): OperatingError {
  return new OperatingError("denied", "not-joined", `the agent called ${JSON.stringify(kind)} before it joined`);
}

function unknownCall(kind: string): OperatingError {
  const message = `this server does not know the call ${JSON.stringify(kind)}; run the same version of Praetor on all agents`;
  return new OperatingError("invalid", "unknown-call", message);
}

function joinedAlready({ name }: JoinRequest): OperatingError {
  return new OperatingError("conflict", "joined-already", `${name} joins over the link of another agent`);
}
