import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { joinOf } from "../../test/support/members.ts";
import { letGoOn, PeerServer, serverOf } from "../../test/support/peer-server.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { OperatingError } from "../lib/errors.ts";
import { createLog } from "../lib/log.ts";
import type { DialOptions } from "../link/connect.ts";
import type { Link } from "../link/link.ts";
import type { ServerAddress } from "./join-call.ts";
import { clusterGivenUp } from "./given-up.ts";
import { ownAddressCode, ServerLinks, serversCall } from "./server-links.ts";

let clock: FakeClock;
let peers: PeerServer[];
let opened: ServerLinks[];
/** The places that were dialled, in order. */
let dialled: string[];
/** The place of which the next dials wait, and the functions that let them go on. */
let slow: string | undefined;
let waiting: (() => void)[];
let gone: string[];
let givenUp: number;
let saved: (readonly ServerAddress[])[];

beforeEach(() => {
  clock = new FakeClock(Date.UTC(2026, 0, 1), letGoOn);
  [peers, opened, dialled, waiting, gone, saved] = [[], [], [], [], [], []];
  slow = undefined;
  givenUp = 0;
});

afterEach(async () => {
  for (const links of opened) links.stop();
  for (const go of waiting) go();
  for (const each of peers) each.end();
  await clock.advance(5_000);
  expect(clock.timerCount).toBe(0);
});

function peer(name: string): PeerServer {
  const server = new PeerServer(name, clock);
  peers.push(server);
  return server;
}

async function dial(options: DialOptions): Promise<Link> {
  dialled.push(options.host);
  if (slow === options.host) await new Promise<void>((resolve) => waiting.push(resolve));
  const found = peers.find(({ hosts, isUp }) => isUp && hosts.includes(options.host));
  if (found) return found.accept(options);
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  throw new OperatingError("unavailable", "cannot-connect", "cannot connect", { cause });
}

interface Options {
  readonly known?: readonly ServerAddress[];
  readonly addresses?: readonly string[];
}

function open(own: ServerAddress, { known = [], addresses = [] }: Options = {}): ServerLinks {
  const links = new ServerLinks({
    own: () => own,
    joinRequest: () => joinOf(1, { ...own, role: "server" }),
    ...{ key: undefined, dial, ports: { server: 8300, serfLan: 8301 }, known, addresses, clock },
    intervalMs: 30_000,
    handler: async ({ kind, head }) => {
      if (kind !== serversCall) throw new Error(`no call ${kind}`);
      links.hear(head as readonly ServerAddress[]);
      return { head: [own, ...links.known] };
    },
    onServers: (servers) => saved.push(servers),
    onLinked: () => {},
    onGone: (id) => gone.push(id),
    onGivenUp: () => void (givenUp += 1),
    log: createLog({ level: "error", json: false, clock, sink: () => {} }, "server"),
  });
  opened.push(links);
  return links;
}

/** Opens and starts the links of a server s1. */
async function start(options: Options): Promise<ServerLinks> {
  const links = open(serverOf("s1"), options);
  links.start();
  await clock.advance(0);
  return links;
}

function linkedOf({ linked }: ServerLinks): readonly string[] {
  return linked.map(({ name }) => name).toSorted();
}

