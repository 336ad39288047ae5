import { beforeEach, describe, expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { rejectionOf } from "../../test/support/rejection.ts";
import { OperatingError } from "../lib/errors.ts";
import type { Call } from "../link/link.ts";
import { CallsToLeader } from "./calls-to-leader.ts";
import type { LeaderTerm } from "./leader-calls.ts";

let clock: FakeClock;
let leader: LeaderTerm | undefined;
/** The calls that have arrived, as "server: kind". */
let arrived: string[];
/** The errors of the next calls, in order; later calls succeed. */
let errors: OperatingError[];
let calls: CallsToLeader;

const holdMs = 7_000;
const ping: Call = { kind: "ping", head: 1 };
const [linkLost, leadershipLost, noLeader, refused] = ["link-lost", "leadership-lost", "no-leader", "refused"].map(
  (code) => new OperatingError("unavailable", code, code),
) as [OperatingError, OperatingError, OperatingError, OperatingError];

beforeEach(() => {
  clock = new FakeClock();
  leader = { name: "s2", term: 1 };
  [arrived, errors] = [[], []];
  const arrive = async (server: string, { kind, head }: Call) => {
    arrived.push(`${server}: ${kind}`);
    const error = errors.shift();
    if (error) throw error;
    return { head: [server, head] };
  };
  calls = new CallsToLeader({
    ...{ own: "s1", leader: () => leader, links: { call: arrive }, answer: (call) => arrive("itself", call) },
    ...{ holdMs, clock },
  });
});

describe("a call to the leader", () => {
  test("goes to the server that leads, which may be this one", async () => {
    expect((await calls.request(ping)).head).toEqual(["s2", 1]);
    leader = { name: "s1", term: 2 };
    expect(await calls.callLeader("ping", 2)).toEqual(["itself", 2]);
    expect(arrived).toEqual(["s2: ping", "itself: ping"]);
  });

  test("waits for a leader", async () => {
    leader = undefined;
    const answer = calls.request(ping);
    await clock.advance(6_000);
    expect(arrived).toEqual([]);
    leader = { name: "s3", term: 2 };
    await clock.advance(100);
    expect((await answer).head).toEqual(["s3", 1]);
  });

  test.each([
    ["its link is lost", linkLost],
    ["the server has lost its term", leadershipLost],
    ["the server knows no leader", noLeader],
  ])("is sent again when %s, to the leader of then", async (_, error) => {
    errors = [error];
    const answer = calls.request(ping);
    await clock.advance(0);
    leader = { name: "s3", term: 2 };
    await clock.advance(100);
    expect([(await answer).head, arrived]).toEqual([
      ["s3", 1],
      ["s2: ping", "s3: ping"],
    ]);
  });

  test("fails with no-leader when no leader has answered in time", async () => {
    errors = Array.from({ length: 1_000 }, () => linkLost);
    let isOver = false;
    const failure = rejectionOf(calls.request(ping)).finally(() => (isOver = true));
    await clock.advance(holdMs - 100);
    expect(isOver).toBe(false);
    await clock.advance(200);
    expect(await failure).toMatchObject({ code: "no-leader", message: "No cluster leader" });
  });

  test("fails at once with any other error of the leader's handler", async () => {
    errors = [refused];
    expect(await rejectionOf(calls.request(ping))).toBe(refused);
    expect(arrived).toHaveLength(1);
  });

  test("ends when its signal aborts while there is no leader", async () => {
    leader = undefined;
    const stopping = new AbortController();
    const failure = rejectionOf(calls.request(ping, stopping.signal));
    await clock.advance(100);
    stopping.abort(refused);
    expect(await failure).toBe(refused);
    expect(clock.timerCount).toBe(0);
  });

  test("that is sent once is not sent again, since the leader may have done it", async () => {
    errors = [linkLost];
    expect(await rejectionOf(calls.send(ping))).toBe(linkLost);
    leader = undefined;
    expect(await rejectionOf(calls.send(ping))).toMatchObject({ code: "no-leader" });
    expect(arrived).toHaveLength(1);
  });
});

test("forwarded writes and questions for the newest position go to the server that is named", async () => {
  const writes = { server: "s1", start: "x", term: 1, settledBelow: 1, writes: [] };
  expect(await calls.forward("s3", writes)).toEqual(["s3", writes] as never);
  expect(await calls.newest("s3")).toBeNaN();
  expect(arrived).toEqual(["s3: forward", "s3: newest"]);
});
