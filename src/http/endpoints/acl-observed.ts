import { neededPolicy } from "../../acl/needed-policy.ts";
import type { ObservedRefusals } from "../../registry/observed-refusals.ts";
import { requireAclRead } from "../acl-access.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { Endpoint } from "../route.ts";

export interface AclObservedParts {
  /** The refusals that were only recorded; undefined while access control refuses. */
  readonly observed: ObservedRefusals | undefined;
}

/** Answers with what access control would have refused on this agent, and with the policy that each token would need. */
export function listObserved({ observed }: AclObservedParts): Endpoint {
  return (request) => {
    requireAclRead(request);
    if (!observed) throw new HttpError(404, 'access control does not observe: set acl.mode = "observe"');
    return json(request, {
      Since: timeOf(observed.sinceMs),
      Dropped: observed.dropped,
      Tokens: observed.list().map(({ accessorId, description, refusals }) => ({
        AccessorID: accessorId,
        Description: description,
        Policy: neededPolicy(refusals),
        Refusals: refusals.map(({ resource, access, name, count, firstMs, lastMs }) => ({
          ...{ Resource: resource, Access: access, Name: name, Count: count },
          ...{ First: timeOf(firstMs), Last: timeOf(lastMs) },
        })),
      })),
    });
  };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
