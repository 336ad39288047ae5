import { sleep } from "../../../../src/lib/clock.ts";
import type { FakeRandom } from "../../fake-random.ts";
import { LineBroken, type LineRequest } from "../../linearizability/line.ts";
import { pick } from "../../linearizability/trial.ts";
import { Owned } from "../owned.ts";
import type { Part } from "../part.ts";
import { requireDone } from "../simulated-line.ts";
import type { NetworkAnswer } from "../simulated-network.ts";
import type { SimulatedPlatform } from "../simulated-platform.ts";

const absent = "absent";
/**
 * Maximum time from the recovery of the disk until the agent has repeated the writes that a fault delayed, in milliseconds.
 */
const madeAgainMs = 15_000;
/** The part compares all statuses only in every fourth inspection of the agent, because the comparison is slow. */
const everySo = 4;

/** Returns a part with EdgeX services that use core-keeper's API. Each alone writes its settings and its registration. */
export function keeper(world: SimulatedPlatform): Part {
  // The clients cannot know which values a restored snapshot brings back.
  if (world.plan.restores) return {};
  const clients = [0, 1].map((at) => new KeeperClient(world, at));
  let isOver = false;
  let looks = 0;
  return {
    run: async ({ trouble }) => void (await Promise.all(clients.map((each) => each.run(trouble)))),
    async look() {
      looks += 1;
      if (looks % everySo === 0) await expectSameStatuses(world);
    },
    async lookAtState() {
      if (!isOver) for (const each of clients) await each.look();
    },
    /** Ends the comparisons of values, because the part `leftovers` then removes the remaining keys and registrations. */
    async conclude() {
      isOver = true;
    },
  };
}

interface RegistrationShown {
  readonly serviceId: string;
  readonly status: string;
  readonly port: number;
}

class KeeperClient {
  readonly #world: SimulatedPlatform;
  readonly #random: FakeRandom;
  readonly #client: string;
  readonly #id: string;
  readonly #branch: string;
  readonly #registration: Owned;
  readonly #configuration: Owned;
  #turn = 0;

