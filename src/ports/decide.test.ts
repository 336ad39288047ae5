import { describe, expect, test } from "bun:test";
import type { PortState } from "../model/port-record.ts";
import { recordOf } from "../../test/support/port-record.ts";
import { decide, type Situation } from "./decide.ts";

const owner = { name: "other", has: "belongs to other" };

/** A service that registers port 100, with nothing known of it. */
function outcome(changes: Partial<Situation>): string {
  const nothing = { policy: "reassign", port: 100, owner: undefined, record: undefined } as const;
  const verdict = decide({ ...nothing, keepsPort: false, ignoresStored: false, ...changes });
  return verdict.do === "settle" ? `settle ${verdict.state}` : verdict.do;
}

/** From 100 to 200, in this state. */
const moved = (state: PortState) => recordOf({ oldPort: 100, newPort: 200, state });
const marked = recordOf({ oldPort: 100, newPort: 0, state: "conflict" });

describe("a service whose port is nobody else's", () => {
  test.each([
    ["is left alone", {}, "nothing"],
    ["is on its new port", { port: 200, record: moved("pending") }, "settle active"],
    ["stays on its new port", { port: 200, record: moved("active") }, "nothing"],
    ["comes back to its new port", { port: 200, record: moved("released") }, "settle active"],
    ["gave up its insistence", { port: 200, record: moved("pinned") }, "settle active"],
    ["went somewhere else", { port: 300, record: moved("active") }, "settle released"],
    ["went somewhere else before it was on its new port", { port: 300, record: moved("pending") }, "settle released"],
    ["has its old port again", { record: moved("pending") }, "settle released"],
    ["did not take the new port that it read", { record: moved("pending"), ignoresStored: true }, "settle pinned"],
    ["insists as before", { record: moved("pinned") }, "nothing"],
    ["is not in conflict any more", { record: marked }, "settle released"],
    [
      "found a port by itself",
      { record: recordOf({ oldPort: 100, newPort: 0, state: "exhausted" }) },
      "settle released",
    ],
  ] as const)("%s", (_, situation, expected) => {
    expect(outcome(situation)).toBe(expected);
  });
});

describe("a service whose port is another's", () => {
  test.each([
    ["is noted", { policy: "warn" }, "mark"],
    ["is refused", { policy: "reject" }, "refuse"],
    ["is given another", { policy: "reassign" }, "assign"],
    ["is left alone where it was before, whatever the policy", { policy: "reject", keepsPort: true }, "nothing"],
    ["is told again of the port that it has not taken yet", { record: moved("pending"), keepsPort: true }, "remind"],
    ["is told again also when it was gone meanwhile", { record: moved("pending") }, "remind"],
    ["is given another after it had one", { port: 200, record: moved("active") }, "assign"],
    [
      "tries again where no port was free",
      { record: recordOf({ oldPort: 100, newPort: 0, state: "exhausted" }) },
      "assign",
    ],
    ["is given another once the policy says so", { record: marked, keepsPort: true }, "assign"],
    ["is only noted once the policy says so", { policy: "warn", record: moved("pending"), keepsPort: true }, "mark"],
    ["insists", { ignoresStored: true }, "pin"],
    ["insists on the old one after it was given another", { record: moved("pending"), ignoresStored: true }, "pin"],
    ["insists as before", { record: moved("pinned"), keepsPort: true }, "pin"],
    ["insisted on a port that it has left", { port: 300, record: moved("pinned") }, "assign"],
  ] as const)("%s", (_, situation, expected) => {
    expect(outcome({ owner, ...situation })).toBe(expected);
  });
});
