import { describe, expect, test } from "bun:test";
import { FakeClock } from "../../../test/support/fake-clock.ts";
import { rejectionOf } from "../../../test/support/rejection.ts";
import { createLog } from "../../lib/log.ts";
import { Admission } from "./admission.ts";
import type { EtcdMember } from "./etcd-members.ts";
import { KnownServers } from "./known-servers.ts";
import { type KnownServer, SavedFormation } from "./saved-formation.ts";
import { Asking, type ServerLinks } from "./server-links.ts";

const token = "t";
const deadMs = 11_000;
const address = "192.0.2.1";

function server(id: string): KnownServer {
  return { id, name: id.toUpperCase(), address, port: 8300, start: 1 };
}

/** A member "a" of an etcd with these voters, which has links to `linked`. */
class Member {
  readonly clock: FakeClock = new FakeClock();
  readonly list: EtcdMember[];
  /** The changes of etcd's members, in order. */
  readonly changes: string[] = [];
  linked: readonly string[];
  /** Whether a server that asks to be taken in still wants it. */
  isOpen = true;
  readonly admission: Admission;
  readonly servers: KnownServers;

  constructor(voters: readonly string[], linked: readonly string[]) {
    this.list = voters.map((id) => ({ raftId: `${id}1`, id, isVoter: true }));
    this.linked = linked;
    const saved = new SavedFormation({ save: async () => {} }, [
      {
        key: "cluster/formation",
        value: Buffer.from(JSON.stringify({ known: voters.map(server), membership: { token } })),
      },
    ]);
    const links = this.#links();
    const { clock } = this;
    const etcd = { reach() {}, forget() {} };
    this.servers = new KnownServers({ own: server("a"), saved, links, etcd, clock });
    const log = createLog({ level: "error", json: false, clock, sink() {} }, "formation");
    const { signal } = new AbortController();
    const asking = new Asking(links, clock);
    const members = this.#members();
    const { servers } = this;
    this.admission = new Admission({
      id: "a",
      saved,
      servers,
      members,
      asking,
      isServing: () => true,
      clock,
      log,
      signal,
    });
  }

  #links(): ServerLinks {
    const linked = (): readonly KnownServer[] => this.linked.map(server);
    return {
      get linked() {
        return linked();
      },
      onChange() {},
      call: async () => ({ head: { isOpen: this.isOpen, linked: this.linked } }),
    };
  }

  #members(): ConstructorParameters<typeof Admission>[0]["members"] {
    const take = (raftId: string): EtcdMember | undefined => {
      const at = this.list.findIndex((each) => each.raftId === raftId);
      return this.list.splice(at, 1)[0];
    };
    return {
      list: async () => [...this.list],
      add: async (id) => {
        if (this.list.some(({ isVoter }) => !isVoter)) throw new Error("too many learner members");
        this.changes.push(`add ${id}`);
        this.list.push({ raftId: `${id}2`, id, isVoter: false });
      },
      remove: async (raftId) => {
        take(raftId);
        this.changes.push(`remove ${raftId}`);
      },
      promote: async (raftId) => {
        const member = take(raftId);
        if (member) this.list.push({ ...member, isVoter: true });
        this.changes.push(`promote ${raftId}`);
      },
      moveLeader: async () => {},
      status: async () => ({ raftId: "a1", leader: "a1" }),
    };
  }

  takeIn(id: string): ReturnType<Admission["takeIn"]> {
    return this.admission.takeIn({ ask: "take-in", attempt: "1", isNew: true }, id);
  }

  /** Promotes a learner. */
  promote(id: string, isNew: boolean): ReturnType<Admission["standing"]> {
    return this.admission.standing({ ask: "standing", token, raftId: `${id}2`, promote: true, isNew }, id);
  }
}

describe("a member that takes a server in", () => {
  test("removes the server's former member first, and says that the cluster has no more servers by it", async () => {
    const member = new Member(["a", "b", "c"], ["b", "c"]);
    const answer = await member.takeIn("c");
    expect(answer).toMatchObject({ isTaken: true, token, members: ["a", "b", "c"], isNew: false });
    expect(member.changes).toEqual(["remove c1", "add c"]);
  });

  test("changes nothing when the server has given up the attempt", async () => {
    const member = new Member(["a", "b", "c"], ["b", "c"]);
    member.isOpen = false;
    expect(await member.takeIn("c")).toMatchObject({ isTaken: false });
    expect(member.changes).toEqual([]);
  });

  test("removes no former member while fewer than most of the others are alive", async () => {
    const member = new Member(["a", "b", "c"], ["c"]);
    const why = "without C, only 1 of 2 servers would be alive: start B first";
    expect(await member.takeIn("c")).toEqual({ isTaken: false, why });
    expect(member.changes).toEqual([]);
  });

  test("waits for another learner, and removes one that has been away for long", async () => {
    const member = new Member(["a", "b", "c"], ["b", "c", "d", "e"]);
    await member.servers.look();
    await member.takeIn("d");
    expect(await member.takeIn("e")).toMatchObject({ isTaken: false });
    member.linked = ["b", "c", "e"];
    await member.servers.look();
    expect(await member.takeIn("e")).toMatchObject({ isTaken: false });
    await member.clock.advance(deadMs);
    expect(await member.takeIn("e")).toMatchObject({ isTaken: true, isNew: true });
    expect(member.changes).toEqual(["add d", "remove d2", "add e"]);
  });
});

describe("a server that joins", () => {
  test("replaces one dead voter, and no other", async () => {
    const member = new Member(["a", "b", "c", "d", "e"], ["b", "c", "f"]);
    await member.clock.advance(deadMs);
    await member.takeIn("f");
    expect(await member.promote("f", true)).toMatchObject({ standing: "voter" });
    await member.clock.advance(deadMs);
    expect(member.changes).toEqual(["add f", "promote f2", "remove d1"]);
  });

  test("replaces none while there are three voters, or when it had been a voter before", async () => {
    const two = new Member(["a", "b"], ["f"]);
    await two.clock.advance(deadMs);
    await two.takeIn("f");
    await two.promote("f", true);
    await two.clock.advance(deadMs);
    expect(two.changes).toEqual(["add f", "promote f2"]);

    const four = new Member(["a", "b", "c", "d"], ["b", "f"]);
    await four.clock.advance(deadMs);
    await four.takeIn("f");
    await four.promote("f", false);
    await four.clock.advance(deadMs);
    expect(four.changes).toEqual(["add f", "promote f2"]);
  });

  test("learns whether it is a voter, was removed, or belongs to another cluster", async () => {
    const { admission } = new Member(["a", "b", "c"], ["b", "c"]);
    const asked = { ask: "standing", token, raftId: "b1", promote: false, isNew: false } as const;
    expect(await admission.standing(asked, "b")).toMatchObject({ standing: "voter" });
    expect(await admission.standing({ ...asked, raftId: "b0" }, "b")).toMatchObject({ standing: "removed" });
    expect(await admission.standing(asked, "x")).toMatchObject({ standing: "removed" });
    expect(await admission.standing({ ...asked, token: "other" }, "b")).toMatchObject({ standing: "other-cluster" });
  });
});

describe("an operator that removes a server", () => {
  test("is refused when most of the others would be dead, with the names of those to start", async () => {
    const member = new Member(["a", "b", "c", "d"], ["b"]);
    const error = await rejectionOf(member.admission.remove("b"));
    expect(error).toMatchObject({ kind: "unavailable", code: "raft-peer-needed" });
    expect(error.message).toContain("start C, D first");
    await member.admission.remove("d");
    expect(member.changes).toEqual(["remove d1"]);
  });
});
