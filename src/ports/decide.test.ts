import { describe, expect, test } from "bun:test";
import type { PortState } from "../model/port-record.ts";
import { recordOf } from "../../test/support/port-record.ts";
import { decide, type Situation } from "./decide.ts";

const owner = { name: "other", predicate: "belongs to other" };

/** Returns the decision for a service that registers port 100 and has no record, unless `changes` differ. */
function outcome(changes: Partial<Situation>): string {
  const nothing = { policy: "reassign", port: 100, owner: undefined, record: undefined } as const;
  const decision = decide({ ...nothing, keepsPort: false, ignoresStored: false, ...changes });
  return decision.do === "settle" ? `settle ${decision.state}` : decision.do;
}

/** Returns the record of a service that was assigned port 200 in place of port 100. */
const moved = (state: PortState) => recordOf({ oldPort: 100, newPort: 200, state });
const marked = recordOf({ oldPort: 100, newPort: 0, state: "conflict" });

describe("a service that registers a free port", () => {
  test.each([
    ["is registered", {}, "nothing"],
    ["reaches its new port", { port: 200, record: moved("pending") }, "settle active"],
    ["stays on its new port", { port: 200, record: moved("active") }, "nothing"],
    ["comes back to its new port", { port: 200, record: moved("released") }, "settle active"],
    ["no longer insists on its old port", { port: 200, record: moved("pinned") }, "settle active"],
    ["moved to a third port", { port: 300, record: moved("active") }, "settle released"],
    ["moved to a third port before it reached its new one", { port: 300, record: moved("pending") }, "settle released"],
    ["got its old port back", { record: moved("pending") }, "settle released"],
    [
      "read its new port and registered the old one",
      { record: moved("pending"), ignoresStored: true },
      "settle pinned",
    ],
    ["still insists on its old port", { record: moved("pinned") }, "nothing"],
    ["is no longer in conflict", { record: marked }, "settle released"],
    [
      "had no free port in the range before",
      { record: recordOf({ oldPort: 100, newPort: 0, state: "exhausted" }) },
      "settle released",
    ],
  ] as const)("gets the decision of the table's last column when it %s", (_, situation, expected) => {
    expect(outcome(situation)).toBe(expected);
  });
});

describe("a service that registers a port with another owner", () => {
  test.each([
    ["gets a conflict record with policy warn", { policy: "warn" }, "mark"],
    ["is refused with policy reject", { policy: "reject" }, "refuse"],
    ["is assigned another port with policy reassign", { policy: "reassign" }, "assign"],
    ["keeps a port that it is registered at, whatever the policy", { policy: "reject", keepsPort: true }, "nothing"],
    [
      "is reminded of a new port that it has not registered yet",
      { record: moved("pending"), keepsPort: true },
      "remind",
    ],
    ["is reminded after it was deregistered in between", { record: moved("pending") }, "remind"],
    ["is assigned another port when its assigned one is taken", { port: 200, record: moved("active") }, "assign"],
    [
      "is assigned a port when none was free before",
      { record: recordOf({ oldPort: 100, newPort: 0, state: "exhausted" }) },
      "assign",
    ],
    ["is assigned another port after the policy became reassign", { record: marked, keepsPort: true }, "assign"],
    [
      "gets a conflict record after the policy became warn",
      { policy: "warn", record: moved("pending"), keepsPort: true },
      "mark",
    ],
    ["insists on a port other than its stored one", { ignoresStored: true }, "pin"],
    ["insists on its old port after it was assigned another", { record: moved("pending"), ignoresStored: true }, "pin"],
    ["still insists on the taken port", { record: moved("pinned"), keepsPort: true }, "pin"],
    ["insisted on a port before and registers a third one", { port: 300, record: moved("pinned") }, "assign"],
  ] as const)("gets the decision of the table's last column: it %s", (_, situation, expected) => {
    expect(outcome({ owner, ...situation })).toBe(expected);
  });
});
