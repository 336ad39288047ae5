import { describe, expect, test } from "bun:test";
import { del, differs, keyFolder, put, sharedTarget } from "../../support/conformance.ts";
import { EdgexClient, type ClientAnswer } from "../../support/edgex-clients.ts";
import { promptly } from "../../support/promptly.ts";

await sharedTarget();

const unheard = "misses a recursive delete of a parent and lets the index fall back";

/** How long the test waits before it makes its change, in milliseconds, so that the agent holds the request by then. */
const headStartMs = 60;

interface Watched {
  readonly first: ClientAnswer;
  readonly second: ClientAnswer;
}

/**
 * Watches a folder of keys as a Geneva service does: reads it without an index, then sends a blocking query with the index of the
 * answer, and calls `act` meanwhile. Returns both answers.
 */
async function watching(prefix: string, act: () => Promise<unknown>, wait = "1800000ms"): Promise<Watched> {
  await using client = await EdgexClient.open();
  const first = await client.go("GET", `/v1/kv/${prefix}?recurse=&wait=${wait}`);
  const held = client.go("GET", `/v1/kv/${prefix}?index=${first.index}&recurse=&wait=${wait}`);
  await Bun.sleep(headStartMs);
  await act();
  return { first, second: await promptly(held) };
}

function expectHigher({ first, second }: Watched): void {
  expect(Number(first.index)).toBeGreaterThanOrEqual(1);
  expect(Number(second.index)).toBeGreaterThan(Number(first.index));
}

describe("an EdgeX service's watch of its configuration", () => {
  test("is answered at once without an index, and with a 404 that has an index if the folder is missing", async () => {
    await using client = await EdgexClient.open();
    const answer = await client.go("GET", `/v1/kv/${keyFolder()}Writable/?recurse=&wait=1800000ms`);
    expect(answer).toMatchObject({ status: 404, text: "" });
    expect(Number(answer.index)).toBeGreaterThanOrEqual(1);
  });

  test("continues through 404 answers until the folder's first key exists", async () => {
    const prefix = `${keyFolder()}Writable/`;
    const watched = await watching(prefix, () => put(`/v1/kv/${prefix}LogLevel`, "INFO"));
    expectHigher(watched);
    expect([watched.first.status, watched.second.status]).toEqual([404, 200]);
  });

  test("returns 404 with a higher index when the last key is deleted, alone or with its folder", async () => {
    const prefix = `${keyFolder()}Writable/`;
    for (const target of [`${prefix}LogLevel`, `${prefix}?recurse`]) {
      await put(`/v1/kv/${prefix}LogLevel`, "INFO");
      const watched = await watching(prefix, () => del(`/v1/kv/${target}`));
      expectHigher(watched);
      expect(watched.second.status).toBe(404);
    }
  });

  test("returns when a folder far above the configuration is deleted", async () => {
    const folder = keyFolder();
    const prefix = `${folder}edgex/core/1.0/edgex-core-data/Writable/`;
    await put(`/v1/kv/${prefix}LogLevel`, "INFO");
    const watched = await watching(prefix, () => del(`/v1/kv/${folder}?recurse`), "2s");
    expect(watched.second.status).toBe(404);
    if (!differs("consul", unheard)) expectHigher(watched);
  });

  test("ends with the same index and keys if only keys outside of the folder change", async () => {
    const folder = keyFolder();
    const prefix = `${folder}Writable/`;
    await put(`/v1/kv/${prefix}LogLevel`, "INFO");
    const besides = async (): Promise<void> => {
      await put(`/v1/kv/${folder}Writable2/LogLevel`, "INFO");
      await put(`/v1/kv/${folder}Service/Port`, "1");
    };
    const { first, second } = await watching(prefix, besides, "400ms");
    expect(second).toEqual(first);
  });

  test("with an index above the store's is answered at once with the store's lower index", async () => {
    await using client = await EdgexClient.open();
    const prefix = `${keyFolder()}Writable/`;
    await put(`/v1/kv/${prefix}LogLevel`, "INFO");
    const reason = "holds such a request for the whole wait";
    const wait = differs("consul", reason) ? "300ms" : "1800000ms";
    const answer = await client.go("GET", `/v1/kv/${prefix}?index=999999999&recurse=&wait=${wait}`);
    expect(answer.status).toBe(200);
    expect(Number(answer.index)).toBeLessThan(999_999_999);
  });

  test("keeps its index through repeated writes of the same values, which a service started with -o sends", async () => {
    const prefix = `${keyFolder()}Writable/`;
    await put(`/v1/kv/${prefix}LogLevel`, "INFO");
    const { first, second } = await watching(prefix, () => put(`/v1/kv/${prefix}LogLevel`, "INFO"), "300ms");
    expect(second).toEqual(first);
  });
});
