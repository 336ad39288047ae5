import { afterAll, expect, test } from "bun:test";
import { exchange, type Answer } from "../../support/exchange.ts";
import { startTarget } from "../../support/target.ts";

const target = await startTarget();
afterAll(() => target.stop());

const folder = "edgex/core/1.0/edgex-core-data/Writable/";
const ask = (query: string): Promise<Answer> =>
  exchange(target.url, "GET", { path: `/v1/kv/${folder}?${query}recurse=&wait=1800000ms` });
const put = (value: string): Promise<Answer> =>
  exchange(target.url, "PUT", { path: `/v1/kv/${folder}LogLevel`, body: value });

test.each(["SIGTERM", "SIGKILL"] as const)(
  "a service whose agent ends by %s continues its watch with its index and receives the next change",
  async (signal) => {
    await put(`INFO ${signal}`);
    const { index } = await ask("");
    const cut = ask(`index=${index}&`).then(
      (answer) => answer.index,
      () => "cut",
    );
    await target.restart(signal);
    // The held query ends with an unchanged index, an error, or a broken connection: the service repeats it with the same
    // index.
    expect([index, Number.NaN, "cut"]).toContain(await cut);
    const held = ask(`index=${index}&`);
    expect(await Promise.race([held, Bun.sleep(300)])).toBeUndefined();
    await put(`DEBUG ${signal}`);
    const { status, index: next } = await held;
    expect(status).toBe(200);
    expect(next).toBeGreaterThan(index);
  },
);
