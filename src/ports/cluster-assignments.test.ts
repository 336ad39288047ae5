import { expect, onTestFinished, test } from "bun:test";
import { ClusterApi } from "../../test/support/cluster-api.ts";
import { promptly } from "../../test/support/promptly.ts";
import { settle } from "../../test/support/settle.ts";

test("two services that two servers assign a port at the same time get different ports", async () => {
  const reserved = [{ name: "other", host: undefined, port: 7_000 }];
  const cluster = await ClusterApi.start({ portRules: { policy: "reassign", reserved } });
  onTestFinished(() => cluster.close());
  const [leader, second, third] = cluster.servers;
  if (!leader || !second || !third) throw new Error("three servers are there");
  for (const service of ["a", "b"])
    for (const [key, body] of [
      ["Host", "localhost"],
      ["Port", "7000"],
    ] as const)
      await leader.api.ask(`/v1/kv/edgex/core/1.0/${service}/Service/${key}`, { method: "PUT", body });
  for (const { store } of cluster.servers) await store.freshen("leader");
  await settle();

  const read = async (server: typeof second, service: string): Promise<number> => {
    const response = await promptly(server.api.ask(`/v1/kv/edgex/core/1.0/${service}/?recurse`));
    const entries = (await response.json()) as { readonly Key: string; readonly Value: string }[];
    return Number(atob(entries.find(({ Key }) => Key.endsWith("/Port"))?.Value ?? ""));
  };
  cluster.stores.holdCommits();
  const reading = Promise.all([read(second, "a"), read(third, "b")]);
  // Both servers choose their ports before they see the other's choice.
  await settle();
  cluster.stores.releaseCommits();
  expect((await reading).toSorted((a, b) => a - b)).toEqual([28_000, 28_001]);
});
