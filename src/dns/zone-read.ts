import type { Query } from "../registry/query.ts";
import type { Registry } from "../registry/registry.ts";
import type { Topic } from "../state/topics.ts";
import type { ResourceRecord } from "./message.ts";
import { nameText, type Name } from "./name.ts";

/** Records that recursors returned, by name in lower case. */
export type ExternalRecords = ReadonlyMap<string, readonly ResourceRecord[]>;

/** The client on whose behalf the registry is read. */
export interface ZoneClient {
  /** The address of the client or of its subnet. */
  readonly address: string;
  /** The name of the client agent's node that passed the question on, if one did. */
  readonly agentNode?: string | undefined;
}

/**
 * Reads the registry for one question. Collects the topics on which the answer depends, and the names that recursors must
 * resolve.
 */
export class ZoneRead {
  /** The topics that the answer depends on. */
  readonly topics: Set<Topic> = new Set();
  /** Names to ask recursors for before the answer is complete. */
  readonly missingNames: Map<string, Name> = new Map();
  readonly registry: Registry;
  readonly #external: ExternalRecords;
  readonly client: ZoneClient;
  /** The largest number of instances that were shuffled; 1 if none were. */
  orderCount: number = 1;
  #isCacheable = true;

  constructor(registry: Registry, client: ZoneClient, external: ExternalRecords = new Map()) {
    this.registry = registry;
    this.client = client;
    this.#external = external;
  }

  read<T>(query: Query<T>): T {
    for (const topic of query.topics) this.topics.add(topic);
    return this.registry.read(query);
  }

  /** Runs a query whose result can change without a touched topic, so the answer must not be cached. */
  readUncached<T>(query: Query<T>): T {
    this.doNotCache();
    return this.registry.read(query);
  }

  /** Says that the answer can change without a touched topic. */
  doNotCache(): void {
    this.#isCacheable = false;
  }

  /** Whether the answer stays valid until one of the topics is touched. */
  get isCacheable(): boolean {
    return this.#isCacheable;
  }

  /**
   * Returns a recursor's records of this name. If no recursor was asked yet, adds the name to `missingNames` and returns none.
   */
  externalRecords(name: Name): readonly ResourceRecord[] {
    const key = nameText(name);
    const known = this.#external.get(key);
    if (!known) this.missingNames.set(key, name);
    // The answer must not be cached, because the recursor's TTL bounds its validity. Recursors have their own caches.
    this.#isCacheable = false;
    return known ?? [];
  }
}
