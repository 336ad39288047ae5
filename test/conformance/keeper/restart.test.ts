import { afterAll, expect, onTestFinished, test } from "bun:test";
import { expectSuccess, registrationBody, shownRegistration, startKeeperTarget } from "../../support/keeper.ts";
import { within } from "../../support/within.ts";

const keeper = await startKeeperTarget();
afterAll(() => keeper.target.stop());
const { ask, consul } = keeper;

test("keys and registrations of core-keeper's API survive a restart and kill -9, halted services included", async () => {
  await ask("PUT /kvs/key/edgex/v4/kept?flatten=true", { value: { a: 1, b: { c: "x" } } });
  await ask("POST /registry", registrationBody({ serviceId: "kept" }, { interval: "1d" }));
  await ask("POST /registry", registrationBody({ serviceId: "told", status: "DOWN" }));
  await ask("POST /registry", registrationBody({ serviceId: "halted" }));
  await ask("PUT /registry", registrationBody({ serviceId: "halted", status: "HALT", port: 7 }));
  const ids = ["kept", "told", "halted"];
  const before = await Promise.all(ids.map((id) => shownRegistration(keeper, id)));

  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await keeper.target.restart(signal);
    expect(await Promise.all(ids.map((id) => shownRegistration(keeper, id)))).toEqual(before);
    const keys = { response: ["edgex/v4/kept/a", "edgex/v4/kept/b/c"] };
    expectSuccess(await ask("GET /kvs/key/edgex/v4/kept?keyOnly=true"), keys);
    expect((await consul("GET /agent/service/halted")).status).toBe(404);
  }
});

test("checks registered over core-keeper's API run again after a restart", async () => {
  const service = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("pong") });
  onTestFinished(() => service.stop(true));
  await ask("POST /registry", registrationBody({ serviceId: "checked", port: service.port }, { interval: "1s" }));
  const isUp = async (): Promise<void> =>
    expect(await shownRegistration(keeper, "checked")).toMatchObject({ status: "UP" });
  await within(5_000, isUp);
  await keeper.target.restart();
  await isUp();
  const { modified } = (await shownRegistration(keeper, "checked")) as { modified: number };
  await within(5_000, async () => {
    const later = (await shownRegistration(keeper, "checked")) as { modified: number };
    expect(later.modified).toBeGreaterThan(modified);
  });
});
