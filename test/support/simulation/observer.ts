import type { FakeRandom } from "../fake-random.ts";
import { decodeDns } from "../dns-exchange.ts";
import { dnsHeader, questionOctets } from "../dns-wire.ts";
import { pickOf } from "../linearizability/trial.ts";
import type { Findings } from "./findings.ts";
import { serviceNames } from "./registrar.ts";
import type { SessionLedger } from "./session-ledger.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import { ask, type Held, type NetworkAnswer, type SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { SimulatedServices } from "./simulated-services.ts";

export interface ObserverOptions {
  readonly process: () => SimulatedProcess | undefined;
  readonly network: SimulatedNetwork;
  readonly disk: SimulatedDisk;
  readonly services: SimulatedServices;
  readonly random: FakeRandom;
  readonly findings: Findings;
  readonly ledger: SessionLedger;
}

const questions: readonly string[] = [
  ...["/v1/kv/?recurse", "/v1/kv/?keys", "/v1/kv/locks/a", "/v1/session/list", "/v1/session/node/gw"],
  ...["/v1/catalog/services", "/v1/catalog/nodes", "/v1/catalog/node/gw", "/v1/health/state/any", "/v1/health/node/gw"],
  ...serviceNames.flatMap((name) => [`/v1/health/service/${name}`, `/v1/catalog/service/${name}`]),
  ...serviceNames.map((name) => `/v1/health/service/${name}?passing`),
];

/** As often it is looked at what only a write can change, although there was none. */
const everySo = 10;
const heldAtATime = 5;
const syncedMs = 65_000;
const toldMsMax = 6_000;

/** Looks at the agent while time stands still, and without a network, so that it sees what is true in that moment. */
export class Observer {
  readonly #options: ObserverOptions;
  /** By check: since when the catalog says something else than the agent. */
  readonly #differsSinceMs = new Map<string, number>();
  readonly #indexes = new Map<string, number>();
  #looks = 0;
  #revision = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  async look(): Promise<void> {
    const process = this.#options.process();
    if (!process?.router) return;
    this.#looks += 1;
    await this.#lookAtSessions(process);
    await this.#lookAtChecks(process);
    await this.#lookAtCaches(process);
    const { revision } = this.#options.disk;
    if (revision === this.#revision && this.#looks % everySo !== 0) return;
    this.#revision = revision;
    await this.#lookAtHeld(process);
    await this.#lookAtDns(process);
  }

  async peek(process: SimulatedProcess, path: string): Promise<NetworkAnswer> {
    const answer = await ask(process, "198.51.100.1", { request: { method: "GET", path } });
    const before = this.#indexes.get(path) ?? 0;
    const fell = `${path} fell from ${before} to ${answer.index}`;
    this.#options.findings.expect("the index of a question never falls", answer.index < before ? fell : undefined);
    if (!Number.isNaN(answer.index)) this.#indexes.set(path, answer.index);
    return answer;
  }

