import type { Place } from "./hosts.ts";
import type { Owner } from "./ledger.ts";

/** "Port 48080 of localhost belongs to edgex-core-data." */
export function conflictSentence({ host, port }: Place, owner: Owner): string {
  return `Port ${port} of ${host === "" ? "this machine" : host} ${owner.has}.`;
}
