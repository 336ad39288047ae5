import { describe, expect, test } from "bun:test";
import { expectWoken, whileBlocked } from "../support/blocked.ts";
import { del, expectError, expectTrue, get, keyFolder, put, sharedTarget } from "../support/conformance.ts";
import { within } from "../support/within.ts";
import type { Answer } from "../support/exchange.ts";
import { createSession } from "../support/session.ts";

await sharedTarget();

const stranger = "6f3f8f6c-6f0e-4a66-9e1c-0d4f0c6a8f11";

interface Entry {
  readonly LockIndex: number;
  readonly Value: string | null;
  readonly Flags: number;
  readonly Session?: string;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

async function entryOf(key: string): Promise<Entry | undefined> {
  const answer = await get(`/v1/kv/${key}`);
  return answer.status === 404 ? undefined : (answer.json as Entry[])[0];
}

function expectFalse(answer: Answer): void {
  expect({ status: answer.status, text: answer.text.trim() }).toEqual({ status: 200, text: "false" });
}

const prompt = { LockDelay: "0s" };

describe("acquiring a lock", () => {
  test("writes the value, and the entry then names the session that holds the lock", async () => {
    const key = `${keyFolder()}a`;
    const session = await createSession();
    expectTrue(await put(`/v1/kv/${key}?acquire=${session}&flags=7`, "v"));
    const text = (await get(`/v1/kv/${key}`)).text.replace(/Index":\d+(?=[,}]*(?:"ModifyIndex|\}\]))/g, 'Index":0');
    expect(text).toBe(
      `[{"LockIndex":1,"Key":"${key}","Flags":7,"Value":"dg==","Session":"${session}","CreateIndex":0,"ModifyIndex":0}]`,
    );
  });

  test("again by its holder writes the value and keeps the lock index", async () => {
    const key = `${keyFolder()}a`;
    const session = await createSession();
    await put(`/v1/kv/${key}?acquire=${session}`, "one");
    const first = await entryOf(key);
    expectTrue(await put(`/v1/kv/${key}?acquire=${session}`, "two"));
    const second = await entryOf(key);
    expect(second).toMatchObject({ LockIndex: 1, Session: session, Value: "dHdv" });
    expect(second?.ModifyIndex).toBeGreaterThan(first?.ModifyIndex ?? 0);
    expectTrue(await put(`/v1/kv/${key}?acquire=${session}`, "two"));
    expect(await entryOf(key)).toEqual(second);
  });

  test("that another session holds returns false and writes nothing", async () => {
    const key = `${keyFolder()}a`;
    await put(`/v1/kv/${key}?acquire=${await createSession()}`, "one");
    const before = await entryOf(key);
    expectFalse(await put(`/v1/kv/${key}?acquire=${await createSession()}`, "two"));
    expect(await entryOf(key)).toEqual(before);
  });

  test("of an unlocked key adds one to the lock index", async () => {
    const key = `${keyFolder()}a`;
    const [first, second] = [await createSession(), await createSession()];
    await put(`/v1/kv/${key}`, "old");
    for (const session of [first, second, first]) {
      expectTrue(await put(`/v1/kv/${key}?acquire=${session}`, "v"));
      expectTrue(await put(`/v1/kv/${key}?release=${session}`, "v"));
    }
    const entry = await entryOf(key);
    expect(entry?.LockIndex).toBe(3);
    expect(entry).not.toHaveProperty("Session");
  });

  test("keeps the letter case of the session's id", async () => {
    const key = `${keyFolder()}a`;
    const session = (await createSession()).toUpperCase();
    expectTrue(await put(`/v1/kv/${key}?acquire=${session}`, "v"));
    expect((await entryOf(key))?.Session).toBe(session);
    expectTrue(await put(`/v1/kv/${key}?release=${session}`, "v"));
  });

  test("is refused for a session that has ended", async () => {
    const session = await createSession();
    await put(`/v1/session/destroy/${session}`);
    const answer = await put(`/v1/kv/${keyFolder()}a?acquire=${session}`, "v");
    expectError(answer, { status: 500, text: `invalid session "${session}"` });
  });

  test.each(["cas=0", "release="])("is refused together with %s", async (other) => {
    const session = await createSession();
    const answer = await put(`/v1/kv/${keyFolder()}a?acquire=${session}&${other}`, "v");
    expectError(answer, { status: 400, text: `Conflicting flags: acquire=${session}&${other}` });
  });

  test("wakes the key's watchers", async () => {
    const key = `/v1/kv/${keyFolder()}a`;
    await put(key, "v");
    const session = await createSession();
    expectWoken(await whileBlocked(key, () => put(`${key}?acquire=${session}`, "v")));
    expectWoken(await whileBlocked(key, () => put(`${key}?release=${session}`, "v")));
  });
});

describe("a release of a lock", () => {
  test("writes the value and keeps the lock index", async () => {
    const key = `${keyFolder()}a`;
    const session = await createSession();
    await put(`/v1/kv/${key}?acquire=${session}`, "one");
    expectTrue(await put(`/v1/kv/${key}?release=${session}`, "two"));
    expect(await entryOf(key)).toMatchObject({ LockIndex: 1, Value: "dHdv" });
  });

  test("returns false and writes nothing if another session or no session holds the lock", async () => {
    const key = `${keyFolder()}a`;
    const session = await createSession();
    await put(`/v1/kv/${key}?acquire=${session}`, "one");
    expectFalse(await put(`/v1/kv/${key}?release=${await createSession()}`, "x"));
    expectFalse(await put(`/v1/kv/${key}?release=${stranger}`, "x"));
    expectTrue(await put(`/v1/kv/${key}?release=${session}`, "two"));
    expectFalse(await put(`/v1/kv/${key}?release=${session}`, "x"));
    expect(await entryOf(key)).toMatchObject({ Value: "dHdv" });
  });

  test("allows the next session to acquire the lock at once", async () => {
    const key = `${keyFolder()}a`;
    const [first, second] = [await createSession(), await createSession()];
    await put(`/v1/kv/${key}?acquire=${first}`, "v");
    await put(`/v1/kv/${key}?release=${first}`, "v");
    expectTrue(await put(`/v1/kv/${key}?acquire=${second}`, "v"));
  });
});

