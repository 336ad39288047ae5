import { expect, onTestFinished, test } from "bun:test";
import { ClusterApi } from "../../test/support/cluster-api.ts";
import { promptly } from "../../test/support/promptly.ts";
import { settle } from "../../test/support/settle.ts";
import { unlimitedCallers } from "../registry/caller.ts";
import { LocalRows } from "../registry/local-rows.ts";
import { CommitTimes } from "./commit-times.ts";
import { getKeys } from "./endpoints/kvs.ts";
import { getRegistration, listRegistrations } from "./endpoints/registry.ts";
import type { Keeper } from "./keeper.ts";
import { KeeperRequest } from "./keeper-request.ts";
import { Registrations } from "./registrations.ts";
import { SavedRegistrations } from "./saved-registrations.ts";
import { Secrets } from "./secrets.ts";

async function startFollower(): Promise<{ readonly cluster: ClusterApi; readonly keeper: Keeper }> {
  const cluster = await ClusterApi.start();
  onTestFinished(() => cluster.close());
  const { api, store } = cluster.follower;
  const { agent, clock, ports } = api;
  const localRows = new LocalRows(api.store);
  const times = new CommitTimes(store, clock);
  const saved = new SavedRegistrations(localRows, [], clock);
  const registrations = new Registrations({
    ...{ agent, ports, store, saved, times, clock, log: api.httpLog, checkOutputBytesMax: 4096 },
  });
  const secrets = new Secrets(localRows, []);
  const keeper = { store, ports, times, registrations, secrets, kvValueBytesMax: 1024, describe: () => ({}), clock };
  return { cluster, keeper };
}

const requestFor = (rest: string, { clock, store }: Keeper): KeeperRequest => {
  const caller = unlimitedCallers(store).callerOf(undefined);
  return new KeeperRequest(new Request(`http://agent/${rest}`), { caller, rest, query: "", bodyBytesMax: 1024, clock });
};

test.each([
  ["of a key", getKeys, "a/b", '"a/b"'],
  ["of a service", getRegistration, "web", '"serviceId":"web"'],
  ["of all services", listRegistrations, "", '"serviceId":"web"'],
])("core-keeper's answer %s waits on a follower for every write that was acknowledged before", async (...asked) => {
  const [, endpointOf, rest, expected] = asked;
  const { cluster, keeper } = await startFollower();
  const { leader, follower, stores } = cluster;
  stores.hold(follower.name);
  const registration = { Node: "x", Address: "192.0.2.1", Service: { Service: "web", Port: 80 } };
  await leader.api.ask("/v1/catalog/register", { method: "PUT", body: JSON.stringify(registration) });
  await leader.api.ask("/v1/kv/a/b", { method: "PUT", body: "1" });
  const asking = Promise.resolve(endpointOf(keeper)(requestFor(rest, keeper)));
  await settle();
  stores.release(follower.name);
  expect((await (await promptly(asking)).text()).replaceAll(" ", "")).toContain(expected);
});