  constructor(world: SimulatedPlatform, at: number) {
    this.#world = world;
    this.#random = world.newRandom();
    this.#client = `192.0.2.${40 + at}`;
    this.#id = `keeper-${at}`;
    this.#branch = `/api/v3/kvs/key/edgex/v4/settings-${at}`;
    const { findings } = world;
    this.#registration = new Owned(findings, "core-keeper's API shows a registration as it was made", absent);
    this.#configuration = new Owned(
      findings,
      "core-keeper's API shows settings as they were written, and whole",
      absent,
    );
  }

  async run(over: AbortSignal): Promise<void> {
    const { clock } = this.#world;
    while (!over.aborted) {
      await sleep(clock, this.#random.uniform() ** 2 * 6_000, over);
      if (over.aborted) return;
      try {
        await this.#act();
      } catch (error) {
        if (!(error instanceof LineBroken)) throw error;
      }
    }
  }

  /** Expects that the registration and the settings in the agent are among those that the client considers possible. */
  async look(): Promise<void> {
    const { world, id, branch } = { world: this.#world, id: this.#id, branch: this.#branch };
    this.#see(this.#registration, shownRegistration(await world.peek(`/api/v3/registry/serviceId/${id}`)), id);
    this.#see(this.#configuration, shownSettings(await world.peek(`${branch}?plaintext=true`)), branch);
  }

  /**
   * Checks a value unless the agent may have half of a write: when the disk confirms a write too late, the agent repeats the
   * write a second later.
   */
  #see(owned: Owned, value: string, where: string): void {
    if (owned.known !== undefined || this.#world.disk.wellForMs > madeAgainMs) owned.see(value, where);
  }

  #act(): Promise<void> {
    this.#turn += 1;
    switch (pick(this.#random, { register: 4, halt: 1, remove: 1, settings: 5, clear: 1, ask: 3, trouble: 2 })) {
      case "register":
        return this.#put(this.#registered(""), String(this.#port));
      case "halt":
        return this.#put(this.#registered("HALT"), `HALT ${this.#port}`);
      case "remove":
        return this.#write(this.#registration, absent, {
          method: "DELETE",
          path: `/api/v3/registry/serviceId/${this.#id}`,
        });
      case "settings":
        return this.#write(this.#configuration, String(this.#turn), {
          ...{ method: "PUT", path: `${this.#branch}?flatten=true` },
          body: JSON.stringify({ value: settingsOf(this.#turn) }),
        });
      case "clear":
        return this.#write(this.#configuration, absent, { method: "DELETE", path: `${this.#branch}?prefixMatch=true` });
      case "ask":
        return this.#ask();
      case "trouble":
        this.#world.services.change(this.#target, this.#random.uniform() < 0.5 ? "down" : "up");
        return Promise.resolve();
    }
  }

  get #port(): number {
    return 10_000 + this.#turn;
  }

  get #target(): string {
    return `http://${this.#client}:${this.#port}/api/v3/ping`;
  }

  #registered(status: string): string {
    const healthCheck = { interval: "5s", path: "/api/v3/ping", type: "http" };
    const registration = { serviceId: this.#id, status, host: this.#client, port: this.#port, healthCheck };
    return JSON.stringify({ apiVersion: "v3", registration });
  }

  /** Registers as EdgeX's client does: adds the registration, or updates an existing one. */
  async #put(body: string, value: string): Promise<void> {
    const path = "/api/v3/registry";
    const known = await this.#send({ method: "GET", path: `${path}/serviceId/${this.#id}` });
    await this.#write(this.#registration, value, { method: known.status === 200 ? "PUT" : "POST", path, body });
  }

  async #write(owned: Owned, value: string, request: LineRequest): Promise<void> {
    const { done, refused } = owned.write(value);
    try {
      const answer = await this.#send(request);
      // A deletion that is answered with 404 counts as refused, not as done: a pending write may still create the key.
      if (answer.status < 300) done();
      else refused();
    } catch (error) {
      if (error instanceof LineBroken && !error.wasSent) refused();
      throw error;
    }
  }

  async #ask(): Promise<void> {
    const { path, owned, shown } =
      this.#random.uniform() < 0.5
        ? { path: `/api/v3/registry/serviceId/${this.#id}`, owned: this.#registration, shown: shownRegistration }
        : { path: `${this.#branch}?plaintext=true`, owned: this.#configuration, shown: shownSettings };
    this.#see(owned, shown(await this.#send({ method: "GET", path })), `${path} for its owner`);
  }

  async #send(request: LineRequest): Promise<NetworkAnswer> {
    return requireDone(await this.#world.network.send(this.#client, request));
  }
}

function settingsOf(turn: number): object {
  const text = String(turn);
  return { Host: text, Writable: { LogLevel: text, Telemetry: text } };
}

function shownRegistration({ status, body }: NetworkAnswer): string {
  if (status !== 200) return absent;
  const { registration } = JSON.parse(body) as { readonly registration: RegistrationShown };
  return registration.status === "HALT" ? `HALT ${registration.port}` : String(registration.port);
}

function shownSettings({ status, body }: NetworkAnswer): string {
  if (status !== 200) return absent;
  const { response } = JSON.parse(body) as { readonly response: readonly { readonly value: string }[] };
  const [first = "", ...others] = response.map(({ value }) => value);
  return others.length === 2 && others.every((other) => other === first) ? first : `half: ${[first, ...others].join()}`;
}

/** Expects that core-keeper's API shows the status of each service's check. */
async function expectSameStatuses(world: SimulatedPlatform): Promise<void> {
  const path = "/api/v3/registry/all?deregistered=true";
  const { registrations } = await world.peekJson<{ readonly registrations: readonly RegistrationShown[] }>(path);
  const own = await world.peekJson<Record<string, { ServiceID: string; Status: string }>>("/v1/agent/checks");
  const services = await world.peekJson<Record<string, object>>("/v1/agent/services");
  for (const { serviceId, status } of registrations) {
    if (!(serviceId in services)) continue;
    const statuses = Object.values(own).flatMap(({ ServiceID, Status }) => (ServiceID === serviceId ? [Status] : []));
    const isHealthy = statuses.length > 0 && statuses.every((each) => each === "passing");
    const broken =
      isHealthy === (status === "UP") ? undefined : `${serviceId} is ${status}, its checks ${statuses.join()}`;
    world.findings.expect("core-keeper's API shows the status of checks", broken);
  }
}
