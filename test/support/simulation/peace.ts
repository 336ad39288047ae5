import type { FakeClock } from "../fake-clock.ts";
import type { LineRequest } from "../linearizability/line.ts";
import type { Findings } from "./findings.ts";
import { lockKeys } from "./lock-holder.ts";
import type { Observer } from "./observer.ts";
import { serviceNames } from "./registrar.ts";
import { requestsOfClientMax, type SimulatedProcess } from "./simulated-process.ts";
import { ask, type NetworkAnswer, type SimulatedNetwork } from "./simulated-network.ts";
import type { SimulatedDisk } from "./simulated-disk.ts";
import type { Condition, SimulatedServices } from "./simulated-services.ts";
import type { Supervisor } from "./supervisor.ts";
import type { Watcher } from "./watcher.ts";

export interface PeaceParts {
  readonly clock: FakeClock;
  readonly network: SimulatedNetwork;
  readonly supervisor: Supervisor;
  readonly observer: Observer;
  readonly services: SimulatedServices;
  readonly disk: SimulatedDisk;
  readonly findings: Findings;
  readonly pass: (ms: number) => Promise<void>;
  readonly until: <T>(done: Promise<T>) => Promise<T>;
}

const client = "192.0.2.99";
const statusOf: Readonly<Record<Condition, string>> = {
  up: "passing",
  busy: "warning",
  slow: "critical",
  down: "critical",
};

interface CheckShown {
  readonly CheckID: string;
  readonly Status: string;
  readonly Type: string;
}

/** What is there before the trouble begins, and what must be true when it has long been over. */
export class PeaceTalks {
  readonly #parts: PeaceParts;
  #idleTimers = 0;

  constructor(parts: PeaceParts) {
    this.#parts = parts;
  }

