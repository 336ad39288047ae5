import { OperatingError } from "../lib/errors.ts";
import type { Caller, Callers } from "../registry/caller.ts";
import { demandFor } from "../registry/permissions.ts";
import type { Registry } from "../registry/registry.ts";
import type { CatalogCommit, CommitAnswer, RefusedWrite } from "./catalog-calls.ts";

type Registration = NonNullable<CatalogCommit["registrations"]>[number];

/** A change without what was refused, and the list of that. */
interface Admitted {
  readonly change: CatalogCommit;
  readonly refused: CommitAnswer;
}

/**
 * Asks for each registration of a client agent whether its token may make it. The agent's node itself has joined with the cluster key, and
 * its deregistrations need no token: Consul 1.8.7 leaves a service whose token was deleted in the catalog for ever.
 */
export async function admitCommit(
  { registrations = [], ...change }: CatalogCommit,
  { callers, store }: { readonly callers: Callers; readonly store: Registry },
): Promise<Admitted> {
  if (!callers.areLimited || registrations.length === 0) return { change: { ...change, registrations }, refused: null };
  // A token that its client has just created may not have reached this server.
  await store.freshen("leader");
  const refused: RefusedWrite[] = [];
  const admitted = registrations.filter((registration) => {
    const caller = callers.callerOf(registration.token, "");
    if (mayRegister(registration, caller, store)) return true;
    refused.push(refusedWrite(registration, accessorOf(caller)));
    return false;
  });
  return { change: { ...change, registrations: admitted }, refused: refused.length > 0 ? refused : null };
}

function mayRegister({ node, service, checks }: Registration, caller: Caller, { state }: Registry): boolean {
  try {
    demandFor({ type: "register", skipNodeUpdate: true, node, service, checks }, caller.rights, state);
    return true;
  } catch (error) {
    // A check whose service was refused is one of an unknown service.
    const isRefusal = error instanceof OperatingError && (error.kind === "forbidden" || error.code === "unknown-row");
    if (!isRefusal) throw error;
    return false;
  }
}

function refusedWrite({ service, checks }: Registration, accessorId: string): RefusedWrite {
  return { serviceIds: service ? [service.id] : [], checkIds: checks.map(({ id }) => id), accessorId };
}

/** Returns the accessor id of the caller's token; "" if it does not exist. */
function accessorOf(caller: Caller): string {
  try {
    return caller.token?.accessorId ?? "";
  } catch {
    return "";
  }
}
