import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { createLog } from "../lib/log.ts";
import type { Caller } from "./caller.ts";
import { TokenTries, unknownMax } from "./token-tries.ts";

function open() {
  const clock = new FakeClock();
  const lines: string[] = [];
  const log = createLog({ level: "info", json: false, clock, sink: (line) => lines.push(line) }, "acl");
  const refused = { count: 0, add: (n: number) => void (refused.count += n) };
  const tries = new TokenTries({ clock, log, refused });
  const callers = new Map<string, Caller>();
  const send = (secret: string, isKnown: boolean, address = "10.0.0.9"): boolean => {
    const caller = callers.get(secret) ?? ({} as Caller);
    callers.set(secret, caller);
    return tries.admits(caller, secret, isKnown, () => (address === "unix" ? undefined : address));
  };
  const guess = (count: number, address?: string): boolean[] =>
    Array.from({ length: count }, (_, at) => send(`guess ${at}`, false, address));
  return { clock, lines, refused, send, guess };
}

test("an address that has tried too many unknown tokens may try no other, right or wrong, until the minute ends", async () => {
  const { clock, lines, refused, send, guess } = open();
  expect(guess(unknownMax).every(Boolean)).toBe(true);
  expect([send("another guess", false), send("right", true)]).toEqual([false, false]);
  expect(refused.count).toBe(2);
  expect(lines.filter((line) => line.includes("address=10.0.0.9"))).toHaveLength(1);
  await clock.advance(60_000);
  expect([send("right", true), send("another guess", false)]).toEqual([true, true]);
});

test("tokens that an address has used before are answered while it tries unknown ones, also after they were deleted", () => {
  const { send, guess } = open();
  expect(send("of core-data", true)).toBe(true);
  guess(unknownMax);
  expect([send("of core-data", true), send("of core-data", false), send("new", true)]).toEqual([true, true, false]);
});

test("other addresses and Unix sockets are not limited by the guesses of one address", () => {
  const { send, guess } = open();
  guess(unknownMax);
  expect([send("right", true, "10.0.0.10"), send("wrong", false, "10.0.0.10")]).toEqual([true, true]);
  expect(send("right", true, "unix")).toBe(true);
});

test("a service that sends its deleted token again and again does not use up the tries of its address", () => {
  const { send } = open();
  const answered = Array.from({ length: 10 * unknownMax }, () => send("deleted", false));
  expect(answered.every(Boolean)).toBe(true);
  expect(send("right", true)).toBe(true);
});
