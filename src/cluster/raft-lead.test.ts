import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { createLog } from "../lib/log.ts";
import type { Call } from "../link/link.ts";
import { handRaftCall, RaftLead } from "./raft-lead.ts";

interface Trial {
  /** The server whose etcd leads raft. */
  holder: string;
  readonly clock: FakeClock;
  /** The calls to other servers, and when the commits waited. */
  readonly done: string[];
  readonly stop: AbortController;
}

/** Lets the server n1 of three lead. @param answer what another server does when it is asked to hand raft on */
function lead(answer: (trial: Trial, heir: string) => Promise<void>, holder = "n2"): Trial {
  const clock = new FakeClock();
  const trial: Trial = { holder, clock, done: [], stop: new AbortController() };
  const raftLead = new RaftLead({
    own: "n1",
    formation: () => ({
      peers: async () =>
        ["n1", "n2", "n3"].map((id) => ({
          ...{ id, raftId: `raft-${id}`, server: undefined, isVoter: true },
          leadsRaft: id === trial.holder,
        })),
    }),
    links: {
      async call(id: string, { kind, head }: Call) {
        trial.done.push(`${id} ${kind} ${String(head)}`);
        await answer(trial, String(head).replace("raft-", ""));
        return { head: null };
      },
    },
    engine: {
      async betweenCommits(task) {
        trial.done.push("commits wait");
        await task();
        trial.done.push("commits go on");
      },
    },
    clock,
    log: createLog({ level: "error", json: false, clock, sink: () => {} }, "server"),
  });
  void raftLead.run(trial.stop.signal);
  return trial;
}

const asked = ["commits wait", `n2 ${handRaftCall} raft-n1`, "commits go on"];

describe("the server that leads", () => {
  test("takes the lead of raft from the server that has it, while no commit is under way, and again when it was lost", async () => {
    const trial = lead(async (each, heir) => void (each.holder = heir));
    await trial.clock.advance(60_000);
    expect(trial.done).toEqual(asked);
    trial.holder = "n2";
    await trial.clock.advance(10_000);
    expect(trial.done).toEqual([...asked, ...asked]);
  });

  test("makes no call while its own etcd leads raft, or raft has no leader", async () => {
    for (const holder of ["n1", "none"]) {
      const trial = lead(async () => {}, holder);
      await trial.clock.advance(60_000);
      expect(trial.done).toEqual([]);
    }
  });

  test("asks a server that refuses less and less often", async () => {
    const trial = lead(() => Promise.reject(new Error("the heir lags behind")));
    await trial.clock.advance(1_000);
    expect(trial.done).toEqual(asked);
    await trial.clock.advance(20_000 - 1);
    expect(trial.done).toEqual(asked);
    await trial.clock.advance(1);
    expect(trial.done).toEqual([...asked, ...asked]);
    await trial.clock.advance(40_000 - 1);
    expect(trial.done).toHaveLength(2 * asked.length);
  });

  test("lets its commits go on when the other server does not answer, and leaves no timer when it leads no more", async () => {
    const trial = lead(() => new Promise(() => {}));
    await trial.clock.advance(1_000 + 999);
    expect(trial.done).toEqual(asked.slice(0, 2));
    await trial.clock.advance(1);
    expect(trial.done).toEqual(asked);
    trial.stop.abort();
    await trial.clock.advance(0);
    expect(trial.clock.timerCount).toBe(0);
  });
});
