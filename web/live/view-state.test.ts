import { expect, test } from "bun:test";
import type { Connection } from "./connection.ts";
import { type Reading, viewStateOf, worseState } from "./view-state.ts";

const fresh: Reading<string> = {
  ...{ value: "x", index: 7, asOfMs: 10_000, askedMs: 9_000 },
  ...{ failure: undefined, failedSinceMs: undefined },
};
const unread = { ...fresh, value: undefined, asOfMs: undefined };
const failed = (kind: "offline" | "denied" | "refused" | "gone"): Reading<string> => ({
  ...fresh,
  failure: { kind, text: "why" },
  failedSinceMs: 11_000,
});
const held: Connection = { kind: "held", sinceMs: 0 };
const lost: Connection = { kind: "lost", sinceMs: 12_000, retryAtMs: 20_000, text: "no" };
const released: Connection = { kind: "released" };

test.each<[string, Reading<string>, Connection, number, ReturnType<typeof viewStateOf>]>([
  ["without an answer it is loading", unread, held, 9_500, { kind: "loading", askedMs: 9_000 }],
  ["with a held request it is live, however old the data are", fresh, held, 999_000, { kind: "live" }],
  ["just read it is live without a held request", fresh, released, 25_000, { kind: "live" }],
  ["older than 15 s without a held request it is stale", fresh, released, 25_001, { kind: "stale", asOfMs: 10_000 }],
  [
    "without a connection it is offline, and says from when the data are",
    ...([fresh, lost, 13_000, { kind: "offline", sinceMs: 12_000, retryAtMs: 20_000, asOfMs: 10_000 }] as const),
  ],
  [
    "an own failure before that of the held request counts",
    ...([
      failed("offline"),
      lost,
      13_000,
      { kind: "offline", sinceMs: 11_000, retryAtMs: 20_000, asOfMs: 10_000 },
    ] as const),
  ],
  [
    "never read and without a connection it is offline without data",
    ...([unread, lost, 13_000, { kind: "offline", sinceMs: 12_000, retryAtMs: 20_000, asOfMs: undefined }] as const),
  ],
  [
    "the agent's refusal counts more than the connection",
    failed("refused"),
    lost,
    13_000,
    { kind: "refused", text: "why" },
  ],
  ["denied data say so", failed("denied"), held, 13_000, { kind: "denied", text: "why" }],
  ["deleted data say so", failed("gone"), held, 13_000, { kind: "gone", text: "why" }],
])("%s", (...[, reading, connection, nowMs, state]) => {
  expect(viewStateOf(reading, connection, nowMs)).toEqual(state);
});

test("a screen with several readings is in the worst of their states", () => {
  const stale = viewStateOf(fresh, released, 99_000);
  const denied = viewStateOf(failed("denied"), held, 99_000);
  expect(worseState(stale, denied)).toBe(denied);
  expect(worseState(denied, stale)).toBe(denied);
});