  async #lookAtSessions(process: SimulatedProcess): Promise<void> {
    const { ledger, disk } = this.#options;
    const nowMs = process.clock.monotonicMs();
    const sessions = JSON.parse((await this.peek(process, "/v1/session/list")).body) as readonly { ID: string }[];
    const circumstances = { nowMs, readySinceMs: process.readySinceMs ?? nowMs, diskWellForMs: disk.wellForMs };
    ledger.observe(new Set(sessions.map(({ ID }) => ID)), circumstances);
    const locks = await this.peek(process, "/v1/kv/locks/?recurse");
    const keys = locks.status === 404 ? [] : (JSON.parse(locks.body) as readonly { Key: string; Session?: string }[]);
    const held = keys.flatMap(({ Key, Session }) => (Session === undefined ? [] : [[Key, Session] as const]));
    ledger.observeLocks(new Map(held), nowMs);
  }

  /** Whoever waits must know the newest: else a change went by and did not wake them. */
  async #lookAtHeld(process: SimulatedProcess): Promise<void> {
    const { network, findings } = this.#options;
    for (const { request } of this.#some([...network.held])) {
      const asked = /^(.*)[?&]index=(\d+)&wait=\w+$/.exec(request.path);
      if (!asked || request.path.includes("/v1/coordinate") || request.path.includes("/v1/event")) continue;
      const [, question = "", index] = asked;
      const answer = await this.peek(process, question);
      const broken = answer.index > Number(index) ? `${question} is at ${answer.index}, held at ${index}` : undefined;
      findings.expect("whoever waits is woken by each change", broken);
    }
  }

  /** Whose turn it is: who is forgotten stays forgotten, and is found a few looks later. */
  #some(all: readonly Held[]): readonly Held[] {
    const first = (this.#looks * heldAtATime) % Math.max(all.length, 1);
    return [...all, ...all].slice(first, first + Math.min(heldAtATime, all.length));
  }

  async #lookAtCaches(process: SimulatedProcess): Promise<void> {
    const { random, findings } = this.#options;
    const question = pickOf(random, questions) ?? "";
    const kept = await this.peek(process, question);
    const fresh = `${question}${question.includes("?") ? "&" : "?"}fresh=${this.#looks}`;
    const answer = await ask(process, "198.51.100.1", { request: { method: "GET", path: fresh } });
    const isSame = kept.body === answer.body && kept.index === answer.index;
    const broken = isSame ? undefined : `${question}: ${kept.index} ${kept.body}, not ${answer.index} ${answer.body}`;
    findings.expect("an answer that was kept is the one of now", broken);
  }

  async #lookAtChecks(process: SimulatedProcess): Promise<void> {
    const { services, findings } = this.#options;
    const { body } = await ask(process, "198.51.100.1", { request: { method: "GET", path: "/v1/agent/checks" } });
    const checks = Object.values(JSON.parse(body) as Record<string, CheckShown>);
    for (const { CheckID, Status, Type } of checks) {
      const last = services.lastResults.get(CheckID);
      if (last === undefined || Type === "maintenance") continue;
      const broken = last === Status ? undefined : `${CheckID} is ${Status}, its last result ${last}`;
      findings.expect("a check is as its last result says", broken);
    }
    await this.#compareWithCatalog(process, checks);
  }

  /** What a bad disk has kept from the catalog, anti-entropy brings there within a minute; all else is there at once. */
  async #compareWithCatalog(process: SimulatedProcess, checks: readonly CheckShown[]): Promise<void> {
    const { disk, findings } = this.#options;
    if (disk.wellForMs < syncedMs) return;
    const listed = JSON.parse((await this.peek(process, "/v1/health/node/gw")).body) as readonly CheckShown[];
    const known = new Map(listed.map(({ CheckID, Status }) => [CheckID, Status]));
    const nowMs = process.clock.monotonicMs();
    for (const { CheckID, Status } of checks) {
      if (known.get(CheckID) === Status) this.#differsSinceMs.delete(CheckID);
      const sinceMs = this.#differsSinceMs.get(CheckID) ?? nowMs;
      if (known.get(CheckID) !== Status) this.#differsSinceMs.set(CheckID, sinceMs);
      const isLate = this.#differsSinceMs.has(CheckID) && nowMs - sinceMs > toldMsMax;
      const broken = isLate
        ? `${CheckID} is ${Status}, there ${known.get(CheckID)} for ${nowMs - sinceMs} ms`
        : undefined;
      findings.expect("the catalog is told of a check's new status at once", broken);
    }
  }

  async #lookAtDns(process: SimulatedProcess): Promise<void> {
    const { random, findings } = this.#options;
    const service = pickOf(random, serviceNames) ?? "";
    const packet = Buffer.concat([dnsHeader(), questionOctets([service, "service", "consul"], 33)]);
    const answer = process.responder?.respond(packet, { network: "tcp", address: "198.51.100.1" });
    if (!(answer instanceof Uint8Array)) return;
    const told = decodeDns(answer.slice()).answers?.map((each) => (each.type === "SRV" ? each.data.port : 0)) ?? [];
    const { body } = await this.peek(process, `/v1/health/service/${service}`);
    const known = (JSON.parse(body) as readonly Instance[]).filter(isWell).map(({ Service }) => Service.Port);
    const isSame = sorted(told) === sorted(known);
    const broken = isSame ? undefined : `${service}: DNS tells ${sorted(told)}, HTTP ${sorted(known)}`;
    findings.expect("DNS and HTTP tell the same", broken);
  }
}

interface CheckShown {
  readonly CheckID: string;
  readonly Status: string;
  readonly Type: string;
}

interface Instance {
  readonly Service: { readonly Port: number };
  readonly Checks: readonly { readonly Status: string }[];
}

function isWell({ Checks }: Instance): boolean {
  return Checks.every(({ Status }) => Status !== "critical");
}

function sorted(ports: readonly number[]): string {
  return ports.toSorted((a, b) => a - b).join(" ");
}
