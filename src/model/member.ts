/** An agent that belongs to the cluster. */
export interface Member {
  readonly name: string;
  readonly address: string;
  /** Consul's gossip port: what clients expect to see here; nothing listens on it. */
  readonly port: number;
  readonly tags: Readonly<Record<string, string>>;
}
