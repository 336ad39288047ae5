/** A program that a test kills: a server with one etcd, in the folder of the first argument. It prints etcd's process id when etcd is ready. */
import { systemClock } from "../../src/lib/clock.ts";
import { createLog } from "../../src/lib/log.ts";
import { findEtcd } from "../../src/cluster/own-etcd/etcd-program.ts";
import { openOwnEtcd } from "../../src/cluster/own-etcd/own-etcd.ts";

const [folder = "", id = ""] = process.argv.slice(2);
let pid = 0;
const own = await openOwnEtcd({
  ...{ folder, id, address: "127.0.0.1", port: 0, security: undefined, clock: systemClock },
  log: createLog({ level: "error", json: false, clock: systemClock, sink: console.error }, "program"),
  handler: async () => ({ head: null }),
  onLink() {},
  onRefused() {},
  onHealth: (health) => {
    if (health.state === "started") ({ pid } = health);
    // An etcd that logs after its server was killed gets SIGPIPE, and is no orphan for long. At rest it logs nothing.
    if (health.state === "ready") console.log(pid);
  },
  onFailure: console.error,
});
own.start(await findEtcd(), { members: [id], token: "trial", state: "new", raftMultiplier: 1 });