  async prepare(): Promise<void> {
    await this.#parts.pass(2_000);
    this.#idleTimers = this.#process().clock.timerCount;
    await this.#put("/v1/kv/quiet/key", "x");
    await this.#put("/v1/catalog/register", { Node: "quiet", Address: "192.0.2.8", Service: { Service: "quiet" } });
    for (const Service of serviceNames) {
      await this.#send({
        method: "POST",
        path: "/v1/query",
        body: JSON.stringify({ Name: `${Service}-any`, Service: { Service } }),
      });
    }
  }

  /** @param watchers that have been waiting since before the peace */
  async expectAgreement(watchers: readonly Watcher[]): Promise<void> {
    for (const watcher of watchers) await this.#expectNewest(watcher);
    await this.#expectSameOfAgentAndCatalog();
    await this.#expectTrueStatuses();
    await this.#expectFreeLocks();
    await this.#changeBehindStalledDisk();
    await this.#expectSameAfterCrash();
  }

  /** Takes away all that clients have left; then the agent must be as one that has just started. */
  async expectNothingLeft(): Promise<void> {
    const { findings, pass, supervisor, until } = this.#parts;
    await this.#put("/v1/agent/maintenance?enable=false");
    for (const id of Object.keys(await this.#peek("/v1/agent/services")))
      await this.#put(`/v1/agent/service/deregister/${id}`);
    for (const id of Object.keys(await this.#peek("/v1/agent/checks")))
      await this.#put(`/v1/agent/check/deregister/${id}`);
    await this.#expectUncounted();
    await pass(7_000);
    const { timerCount } = this.#process().clock;
    const broken = timerCount === this.#idleTimers ? undefined : `${timerCount} timers, ${this.#idleTimers} at first`;
    findings.expect("clients that are gone leave nothing", broken);
    await until(supervisor.stop());
  }

  async #expectNewest({ options: { question, isForgotten }, body, index }: Watcher): Promise<void> {
    if (isForgotten) return;
    const { findings, observer } = this.#parts;
    const now = await observer.peek(this.#process(), question);
    const isSame = withoutOutputs(now.body) === withoutOutputs(body) && now.index === index;
    const broken = isSame ? undefined : `${question} saw ${index} ${body}, now ${now.index} ${now.body}`;
    findings.expect("a watcher has seen the end", broken);
  }

  async #expectSameOfAgentAndCatalog(): Promise<void> {
    const { findings } = this.#parts;
    const own = Object.values((await this.#peek("/v1/agent/checks")) as Record<string, CheckShown>);
    const listed = ((await this.#peek("/v1/health/node/gw")) as readonly CheckShown[]).filter(
      ({ CheckID }) => CheckID !== "serfHealth",
    );
    const [told, known] = [sorted(listed.map(statusLine)), sorted(own.map(statusLine))];
    findings.expect("agent and catalog agree", told === known ? undefined : `checks: ${told}, agent: ${known}`);
    const node = (await this.#peek("/v1/catalog/node/gw")) as { readonly Services: object };
    const services = sorted(Object.keys(node.Services).filter((id) => id !== "consul"));
    const ours = sorted(Object.keys(await this.#peek("/v1/agent/services")));
    findings.expect("agent and catalog agree", services === ours ? undefined : `services: ${services}, agent: ${ours}`);
  }

  async #expectTrueStatuses(): Promise<void> {
    const { findings, services } = this.#parts;
    const checks = Object.values((await this.#peek("/v1/agent/checks")) as Record<string, CheckShown>);
    for (const check of checks) {
      const target = `http://192.0.2.9/${check.CheckID.replace(":http", "")}`;
      const wanted = check.Type === "http" ? statusOf[services.condition(target)] : "critical";
      if (check.Type !== "http" && check.Type !== "ttl") continue;
      const broken = check.Status === wanted ? undefined : `${check.CheckID} is ${check.Status}, in truth ${wanted}`;
      findings.expect("a check comes to say what is true", broken);
    }
  }

  async #expectFreeLocks(): Promise<void> {
    const { findings } = this.#parts;
    const sessions = (await this.#peek("/v1/session/list")) as readonly { ID: string; TTL: string }[];
    const left = sessions.filter(({ TTL }) => TTL !== "");
    findings.expect("a session that nobody renews ends", left[0] && `${left[0].ID} is still there`);
    const { ID } = JSON.parse((await this.#put("/v1/session/create", { TTL: "10s", LockDelay: "0s" })).body) as {
      ID: string;
    };
    for (const key of lockKeys) {
      const { body } = await this.#put(`/v1/kv/${key}?acquire=${ID}`, "mine");
      findings.expect(
        "a lock whose session ended is free again",
        body.startsWith("true") ? undefined : `${key}: ${body}`,
      );
    }
    await this.#put(`/v1/session/destroy/${ID}`);
  }

  /** One comes and one goes while the disk says nothing for longer than clients are held up. */
  async #changeBehindStalledDisk(): Promise<void> {
    const { disk, network, pass } = this.#parts;
    const [old = "late"] = Object.keys(await this.#peek("/v1/agent/services"));
    disk.hang();
    const register = {
      method: "PUT",
      path: "/v1/agent/service/register",
      body: JSON.stringify({ Name: "late" }),
    } as const;
    const deregister = { method: "PUT", path: `/v1/agent/service/deregister/${old}` } as const;
    for (const request of [register, deregister]) network.send(client, request).catch(() => {});
    await pass(15_000);
    disk.heal();
    await pass(3_000);
  }

  async #expectSameAfterCrash(): Promise<void> {
    const { findings, pass, supervisor } = this.#parts;
    const shown = async (): Promise<string> => {
      const checks = Object.keys(await this.#peek("/v1/agent/checks"));
      return sorted([...Object.keys(await this.#peek("/v1/agent/services")), ...checks]);
    };
    const before = await shown();
    supervisor.crash();
    supervisor.start();
    await pass(1_000);
    const after = await shown();
    findings.expect("a crash changes nothing", before === after ? undefined : `${after}, before it ${before}`);
    await this.#expectSameOfAgentAndCatalog();
  }

  /** Whoever has none under way may have as many as all may. */
  async #expectUncounted(): Promise<void> {
    const { findings, network, pass } = this.#parts;
    const [question] = ["/v1/kv/quiet/key"];
    const index = (await ask(this.#process(), client, { request: { method: "GET", path: question } })).index;
    for (const who of ["203.0.113.0", "192.0.2.1", "192.0.2.11", "192.0.2.101"]) {
      const statuses: number[] = [];
      for (let at = 0; at < requestsOfClientMax; at += 1) {
        const request: LineRequest = { method: "GET", path: `${question}?index=${index}&wait=60s` };
        network.send(who, request).then(
          ({ status }) => statuses.push(status),
          () => {},
        );
      }
      await pass(100);
      const broken = statuses.length === 0 ? undefined : `${who} was answered ${statuses.join(" ")}`;
      findings.expect("requests that are over count no more", broken);
      network.breakAll();
      await pass(10);
    }
  }

  #process(): SimulatedProcess {
    const { process } = this.#parts.supervisor;
    if (!process?.router) throw new Error("in peace the agent runs");
    return process;
  }

  async #peek(path: string): Promise<object> {
    return JSON.parse((await this.#parts.observer.peek(this.#process(), path)).body) as object;
  }

  #put(path: string, body: string | object = ""): Promise<NetworkAnswer> {
    return this.#send({ method: "PUT", path, body: typeof body === "string" ? body : JSON.stringify(body) });
  }

  async #send(request: LineRequest): Promise<NetworkAnswer> {
    const answer = await this.#parts.until(this.#parts.network.send(client, request));
    if (answer.status !== 200) throw new Error(`${request.path} in peace: ${answer.status} ${answer.body}`);
    return answer;
  }
}

/** What a check prints moves no index: it is shown as it is when somebody looks. */
function withoutOutputs(body: string): string {
  return body.replaceAll(/"Output":"(?:[^"\\]|\\.)*"/g, "");
}

function statusLine({ CheckID, Status }: CheckShown): string {
  return `${CheckID}=${Status}`;
}

function sorted(words: readonly string[]): string {
  return words.toSorted().join(" ");
}
