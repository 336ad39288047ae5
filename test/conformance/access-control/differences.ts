import type { Divergence } from "../recorded/compare.ts";
import { agentMaster } from "./scripts/legacy-names.ts";
import { plainText, type Exchange } from "../recorded/recording.ts";

/** An intended difference from Consul with access control on: a row of the table in docs/api.md. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** Whether the difference of a field is this one. The test fails if it holds for no field of the recorded answers. */
  readonly isMeant: (found: Divergence, exchange: Exchange) => boolean;
}

export const differences: readonly Difference[] = [
  {
    what: "indexes of lists and of single rows may differ as they do without access control",
    why: "each counts only the writes that can change its answer",
    isMeant: ({ at, wanted, got }) => at === "headers.X-Consul-Index" && wanted !== undefined && got !== undefined,
  },
  {
    what: "`internal/ui/node/` and `coordinate/node/` have their index with a 404, too",
    why: "a client can wait until the row exists, and does not learn whether it is hidden",
    isMeant: ({ at, wanted }, { request }) =>
      /^GET \/v1\/(?:internal\/ui|coordinate)\/node\//.test(request) &&
      at.startsWith("headers.") &&
      wanted === undefined,
  },
  {
    what: "a body that is not an object is refused without the fields of Consul's type",
    why: "they come from Consul's source, and change with it",
    isMeant: ({ at, wanted, got }) =>
      at === "body" && wanted !== undefined && plainText(got ?? "").endsWith("into Go value of type struct"),
  },
  {
    what: "a legacy token has its accessor and its builtin policy at once",
    why: "Consul writes the token again for it, seconds later",
    isMeant: ({ at, wanted, got }, { request }) =>
      / \/v1\/acl\/(?:info\/|list|clone\/)/.test(request) &&
      at.endsWith(".ModifyIndex") &&
      wanted !== undefined &&
      got !== undefined,
  },
  {
    what: "a policy with an empty list of datacenters is listed with `null`",
    why: "it is the same as a policy without the list",
    isMeant: ({ at, wanted }, { request }) =>
      request === "GET /v1/acl/policies" && at.endsWith(".Datacenters") && plainText(wanted ?? "") === "[]",
  },
  {
    what: "the list of tokens has their secrets for callers that may write them",
    why: "Consul has them from 1.11 on, and EdgeX 2.3 and 3 read them at their second start",
    isMeant: ({ at, wanted }, { request }) =>
      / \/v1\/acl\/tokens\b/.test(request) && at.endsWith(".SecretID") && wanted === undefined,
  },
  {
    what: "`acl/token/self` hides the secret of the agent's default token",
    why: "everyone who can reach the agent would learn it",
    isMeant: ({ at, got }, { request }) =>
      request === "GET /v1/acl/token/self" && at === "body.SecretID" && got === "<hidden>",
  },
  {
    what: "the types of auth methods include `userpass`",
    why: "people log in with a name and a password",
    isMeant: ({ at, got }) => at === "body" && plainText(got ?? "").includes("[jwt kubernetes userpass]"),
  },
  {
    what: "`catalog/node/` shows the services whose names the caller may read",
    why: "Consul takes the id for the name here, and so hides them, or shows others",
    isMeant: ({ at }, { request }) => request === "GET /v1/catalog/node/n2" && at === "body.Services.web1",
  },
  {
    what: "an unknown token at `event/fire/` is a 403",
    why: "it is one everywhere else, and clients renew their token after a 403",
    isMeant: ({ at, got }, { request }) => request.startsWith("PUT /v1/event/fire/") && at === "status" && got === 403,
  },
  {
    what: "an unknown token is refused before an invalid filter",
    why: "the token decides whether the request is read further",
    isMeant: ({ got }, { request }) =>
      request.includes("?filter=") && (got === 403 || plainText(got ?? "") === "ACL not found"),
  },
  {
    what: "`agent/connect/authorize` has no `X-Cache`",
    why: "there are no intentions that the agent could cache",
    isMeant: ({ at }, { request }) => request === "POST /v1/agent/connect/authorize" && at === "headers.X-Cache",
  },
  {
    what: "the agent's master token is `Permission denied`, not `ACL not found`, at guarded lists of keys and at access control's objects",
    why: "it exists, and may do nothing there",
    isMeant: ({ wanted, got }, { request, with: sent }) =>
      sent?.["X-Consul-Token"] === agentMaster &&
      /^GET \/v1\/(?:kv\/a\/\?|acl\/policies)/.test(request) &&
      plainText(wanted ?? "") === "ACL not found" &&
      plainText(got ?? "") === "Permission denied",
  },
  {
    what: "the agent's checks change, and its services and checks end in the catalog, too, when their token is deleted or may no longer write them",
    why: "the registration was allowed; a dead service that is shown as passing misleads its clients, and nothing would ever remove it",
    isMeant: ({ at, wanted, got }, { request }) =>
      / \/v1\/(?:catalog\/services$|(?:catalog\/service|health\/checks)\/own-|health\/node\/node1\?filter=)/.test(
        request,
      ) &&
      (got === undefined || (wanted !== undefined && /\.(?:Status|ModifyIndex)$/.test(at))),
  },
  {
    what: "intentions and configuration entries are refused, even if the caller has the right",
    why: "there is no service mesh that would heed them",
    isMeant: (_found, { request, status }) =>
      (request === "POST /v1/connect/intentions" || request === "PUT /v1/config") && status === 500,
  },
];
