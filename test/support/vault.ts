import type { Clock } from "../../src/lib/clock.ts";

/** Sends one request to an agent, over a socket or in process. */
export type Ask = (method: string, path: string, body?: string) => Promise<Told>;

interface Told {
  readonly status: number;
  readonly text: string;
  /** The number in the header X-Consul-Index. */
  readonly index: number;
}

interface VaultSettings {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}

interface Entry {
  readonly Flags: number;
  readonly Session?: string;
}

/** The flags by which Consul's Go client marks a key as a lock. They are text, because a JavaScript number would round them. */
const lockFlags = "3304740253564472344";
const lockPath = "/v1/kv/vault/core/lock";
const sessionTtlMs = 15_000;
const lockRetryMs = 5_000;

/**
 * A model of Vault 1.3.1 as a client of Consul. It sends the requests of Vault's storage, of the lock that makes one of several
 * Vaults active, and of Vault's registration. It seals and steps down when a test calls the method for it.
 */
export class StandInVault {
  readonly serviceId: string;
  readonly checkId: string;
  readonly #ask: Ask;
  readonly #settings: VaultSettings;
  #session: string | undefined;
  #isActive = false;
  #isSealed = true;
  #isDead = false;

  constructor(ask: Ask, settings: VaultSettings) {
    this.#settings = settings;
    this.serviceId = `vault:${settings.host}:${settings.port}`;
    this.checkId = `${this.serviceId}:vault-sealed-check`;
    // A killed process sends nothing and receives no pending answer.
    this.#ask = async (...words) => {
      const told = this.#isDead ? undefined : await ask(...words);
      return this.#isDead || told === undefined ? new Promise<never>(() => undefined) : told;
    };
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Ends this Vault as SIGKILL does. */
  kill(): void {
    this.#isDead = true;
  }

  async put(key: string, value: string): Promise<void> {
    await this.#must("PUT", `/v1/kv/vault/${key}`, value);
  }

  async get(key: string): Promise<string | undefined> {
    const { status, text } = await this.#ask("GET", `/v1/kv/vault/${key}`);
    if (status === 404) return undefined;
    const [entry] = JSON.parse(text) as readonly { readonly Value: string }[];
    return atob(entry?.Value ?? "");
  }

  async delete(key: string): Promise<void> {
    await this.#must("DELETE", `/v1/kv/vault/${key}`);
  }

  /** Returns the names one level below the prefix. The name of a folder ends in a slash. */
  async list(prefix: string): Promise<readonly string[]> {
    const folder = `vault/${prefix}`;
    const { status, text } = await this.#ask("GET", `/v1/kv/${folder}?keys=&separator=%2F`);
    return status === 404 ? [] : (JSON.parse(text) as readonly string[]).map((key) => key.slice(folder.length));
  }

  /** Writes all values or none of them; undefined deletes a key. */
  async transact(values: Readonly<Record<string, string | undefined>>): Promise<void> {
    const none = { Node: null, Service: null, Check: null };
    const operations = Object.entries(values).map(([key, value]) => ({
      KV: {
        Verb: value === undefined ? "delete" : "set",
        Key: `vault/${key}`,
        Value: value === undefined ? null : btoa(value),
        ...{ Flags: 0, Index: 0, Session: "" },
      },
      ...none,
    }));
    await this.#must("PUT", "/v1/txn", JSON.stringify(operations));
  }

  /** Registers Vault's service and check if the service is missing or its tags have changed. Resolves with whether it did so. */
  async reconcile(): Promise<boolean> {
    const { text } = await this.#ask("GET", "/v1/catalog/service/vault?stale=");
    const listed = JSON.parse(text) as readonly { readonly ServiceID: string; readonly ServiceTags: string[] }[];
    const tag = this.#isActive ? "active" : "standby";
    if (listed.find(({ ServiceID }) => ServiceID === this.serviceId)?.ServiceTags.join() === tag) return false;
    const { host: Address, port: Port } = this.#settings;
    const service = { ID: this.serviceId, Name: "vault", Tags: [tag], Port, Address, Check: null, Checks: null };
    await this.#must("PUT", "/v1/agent/service/register", JSON.stringify(service));
    const check = { ID: this.checkId, Name: "Vault Sealed Status", ServiceID: this.serviceId, TTL: "5s" };
    const Status = this.#isSealed ? "critical" : "passing";
    await this.#must("PUT", "/v1/agent/check/register", JSON.stringify({ ...check, Status }));
    return true;
  }