describe("a server", () => {
  test("learns the others from the first, and links with each", async () => {
    const [second, third] = [peer("s2"), peer("s3")];
    second.servers = [third.own, serverOf("s1")];
    const links = await start({ addresses: ["host-s2"] });
    await clock.advance(100);
    expect(linkedOf(links)).toEqual(["s2", "s3"]);
    expect(saved.at(-1)).toEqual([second.own, third.own]);
    expect(dialled).toEqual(["host-s2", "host-s3"]);
    expect(second.received.filter((kind) => kind === serversCall).length).toBeGreaterThan(1);
  });

  test("links with the servers of its last run, and tells each new one of all", async () => {
    const [second, third] = [peer("s2"), peer("s3")];
    const links = await start({ known: [second.own] });
    links.learn([third.own]);
    await clock.advance(100);
    expect(linkedOf(links)).toEqual(["s2", "s3"]);
  });

  test("makes one attempt at a place at a time, and uses its link for each caller", async () => {
    const second = peer("s2");
    slow = "host-s2";
    const links = await start({ known: [second.own], addresses: ["host-s2", "host-s2:8301"] });
    const joined = [links.joinBy("host-s2"), links.joinBy("host-s2:8300")];
    await clock.advance(900);
    expect(dialled).toEqual(["host-s2"]);
    for (const go of waiting) go();
    await Promise.all(joined);
    await clock.advance(10_000);
    expect(linkedOf(links)).toEqual(["s2"]);
    expect(dialled).toEqual(["host-s2"]);
  });

  test("keeps one link to a server that it finds under two addresses, and does not replace it again and again", async () => {
    const second = peer("s2");
    second.hosts.push("alias");
    const links = await start({ known: [second.own], addresses: ["alias", "host-s2"] });
    await clock.advance(10_000);
    second.links.get("s1-id")?.close("lost");
    await clock.advance(10_000);
    const tries = dialled.length;
    const link = second.links.get("s1-id");
    await clock.advance(600_000);
    expect([dialled.length, second.links.get("s1-id"), linkedOf(links)]).toEqual([tries, link, ["s2"]]);
    expect(tries).toBe(3);
  });

  test("stays linked when a second link to a server replaces the first", async () => {
    const second = peer("s2");
    second.hosts.push("alias");
    const links = await start({ known: [second.own] });
    const seen: (readonly string[])[] = [];
    links.onChange(() => seen.push(linkedOf(links)));
    const first = second.links.get("s1-id");
    second.links.clear();
    await links.joinBy("alias");
    first?.close("the agent has connected again");
    await clock.advance(10_000);
    expect([seen, linkedOf(links), dialled]).toEqual([[["s2"]], ["s2"], ["host-s2", "alias"]]);
  });

  test("finds a server at its new address after the link to the old one is lost", async () => {
    const second = peer("s2");
    const links = await start({ known: [second.own] });
    const third = peer("s3");
    third.servers = [second.own];
    second.move("moved");
    await links.joinBy("host-s3");
    await clock.advance(1_000);
    links.learn([second.own]);
    await clock.advance(5_000);
    expect(dialled).toEqual(["host-s2", "host-s3"]);
    expect(links.known).toEqual([second.own, third.own]);
    second.links.get("s1-id")?.close("its address has changed");
    await letGoOn();
    await clock.advance(1);
    expect([dialled.at(-1), linkedOf(links)]).toEqual(["moved", ["s2", "s3"]]);
  });

  test("finds the server at an address of retry_join again after it was renumbered", async () => {
    const second = peer("s2");
    second.hosts = ["alias"];
    const links = await start({ known: [{ ...second.own, address: "old" }], addresses: ["alias"] });
    await clock.advance(1_000);
    expect(linkedOf(links)).toEqual(["s2"]);
    second.links.get("s1-id")?.close("lost");
    await clock.advance(2_000);
    expect(linkedOf(links)).toEqual(["s2"]);
  });

  test("dials its own address once", async () => {
    const self = peer("s1");
    self.refusal = new OperatingError("conflict", ownAddressCode, "the address is the server's own");
    const links = await start({ addresses: ["host-s1"] });
    await clock.advance(60_000);
    expect([dialled, links.known]).toEqual([["host-s1"], []]);
  });

  test("reports that a server has refused this one as that of a cluster that was given up", async () => {
    const second = peer("s2");
    second.refusal = clusterGivenUp("of the server s1");
    await start({ known: [second.own] });
    await clock.advance(1_000);
    expect(givenUp).toBeGreaterThan(0);
  });

  test("asks a server that closes each link less and less often", async () => {
    const second = peer("s2");
    second.closesEachLink = true;
    await start({ known: [second.own] });
    await clock.advance(60_000);
    expect(dialled.length).toBeGreaterThan(20);
    expect(dialled.length).toBeLessThan(80);
  });

  test("asks a server that refuses it at least each second, at an address too", async () => {
    await start({ known: [serverOf("s2")], addresses: ["elsewhere"] });
    await clock.advance(60_000);
    for (const host of ["host-s2", "elsewhere"]) {
      const { length } = dialled.filter((each) => each === host);
      expect(length).toBeGreaterThanOrEqual(60);
      expect(length).toBeLessThan(70);
    }
  });

  test("gives up an attempt without an answer after a second, and closes a link that comes later", async () => {
    const second = peer("s2");
    slow = "host-s2";
    const links = await start({ known: [second.own] });
    await clock.advance(1_000);
    slow = undefined;
    second.isUp = false;
    await clock.advance(2_000);
    expect(dialled.length).toBeGreaterThan(1);
    second.isUp = true;
    const [go] = waiting.splice(0) as [() => void];
    go();
    await letGoOn();
    expect([links.linked, second.received]).toEqual([[], []]);
    await clock.advance(2_000);
    expect(linkedOf(links)).toEqual(["s2"]);
  });
});

