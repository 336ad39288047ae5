import type { FakeRandom } from "../fake-random.ts";
import { catalogModel, type InstanceInput, type InstanceOutput } from "./catalog-model.ts";
import { agentInstance, catalogOutput, catalogRequest } from "./catalog-request.ts";
import { explainViolation, type Violation } from "./explanation.ts";
import type { SeenRow, Wait } from "./index-laws.ts";
import type { Operation } from "./operation.ts";
import { type OperationEvent, pick, pickOf, type Plan, type Trial, waiting } from "./trial.ts";

/** The instances that clients write to the catalog, each on its own node. */
export const catalogInstances: readonly string[] = ["x", "y"];
const endpoints = ["catalog/service", "health/service"];
const waitMs = 40;
const requests = { register: 10, deregister: 5, read: 8, "read-waiting": 3 } as const;

/** A trial in which clients read and write a service of a few instances, by default three, one of them registered with the agent. */
export class CatalogTrial implements Trial {
  readonly name: string;
  readonly #operations: Operation<InstanceInput, InstanceOutput>[] = [];
  readonly #questionIndexes = new Map<string, number>();

  readonly #instances: readonly string[];

  constructor(name: string, instances: readonly string[] = [...catalogInstances, agentInstance]) {
    this.name = name;
    this.#instances = instances;
  }

  get operationCount(): number {
    return this.#operations.length;
  }

  plan(random: FakeRandom, write: string): Plan {
    const kind = pick(random, requests);
    const endpoint = pickOf(random, endpoints) ?? "";
    const instance = pickOf(random, this.#instances) ?? "";
    switch (kind) {
      case "register":
        return this.#plan({ kind, instance, revision: write });
      case "deregister":
        return this.#plan({ kind, instance });
      case "read":
        return this.#plan({ kind, endpoint });
      case "read-waiting":
        return this.#plan({ kind: "read", endpoint }, waitMs);
    }
  }

  finalRead(): Plan {
    return this.#plan({ kind: "read", endpoint: "health/service" });
  }

  violation(): Violation | undefined {
    return explainViolation(catalogModel, this.#operations);
  }

  #plan(input: InstanceInput, waitingMs?: number): Plan {
    const request = catalogRequest(this.name, input);
    const index = this.#questionIndexes.get(request.path) ?? 0;
    const wait: Wait | undefined = waitingMs === undefined || index === 0 ? undefined : { index, ms: waitingMs };
    return {
      request: wait ? waiting(request, wait) : request,
      question: input.kind === "read" ? request.path : undefined,
      wait,
      record: (event) => {
        if (input.kind === "read" && event.answer) this.#questionIndexes.set(request.path, event.answer.index);
        return this.#record(input, event);
      },
    };
  }

  #record(input: InstanceInput, { client, called, returned, answer }: OperationEvent): readonly SeenRow[] {
    const output = answer && catalogOutput(this.name, input, answer);
    // An unanswered read has no effect.
    if (!output && input.kind === "read") return [];
    this.#operations.push({ client, input, called, returned, output });
    if (output === undefined || output === "done") return [];
    return output.map(({ instance, revision, modifyIndex }) => {
      return { key: `${this.name}-${instance}`, writer: revision, modifyIndex };
    });
  }
}
