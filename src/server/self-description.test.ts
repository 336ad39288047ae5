import { expect, onTestFinished, test } from "bun:test";
import { ClusterApi } from "../../test/support/cluster-api.ts";
import { loadConfig } from "../config/load.ts";
import { describeSelf } from "./self-description.ts";

test("agent/self shows who leads, the last contact and the other servers", async () => {
  const cluster = await ClusterApi.start();
  onTestFinished(() => cluster.close());
  const config = loadConfig({
    ...{ args: ["-server", "-data-dir", "/nonexistent"], env: {}, hostname: "s1", interfaces: () => [] },
  });
  const statsOf = ({ api, store, view }: ClusterApi["leader"]): object =>
    describeSelf(config, { agent: api.agent, store, cluster: view, members: [], definitionFaults: [] }).stats;

  const { leader, follower } = cluster;
  follower.view.silentMs = 143.5;
  const configuration = ["s1", "s2", "s3"].map((name) => `{Suffrage:Voter ID:id-${name} Address:${name}:8300}`);
  const common = { num_peers: "2", term: "1", latest_configuration: `[${configuration.join(" ")}]` };
  expect(statsOf(leader)).toMatchObject({
    consul: { leader: "true", leader_addr: "s1:8300" },
    raft: { ...common, state: "Leader", last_contact: "0" },
  });
  expect(statsOf(follower)).toMatchObject({
    consul: { leader: "false", leader_addr: "s1:8300" },
    raft: { ...common, state: "Follower", last_contact: "143.5ms" },
  });

  await cluster.loseQuorum();
  follower.view.silentMs = Infinity;
  expect(statsOf(follower)).toMatchObject({
    consul: { leader: "false", leader_addr: "" },
    raft: { ...common, state: "Candidate", last_contact: "never" },
  });
});
