/** An agent that belongs to the cluster. */
export interface Member {
  readonly name: string;
  readonly address: string;
  /** Consul's gossip port, which clients expect of each member; Praetor does not listen on it. */
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
}
