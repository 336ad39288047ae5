import { expect, test } from "bun:test";
import { rejectionOf } from "../../test/support/rejection.ts";
import type { FormationPeer } from "./formation/formation.ts";
import { leaveServers } from "./leave-servers.ts";

/** Lets a server leave. Returns the steps in their order. @param failing the step that fails */
async function leave({ voters, alive = voters ?? 3, failing = "" }: Trial): Promise<readonly string[]> {
  const steps: string[] = [];
  const step = (name: string) => async (): Promise<void> => {
    steps.push(name);
    if (name === failing) throw new Error(`${name} fails`);
  };
  const peers = Array.from({ length: voters ?? 0 }, (_, at) => peerOf(at, true));
  const leaving = leaveServers({
    store: { close: step("resign") },
    engine: { close: step("close the engine") },
    links: { stopDialling: () => void steps.push("stop dialling"), leave: step("tell the others") },
    formation:
      voters === undefined ? undefined : { peers: async () => [...peers, peerOf(9, false)], leave: step("leave etcd") },
    servers: Array.from({ length: alive }),
  });
  if (failing === "") await leaving;
  else expect((await rejectionOf(leaving)).message).toBe(`${failing} fails`);
  return steps;
}

interface Trial {
  readonly voters?: number;
  readonly alive?: number;
  readonly failing?: string;
}

function peerOf(number: number, isVoter: boolean): FormationPeer {
  return { id: `${number}`, raftId: `${number}`, server: undefined, isVoter, leadsRaft: false };
}

test("a server that leaves resigns before its etcd is removed, and then tells the others", async () => {
  expect(await leave({ voters: 3 })).toEqual([
    "stop dialling",
    "resign",
    "close the engine",
    "leave etcd",
    "tell the others",
  ]);
});

test("a server with an etcd that others run tells the others", async () => {
  expect(await leave({ alive: 2 })).toEqual(["stop dialling", "resign", "close the engine", "tell the others"]);
});

test("a server whose etcd cannot be removed stays a member", async () => {
  expect((await leave({ voters: 3, failing: "leave etcd" })).at(-1)).toBe("leave etcd");
});

test("the last server goes on as it is", async () => {
  expect(await leave({ voters: 1, alive: 3 })).toEqual([]);
  expect(await leave({ alive: 1 })).toEqual([]);
});
