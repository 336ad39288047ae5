import type { Formation } from "./formation/formation.ts";
import type { ServerLinks } from "./server-links.ts";

interface Leaving {
  readonly store: { close(): Promise<void> };
  readonly engine: { close(): Promise<void> };
  readonly links: Pick<ServerLinks, "stopDialling" | "leave">;
  /** How the servers agree on the members of their own etcd; undefined with an etcd that others run. */
  readonly formation: Pick<Formation, "leave" | "peers"> | undefined;
  /** The servers that are alive, this one among them. */
  readonly servers: readonly unknown[];
}

/**
 * Takes a server out of its cluster. Does nothing if it is the last one.
 *
 * The server resigns first: while its etcd still is a member, another server leads within milliseconds, and a commit under way
 * ends. The others learn last that it has left, so a server that cannot leave stays a member.
 * @throws Error when no majority of the servers answers, or none has taken up the departure
 */
export async function leaveServers({ store, engine, links, formation, servers }: Leaving): Promise<void> {
  const voters = (await formation?.peers())?.filter(({ isVoter }) => isVoter) ?? servers;
  if (voters.length === 1) return;
  links.stopDialling();
  await store.close();
  await engine.close();
  await formation?.leave();
  await links.leave();
}
