import type { FakeRandom } from "../fake-random.ts";
import { explainViolation, type Violation } from "./explanation.ts";
import type { SeenRow, Wait } from "./index-laws.ts";
import { kvModel } from "./kv-model.ts";
import { type KvInput, type KvOutput, type KvShown, type KvStep, type KvVerb, stepOf } from "./kv-operation.ts";
import { kvOutput, kvRequest } from "./kv-request.ts";
import type { Operation } from "./operation.ts";
import { type OperationEvent, pick, pickOf, type Plan, type Trial, waiting } from "./trial.ts";

const keys = ["a", "b", "c"];
/** Keys that clients lock. The third key is never locked, so each of its values identifies the write that wrote it. */
const lockableKeys = ["a", "b"];
const waitMs = 40;
const sessionsMax = 3;

const requests = {
  ...{ get: 18, "get-waiting": 6, list: 8, "list-waiting": 2, set: 16, cas: 16, delete: 4, "delete-cas": 4 },
  ...{ lock: 9, unlock: 9, txn: 14, "create-session": 2, "destroy-session": 1, "delete-tree": 1 },
} as const;
const txnSteps = {
  ...{ set: 8, cas: 6, lock: 1, unlock: 1, delete: 1, "delete-cas": 1 },
  ...{ get: 2, "check-index": 2, "check-not-exists": 0.5 },
} as const;

/**
 * A trial in which clients read and write a folder of three keys. The clients share the indexes that they have read, because
 * otherwise hardly any check-and-set would succeed.
 */
export class KvTrial implements Trial {
  readonly name: string;
  readonly #operations: Operation<KvInput, KvOutput>[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #questionIndexes = new Map<string, number>();
  readonly #sessions: string[] = [];

  constructor(name: string) {
    this.name = `${name}/`;
  }

  get operationCount(): number {
    return this.#operations.length;
  }

  plan(random: FakeRandom, write: string): Plan {
    const choice = pick(random, requests);
    switch (choice) {
      case "get-waiting":
        return this.#plan(this.#step(random, "get", ""), waitMs);
      case "list-waiting":
        return this.#plan({ kind: "list" }, waitMs);
      case "list":
      case "delete-tree":
        return this.#plan({ kind: choice });
      case "create-session":
        return this.#plan(this.#sessions.length < sessionsMax ? { kind: "create-session" } : { kind: "list" });
      case "destroy-session": {
        const session = pickOf(random, this.#sessions);
        return this.#plan(session === undefined ? { kind: "create-session" } : { kind: "destroy-session", session });
      }
      case "txn":
        return this.#plan({ kind: "txn", steps: this.#txnSteps(random, write) });
      default:
        return this.#plan(this.#step(random, choice, write));
    }
  }

  finalRead(): Plan {
    return this.#plan({ kind: "list" });
  }

  violation(): Violation | undefined {
    return explainViolation(kvModel, this.#operations);
  }

  #step(random: FakeRandom, verb: KvVerb, write: string): KvInput {
    const step = this.#stepOf(random, verb, write);
    return step ? { kind: "step", step } : { kind: "create-session" };
  }

  #txnSteps(random: FakeRandom, write: string): readonly KvStep[] {
    const count = 2 + Math.floor(random.uniform() * 3);
    return Array.from({ length: count }, () => this.#stepOf(random, pick(random, txnSteps), write)).filter(
      (step) => step !== undefined,
    );
  }

  /** Returns a step with this verb on a random key; undefined when the verb needs a session and no session is alive. */
  #stepOf(random: FakeRandom, verb: KvVerb, write: string): KvStep | undefined {
    const isLocking = verb === "lock" || verb === "unlock";
    const key = pickOf(random, isLocking ? lockableKeys : keys) ?? "";
    const index = this.#indexes.get(key) ?? 0;
    const session = isLocking ? pickOf(random, this.#sessions) : "";
    if (session === undefined) return undefined;
    // Consul: the index 0 has a special meaning for these verbs, so the step gets a verb without an index.
    if (index === 0 && verb === "delete-cas") return stepOf("get", key);
    if (index === 0 && verb === "check-index") return stepOf("check-not-exists", key);
    const hasValue = verb === "set" || verb === "cas" || isLocking;
    const hasIndex = verb === "cas" || verb === "delete-cas" || verb === "check-index";
    return stepOf(verb, key, { value: hasValue ? write : "", index: hasIndex ? index : 0, session });
  }

  #plan(input: KvInput, waitingMs?: number): Plan {
    const request = kvRequest(this.name, input);
    const isRead = request.method === "GET";
    const index = this.#questionIndexes.get(request.path) ?? 0;
    const wait: Wait | undefined = waitingMs === undefined || index === 0 ? undefined : { index, ms: waitingMs };
    return {
      request: wait ? waiting(request, wait) : request,
      question: isRead ? request.path : undefined,
      wait,
      record: (event) => {
        if (isRead && event.answer) this.#questionIndexes.set(request.path, event.answer.index);
        return this.#record(input, event);
      },
    };
  }

  #record(input: KvInput, { client, called, returned, answer }: OperationEvent): readonly SeenRow[] {
    const output = answer && kvOutput(this.name, input, answer);
    // An unanswered read has no effect. An unanswered creation of a session has none either: no client knows the session's id.
    if (!output && (isRead(input) || input.kind === "create-session")) return [];
    this.#operations.push({ client, input, called, returned, output });
    if (!output) return [];
    this.#learn(input, output);
    return output.kind === "shown" || output.kind === "committed" ? output.rows.map((row) => this.#seen(row)) : [];
  }

  #learn(input: KvInput, output: KvOutput): void {
    if (output.kind === "session") this.#sessions.push(output.id);
    if (input.kind === "destroy-session") this.#forget(input.session);
    if (output.kind === "shown" && isRead(input)) for (const key of keysOf(input)) this.#indexes.delete(key);
    if (output.kind === "shown" || output.kind === "committed")
      for (const { key, modifyIndex } of output.rows) this.#indexes.set(key, modifyIndex);
  }

  /** Removes a destroyed session from the sessions that clients choose from. */
  #forget(session: string): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  #seen({ key, value, modifyIndex }: KvShown): SeenRow {
    const writer = lockableKeys.includes(key) ? undefined : value;
    return { key: this.name + key, writer, modifyIndex };
  }
}

function isRead(input: KvInput): boolean {
  return input.kind === "list" || (input.kind === "step" && input.step.verb === "get");
}

function keysOf(input: KvInput): readonly string[] {
  return input.kind === "step" ? [input.step.key] : keys;
}
