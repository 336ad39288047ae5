import type { JoinRequest } from "../../src/cluster/join-call.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { dial } from "../../src/link/connect.ts";
import type { Link } from "../../src/link/link.ts";
import { joinOf } from "./members.ts";

interface LinkedAgentOptions {
  readonly port: number;
  readonly host?: string;
  /** The -encrypt key, as a flag has it. */
  readonly key?: string;
  readonly changes?: Partial<JoinRequest>;
}

/** Connects to a real server as a client agent with this number does, and joins. The caller closes the link. */
export async function linkAgent(number: number, options: LinkedAgentOptions): Promise<Link> {
  const { port, host = "127.0.0.1", key, changes } = options;
  const link = await dial({
    ...{ host, port, clock: systemClock },
    key: key === undefined ? undefined : Buffer.from(key, "base64"),
    handler: () => Promise.reject(new Error("this agent answers no call")),
  });
  await link.call({ kind: "join", head: joinOf(number, { address: "127.0.0.1", ...changes }) });
  return link;
}
