import { OperatingError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { JoinRequest } from "./join-call.ts";

/** The code of the refusal of a server whose cluster was given up. */
export const givenUpCode = "cluster-given-up";

/**
 * Returns the refusal of a server of the cluster in whose place `praetor operator recover` has put another one. Two such servers would
 * be a majority of their cluster, and go on beside the other one.
 * @param whose names the data: "of the server gw2", "in the folder data"
 */
export function clusterGivenUp(whose: string): OperatingError {
  const message =
    `the data ${whose} are those of a cluster that was given up by praetor operator recover, and another one is in its place. To join ` +
    "that: stop this server, move its data folder away, and start it again";
  return new OperatingError("conflict", "cluster-given-up", message);
}

/** The part of a server's formation that knows which clusters were given up. */
interface GivenUpClusters {
  hasGivenUp(token: string): boolean;
  giveUp(): Promise<boolean>;
}

/** @throws OperatingError conflict "cluster-given-up" if the cluster of the joining server was given up */
export function refuseGivenUp(formation: GivenUpClusters | undefined, { cluster, name }: JoinRequest): void {
  if (cluster !== undefined && formation?.hasGivenUp(cluster)) throw clusterGivenUp(`of the server ${name}`);
}

/** Ends this server for good, since another one has refused it so. */
export async function endGivenUp(
  formation: GivenUpClusters | undefined,
  { log, onFailed }: { readonly log: Log; readonly onFailed: () => void },
): Promise<void> {
  // A server that is refused by several ends once.
  if ((await formation?.giveUp()) !== true) return;
  log.error("The agent ends", { reason: clusterGivenUp("of this server").message });
  onFailed();
}
