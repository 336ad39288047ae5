import { expect, test } from "bun:test";
import { settle } from "../../test/support/settle.ts";
import { LargeAnswers } from "./large-answers.ts";

const open = new AbortController().signal;
const answer = new Uint8Array(1 << 20);
const { length } = answer;

/** Returns whether the promise has resolved by now. */
async function hasEnded(promise: Promise<void>): Promise<boolean> {
  let ended = false;
  void promise.then(() => (ended = true));
  await settle();
  await settle();
  return ended;
}

test("a large answer arrives complete, in pieces, and then stops counting towards the client's limit of bytes", async () => {
  const large = new LargeAnswers();
  const body = crypto.getRandomValues(new Uint8Array(60_000));
  const whole = new Uint8Array(600_000).map((_, at) => body[at % body.length] ?? 0);
  expect(await new Response(large.body("a", [whole], { size: whole.length, signal: open })).bytes()).toEqual(whole);
  await settle();
  expect(large.clients).toBe(0);
});

test("a large answer that a client does not read delays only the next large answer to the same client", async () => {
  const large = new LargeAnswers(2 * length);
  const unread = [
    large.body("a", [answer], { size: length, signal: open }),
    large.body("a", [answer], { size: length, signal: open }),
  ];
  const next = large.room("a", length, open);
  expect(await hasEnded(next)).toBe(false);
  expect(large.hasRoom("b", length)).toBe(true);
  await new Response(unread[0]).bytes();
  expect(await hasEnded(next)).toBe(true);
});

test("a waiting request whose client has disconnected does not block the next request", async () => {
  const large = new LargeAnswers(length);
  const gone = new AbortController();
  const unread = large.body("a", [answer], { size: length, signal: gone.signal });
  const others = [1, 2, 3].map(() => large.room("a", length, open));
  gone.abort();
  for (const other of others) expect(await hasEnded(other)).toBe(true);
  await unread.cancel();
  await settle();
  expect(large.clients).toBe(0);
});

test("an answer larger than the client's limit is sent while no other large answer to the client is under way", async () => {
  const large = new LargeAnswers(length / 2);
  expect(large.hasRoom("a", length)).toBe(true);
  large.body("a", [answer], { size: length, signal: open });
  expect(large.hasRoom("a", 1)).toBe(false);
});

test("the answers of a client that disconnects stop counting towards its limit, whether under way or waiting", async () => {
  const large = new LargeAnswers(length);
  const gone = new AbortController();
  large.body("a", [answer], { size: length, signal: gone.signal });
  const waiting = large.room("a", length, gone.signal);
  gone.abort();
  expect(await hasEnded(waiting)).toBe(true);
  expect(large.clients).toBe(0);
});

test("one turn of the event loop renders one large answer of a megabyte or more; the others follow one in each turn", async () => {
  const large = new LargeAnswers();
  expect(large.mayRender("a", length, open)).toBeUndefined();
  const ended: string[] = [];
  for (const client of ["a", "a", "b"])
    void large.mayRender(client, length, open)?.then(() => {
      expect(large.mayRender(client, length, open)).toBeUndefined();
      ended.push(client);
    });
  const seen: string[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await settle();
    seen.push(ended.join(" "));
  }
  expect(seen).toEqual(["a", "a b", "a b a"]);
});

test("one turn of the event loop renders several large answers of less than a megabyte together", () => {
  const large = new LargeAnswers();
  const size = 64 * 1024;
  const waits = Array.from({ length: 17 }, () => large.mayRender("a", size, open));
  expect(waits.filter((wait) => wait === undefined)).toHaveLength(16);
});

test("an answer for which the client's limit has no room is not rendered before the client has read another", async () => {
  const large = new LargeAnswers(length);
  const unread = large.body("a", [answer], { size: length, signal: open });
  const wait = large.mayRender("a", length, open);
  expect(wait !== undefined && (await hasEnded(wait))).toBe(false);
  await new Response(unread).bytes();
  expect(wait !== undefined && (await hasEnded(wait))).toBe(true);
});
