import { expect, onTestFinished, test } from "bun:test";
import { createLog } from "../lib/log.ts";
import type { Link } from "../link/link.ts";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { connectLinks } from "../../test/support/link-pair.ts";
import { joinOf } from "../../test/support/members.ts";
import type { ServerAddress } from "./join-call.ts";
import { ServerLinks } from "./server-links.ts";

const place = { address: "192.0.2.2", port: 8300 };
const before: ServerAddress = { id: "before", name: "s2", ...place };
const now: ServerAddress = { id: "now", name: "s2", ...place };

/** The server "now", which keeps the newest link that another server has dialled, as a server does. */
class Other {
  readonly clock: FakeClock = new FakeClock();
  dials = 0;
  #accepted: Link | undefined;

  readonly dial = async (): Promise<Link> => {
    this.dials += 1;
    const { dialled, accepted } = connectLinks({
      clock: this.clock,
      handler: async ({ kind }) => {
        if (kind !== "join") return { head: [now] };
        this.end();
        this.#accepted = accepted;
        return { head: { servers: [], own: now } };
      },
    });
    return dialled;
  };

  /** Lets so many tenths of a second pass. */
  async pass(count: number): Promise<void> {
    for (let tenth = 0; tenth < count; tenth++) await this.clock.advance(100);
  }

  /** Closes its link, as its process does when it ends. */
  end(): void {
    this.#accepted?.close("the server joins over another link");
  }
}

function linksTo(other: Other, known: readonly ServerAddress[]): ServerLinks {
  const { clock, dial } = other;
  const links = new ServerLinks({
    own: () => ({ id: "own", name: "s1", address: "192.0.2.1", port: 8300 }),
    joinRequest: () => joinOf(1, { role: "server" }),
    ...{ key: undefined, dial, clock, known, ports: { server: 8300, serfLan: 8301 }, intervalMs: 1_000 },
    ...{ addresses: ["192.0.2.2"], handler: async () => ({ head: null }) },
    ...{ onServers() {}, onLinked() {}, onGone() {}, onGivenUp() {} },
    log: createLog({ level: "error", json: false, clock, sink() {} }, "server"),
  });
  onTestFinished(() => links.stop());
  links.start();
  return links;
}

test("a server that has got a new id at the same address keeps its link, though the old id is still known", async () => {
  const other = new Other();
  const links = linksTo(other, [before]);
  await other.pass(50);
  const { dials } = other;
  expect(links.linked).toEqual([now]);
  await other.pass(600);
  expect(links.linked).toEqual([now]);
  expect(other.dials).toBe(dials);
});

test("a server that ends its links is dialled again", async () => {
  const other = new Other();
  const links = linksTo(other, [before, now]);
  await other.pass(50);
  const { dials } = other;
  other.end();
  await other.pass(50);
  expect(links.linked).toEqual([now]);
  expect(other.dials).toBeGreaterThan(dials);
});