describe("a locked key", () => {
  test("can be written without its session, which keeps the lock, and the lock index becomes 0", async () => {
    const key = `${keyFolder()}a`;
    const session = await createSession();
    await put(`/v1/kv/${key}?acquire=${session}`, "one");
    expectTrue(await put(`/v1/kv/${key}`, "one"));
    expect(await entryOf(key)).toMatchObject({ LockIndex: 0, Session: session, Value: "b25l" });
    expectTrue(await put(`/v1/kv/${key}?release=${session}`, "two"));
    expect(await entryOf(key)).toMatchObject({ LockIndex: 0, Value: "dHdv" });
  });

  test("can be deleted, and then locked again at once", async () => {
    const key = `${keyFolder()}a`;
    const [first, second] = [await createSession(), await createSession()];
    await put(`/v1/kv/${key}?acquire=${first}`, "v");
    expectTrue(await del(`/v1/kv/${key}`));
    expectTrue(await put(`/v1/kv/${key}?acquire=${second}`, "v"));
    expect((await entryOf(key))?.LockIndex).toBe(1);
  });
});

describe("the end of a session", () => {
  test("releases the keys that it holds, and no others", async () => {
    const folder = keyFolder();
    const [session, other] = [await createSession(prompt), await createSession()];
    for (const name of ["a", "b"]) await put(`/v1/kv/${folder}${name}?acquire=${session}`, name);
    await put(`/v1/kv/${folder}c?acquire=${other}`, "c");
    await put(`/v1/kv/${folder}d?acquire=${session}`, "d");
    await put(`/v1/kv/${folder}d?release=${session}`, "d");
    const before = await entryOf(`${folder}d`);
    await put(`/v1/session/destroy/${session}`);
    for (const name of ["a", "b"]) {
      const entry = await entryOf(`${folder}${name}`);
      expect(entry?.LockIndex).toBe(1);
      expect(entry).not.toHaveProperty("Session");
      expect(entry?.ModifyIndex).toBeGreaterThan(entry?.CreateIndex ?? 0);
    }
    expect((await entryOf(`${folder}c`))?.Session).toBe(other);
    expect(await entryOf(`${folder}d`)).toEqual(before);
  });

  test("deletes the keys that it holds if its Behavior is delete", async () => {
    const folder = keyFolder();
    const session = await createSession({ Behavior: "delete", LockDelay: "0s" });
    await put(`/v1/kv/${folder}a?acquire=${session}`, "a");
    await put(`/v1/kv/${folder}b`, "b");
    await put(`/v1/session/destroy/${session}`);
    expect(await entryOf(`${folder}a`)).toBeUndefined();
    expect(await entryOf(`${folder}b`)).toBeDefined();
  });

  test("releases a key that was locked with the session's id in another letter case", async () => {
    const key = `${keyFolder()}a`;
    const session = await createSession(prompt);
    await put(`/v1/kv/${key}?acquire=${session.toUpperCase()}`, "v");
    await put(`/v1/session/destroy/${session}`);
    expect(await entryOf(key)).not.toHaveProperty("Session");
  });

  test("wakes the watchers of the key and its folder", async () => {
    const folder = keyFolder();
    const lock = async (): Promise<string> => {
      const session = await createSession(prompt);
      await put(`/v1/kv/${folder}a?acquire=${session}`, "v");
      return session;
    };
    for (const path of [`/v1/kv/${folder}a`, `/v1/kv/${folder}?recurse`]) {
      const session = await lock();
      expectWoken(await whileBlocked(path, () => put(`/v1/session/destroy/${session}`)));
    }
  });
});

describe("the lock delay", () => {
  test.each(["release", "delete"])(
    "prevents the key from being locked until the delay ends, after a session with the Behavior %s has ended",
    async (Behavior) => {
      const key = `${keyFolder()}a`;
      const [first, second] = [await createSession({ Behavior, LockDelay: "1s" }), await createSession()];
      await put(`/v1/kv/${key}?acquire=${first}`, "v");
      const destroyedMs = performance.now();
      await put(`/v1/session/destroy/${first}`);
      await within(5_000, async () => expectTrue(await put(`/v1/kv/${key}?acquire=${second}`, "v")));
      expect(performance.now() - destroyedMs).toBeGreaterThanOrEqual(1_000);
      expect((await entryOf(key))?.LockIndex).toBe(Behavior === "release" ? 2 : 1);
    },
  );

  test("applies by default, is checked before the session's id, and continues after the key is deleted", async () => {
    const key = `${keyFolder()}a`;
    const first = await createSession();
    await put(`/v1/kv/${key}?acquire=${first}`, "v");
    await put(`/v1/session/destroy/${first}`);
    for (const session of ["nope", stranger]) expectFalse(await put(`/v1/kv/${key}?acquire=${session}`, "v"));
    expectTrue(await put(`/v1/kv/${key}`, "written"));
    expectTrue(await del(`/v1/kv/${key}`));
    expectFalse(await put(`/v1/kv/${key}?acquire=${await createSession()}`, "v"));
  });
});