  async seal(isSealed: boolean): Promise<void> {
    this.#isSealed = isSealed;
    await this.report();
  }

  /** Updates the TTL check; the real Vault does so every five seconds, less a random part. */
  async report(): Promise<void> {
    const [verb, note] = this.#isSealed ? ["fail", "Vault+Sealed"] : ["pass", "Vault+Unsealed"];
    await this.#must("PUT", `/v1/agent/check/${verb}/${this.checkId}?note=${note}`);
  }

  async deregister(): Promise<void> {
    await this.#must("PUT", `/v1/agent/service/deregister/${this.serviceId}`);
  }

  /** Acquires the lock, without a time limit. Resolves with an object whose `lost` resolves when this Vault loses the lock. */
  async becomeActive(value: string): Promise<{ readonly lost: Promise<void> }> {
    const session = JSON.stringify({ Name: "Vault Lock", TTL: `${sessionTtlMs / 1_000}s` });
    const { ID } = JSON.parse(await this.#must("PUT", "/v1/session/create", session)) as { readonly ID: string };
    this.#session = ID;
    this.#renewLater(ID);
    while (!(await this.#acquire(ID, value))) await this.#whyNot();
    this.#isActive = true;
    return { lost: this.#monitor(ID) };
  }

  /** Releases the lock and destroys the session, so that the next client acquires the lock without a delay. */
  async stepDown(value: string): Promise<void> {
    const session = this.#session ?? "";
    this.#isActive = false;
    this.#session = undefined;
    await this.#must("PUT", `${lockPath}?flags=${lockFlags}&release=${session}`, value);
    await this.#must("PUT", `/v1/session/destroy/${session}`);
  }

  async #acquire(session: string, value: string): Promise<boolean> {
    let index = 0;
    for (;;) {
      const { entry, index: seen } = await this.#lockEntry(`wait=15000ms${index > 0 ? `&index=${index}` : ""}`);
      if (entry?.Session === undefined) break;
      index = seen;
    }
    return (await this.#must("PUT", `${lockPath}?acquire=${session}&flags=${lockFlags}`, value)) === "true";
  }

  /**
   * Reads the lock after a failed attempt to acquire it. If no client holds it, the lock delay of a dead holder is in effect, and
   * Vault pauses. If another client holds it, the next attempt waits for its release.
   */
  async #whyNot(): Promise<void> {
    const { entry } = await this.#lockEntry("wait=15000ms");
    if (entry?.Session === undefined) await this.#pause(lockRetryMs);
  }

  async #monitor(session: string): Promise<void> {
    let query = "consistent=";
    for (;;) {
      const { entry, index } = await this.#lockEntry(query);
      if (entry?.Session !== session) break;
      query = `consistent=&index=${index}`;
    }
    this.#isActive = false;
  }

  async #lockEntry(query: string): Promise<{ readonly entry: Entry | undefined; readonly index: number }> {
    const { status, text, index } = await this.#ask("GET", `${lockPath}?${query}`);
    if (status === 404) return { entry: undefined, index };
    // This line searches for the flags in the text, because JSON.parse would round the number.
    if (!text.includes(`"Flags":${lockFlags}`)) throw new Error(`the key is no lock: ${text}`);
    return { entry: (JSON.parse(text) as readonly Entry[])[0], index };
  }

  #renewLater(session: string): void {
    this.#settings.clock.schedule(sessionTtlMs / 2, () => void this.#renew(session));
  }

  async #renew(session: string): Promise<void> {
    if (this.#session !== session || this.#isDead) return;
    const { status } = await this.#ask("PUT", `/v1/session/renew/${session}`);
    if (status === 200) this.#renewLater(session);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#settings.clock.schedule(ms, resolve));
  }

  /**
   * Sends a request and returns its answer.
   * @throws Error for any status other than 200
   */
  async #must(method: string, path: string, body?: string): Promise<string> {
    const { status, text } = await this.#ask(method, path, body);
    if (status === 200) return text;
    throw new Error(`Unexpected response code: ${status} (${text})`);
  }
}
