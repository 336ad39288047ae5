import { expect, test } from "bun:test";
import { FakeClock } from "../../test/support/fake-clock.ts";
import { FakeRandom } from "../../test/support/fake-random.ts";
import { openTestStore } from "../../test/support/store.ts";
import { unlimitedCallers } from "../registry/caller.ts";
import { Audit } from "./audit.ts";
import { SentPath } from "./sent-path.ts";
import type { Connections } from "./server.ts";

const connections: Connections = { requestIP: () => null, timeout: () => {} };

/** Answers a request with a status while the disk takes no record. Returns the clock and whether there is an answer by now. */
function answerOnStalledDisk(
  method: string,
  status: number,
): { readonly clock: FakeClock; readonly isAnswered: () => boolean; readonly records: readonly object[] } {
  const [clock, records] = [new FakeClock(), [] as object[]];
  const append = (record: object): Promise<void> => {
    records.push(record);
    return Promise.withResolvers<void>().promise;
  };
  const audit = new Audit({ recordsAll: true, append, clock, random: new FakeRandom() });
  const caller = unlimitedCallers(openTestStore().store).callerOf(undefined);
  const request = new Request("http://127.0.0.1/v1/kv/a", { method });
  let isAnswered = false;
  const sender = { path: SentPath.of("/v1/kv/a"), caller, connections };
  const answered = audit.answer(request, sender, () => new Response("", { status }));
  if (answered instanceof Promise) void answered.then(() => (isAnswered = true));
  else isAnswered = true;
  return { clock, isAnswered: () => isAnswered, records };
}

test.each([
  ["PUT", 200],
  ["GET", 403],
])(
  "a disk that does not answer delays the answer to a %s with status %d by 200 ms, and no more",
  async (method, status) => {
    const { clock, isAnswered, records } = answerOnStalledDisk(method, status);
    expect(records).toHaveLength(2);
    await clock.advance(199);
    expect(isAnswered()).toBe(false);
    await clock.advance(1);
    expect(isAnswered()).toBe(true);
  },
);

test("a read that is recorded does not wait for its record", () => {
  expect(answerOnStalledDisk("GET", 200)).toMatchObject({ records: [{}, {}] });
  expect(answerOnStalledDisk("GET", 200).isAnswered()).toBe(true);
});