describe("a lost link", () => {
  test("means the end of the other's process when its machine refuses the next one, which a callback says once", async () => {
    const second = peer("s2");
    await start({ known: [second.own] });
    second.end();
    await clock.advance(60_000);
    expect(gone).toEqual(["s2-id"]);
  });

  test("does not mean it when the other answers again, or does not answer", async () => {
    const second = peer("s2");
    const links = await start({ known: [second.own] });
    second.links.get("s1-id")?.close("lost");
    await clock.advance(2_000);
    expect(linkedOf(links)).toEqual(["s2"]);
    slow = "host-s2";
    second.end();
    await clock.advance(1_500);
    slow = undefined;
    await clock.advance(60_000);
    expect(gone).toEqual([]);
  });

  test("does not mean it of a server that was never linked", async () => {
    await start({ known: [serverOf("s2")], addresses: ["host-s3"] });
    await clock.advance(60_000);
    expect(gone).toEqual([]);
  });

  test("makes calls fail with link-lost, as one does that was never there", async () => {
    const second = peer("s2");
    const links = await start({ known: [second.own] });
    second.answer = async (kind) => ({ head: `answer to ${kind}` });
    expect((await links.call("s2-id", { kind: "ping", head: null })).head).toBe("answer to ping");
    second.answer = () => new Promise(() => {});
    const held = rejectionOf(links.call("s2-id", { kind: "ping", head: null }));
    second.end();
    for (const error of [await held, await rejectionOf(links.call("s2-id", { kind: "ping", head: null }))])
      expect(error).toMatchObject({ kind: "unavailable", code: "link-lost" });
    const unknown = await rejectionOf(links.call("s9-id", { kind: "ping", head: null }));
    expect(unknown.message).toBe("no connection to the server s9-id");
  });

  test("calls the listeners, and so does a new link", async () => {
    const second = peer("s2");
    const links = await start({ known: [second.own] });
    const seen: (readonly string[])[] = [];
    links.onChange(() => seen.push(linkedOf(links)));
    second.links.get("s1-id")?.close("lost");
    await clock.advance(2_000);
    expect(seen).toEqual([[], ["s2"]]);
  });
});

describe("a server that has left", () => {
  test("is forgotten: its link is closed, and it is not dialled", async () => {
    const [second, third] = [peer("s2"), peer("s3")];
    const links = await start({ known: [second.own, third.own] });
    links.forget("s2-id");
    await clock.advance(60_000);
    expect([linkedOf(links), links.known, saved.at(-1)]).toEqual([["s3"], [third.own], [third.own]]);
    expect(dialled).toEqual(["host-s2", "host-s3"]);
    links.forget("s2-id");
  });

  test("is forgotten also while an attempt at it is under way", async () => {
    const second = peer("s2");
    slow = "host-s2";
    const links = await start({ known: [second.own] });
    links.forget("s2-id");
    for (const go of waiting) go();
    await letGoOn();
    await clock.advance(60_000);
    expect([links.known, dialled]).toEqual([[], ["host-s2"]]);
  });

  test("is dialled again when it has joined again", async () => {
    const second = peer("s2");
    const links = await start({ known: [second.own] });
    links.forget("s2-id");
    links.learn([second.own]);
    await clock.advance(2_000);
    expect(linkedOf(links)).toEqual(["s2"]);
  });

  test("tells all others, waits for each, and dials none of them again", async () => {
    const [second, third] = [peer("s2"), peer("s3")];
    const links = await start({ known: [second.own, third.own] });
    links.stopDialling();
    let take = (): void => {};
    third.answer = () => new Promise((resolve) => (take = () => resolve({ head: null })));
    let hasLeft = false;
    const leaving = links.leave().then(() => (hasLeft = true));
    await clock.advance(1_000);
    expect([second.received.at(-1), third.received.at(-1), hasLeft]).toEqual(["leave", "leave", false]);
    take();
    await leaving;
    second.links.get("s1-id")?.close("lost");
    await clock.advance(60_000);
    expect(dialled).toEqual(["host-s2", "host-s3"]);
  });

  test("waits five seconds for a server that does not answer", async () => {
    const [second, third] = [peer("s2"), peer("s3")];
    const links = await start({ known: [second.own, third.own] });
    third.answer = () => new Promise(() => {});
    const leaving = links.leave();
    await clock.advance(5_000);
    await leaving;
    second.answer = () => Promise.reject(new OperatingError("unavailable", "no-leader", "No cluster leader"));
    const unheard = rejectionOf(links.leave());
    await clock.advance(5_000);
    expect(await unheard).toMatchObject({ code: "leave-unheard" });
  });
});

describe("an operator's join", () => {
  test("links with the server at the address, and keeps the link", async () => {
    const second = peer("s2");
    const links = await start({});
    await links.joinBy("host-s2");
    second.links.get("s1-id")?.close("lost");
    await clock.advance(2_000);
    expect(linkedOf(links)).toEqual(["s2"]);
  });

  test("is refused with Consul's text when no server is there", async () => {
    const links = await start({});
    const error = await rejectionOf(links.joinBy("nowhere"));
    expect([error.message, error]).toEqual([
      "Failed to join nowhere: dial tcp nowhere:8300: connect: connection refused",
      expect.objectContaining({ code: "join-failed" }),
    ]);
  });
});
