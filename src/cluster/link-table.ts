import type { JoinRequest } from "./join-call.ts";

/** By the ids of the servers that have a link with an agent: how it introduced itself there. The newest is the last. */
type Links = Map<string, JoinRequest>;

/**
 * Which servers have links with which agents, as the leader knows it.
 *
 * A server's word counts only while the server itself is linked: with the leader, or with a server whose word counts. So an agent
 * is linked while a chain of links leads from the leader to it. The words of a server that is cut off are kept, and count again
 * when it is back.
 */
export class LinkTable {
  /** The id of the leader. */
  readonly #own: string;
  readonly #agents = new Map<string, Links>();
  /** The links of those agents that are servers. */
  readonly #servers = new Map<string, Links>();
  /** The ids of the servers whose word counts; undefined if they are to be computed. */
  #reached: ReadonlySet<string> | undefined;

  constructor(own: string) {
    this.#own = own;
  }

  /** The ids of the servers whose word counts, the leader's among them. */
  get servers(): ReadonlySet<string> {
    this.#reached ??= this.#reach();
    return this.#reached;
  }

  /** The ids of all linked agents. */
  get linked(): ReadonlySet<string> {
    return new Set([...this.#agents.keys()].filter((id) => this.has(id)));
  }

  has(id: string): boolean {
    return id === this.#own || this.get(id) !== undefined;
  }

  /** Returns the linked agent with this id, as it introduced itself last. */
  get(id: string): JoinRequest | undefined {
    return this.#counting(id).at(-1)?.[1];
  }

  /** Returns how the agent introduced itself to a server, whether or not the server's word counts. */
  getOf(server: string, id: string): JoinRequest | undefined {
    return this.#agents.get(id)?.get(server);
  }

  /** Returns whether a server other than this one, whose word counts, has a link with the agent. */
  isLinkedBeside(server: string, id: string): boolean {
    return this.#counting(id).some(([other]) => other !== server);
  }

  isServer(id: string): boolean {
    return this.#servers.has(id);
  }

  /** Returns the ids of the agents with which a server has links. */
  idsOf(server: string): readonly string[] {
    return [...this.#agents].filter(([, links]) => links.has(server)).map(([id]) => id);
  }

  add(server: string, agent: JoinRequest): void {
    const links = this.#agents.get(agent.id) ?? new Map<string, JoinRequest>();
    links.delete(server);
    links.set(server, agent);
    this.#agents.set(agent.id, links);
    if (agent.role === "server") this.#servers.set(agent.id, links);
    this.#reached = undefined;
  }

  remove(server: string, id: string): void {
    const links = this.#agents.get(id);
    links?.delete(server);
    if (links?.size === 0) this.delete(id);
    this.#reached = undefined;
  }

  /** Deletes the agent's links with all servers. */
  delete(id: string): void {
    this.#agents.delete(id);
    this.#servers.delete(id);
    this.#reached = undefined;
  }

  /** Returns the agent's links with servers whose word counts. */
  #counting(id: string): readonly (readonly [string, JoinRequest])[] {
    return [...(this.#agents.get(id) ?? [])].filter(([server]) => this.servers.has(server));
  }

  #reach(): ReadonlySet<string> {
    const reached = new Set([this.#own]);
    let before: number;
    do {
      before = reached.size;
      for (const [id, links] of this.#servers)
        if ([...links.keys()].some((server) => reached.has(server))) reached.add(id);
    } while (reached.size > before);
    return reached;
  }
}
