import type { ReportJson } from "../../doctor/examine.ts";
import { examineApart } from "../../doctor/examine-apart.ts";
import { json } from "../answers.ts";
import type { OwnRequests } from "../own-requests.ts";
import type { SentToken } from "../../registry/caller.ts";
import { sentToken } from "../sent-token.ts";
import type { Endpoint } from "../route.ts";

export interface DoctorParts {
  readonly ownRequests: OwnRequests;
}

/**
 * Examines this agent and its machine by the rules of `praetor doctor`, as far as the caller's token lets it see them. Requests that
 * come with the same token during an examination share it, since it reads the whole catalog.
 */
export function getFindings({ ownRequests }: DoctorParts): Endpoint {
  const underWay = new Map<SentToken, Promise<ReportJson>>();
  return async (request) => {
    const token = sentToken(request.raw, request.target);
    const examination =
      underWay.get(token) ?? examineApart(ownRequests.of(request)).finally(() => underWay.delete(token));
    underWay.set(token, examination);
    return json(request, await examination);
  };
}
