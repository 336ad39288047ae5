import { RulesError } from "../../acl/rules.ts";
import { translateRules } from "../../acl/translate.ts";
import type { Clock } from "../../lib/clock.ts";
import * as acl from "../../registry/acl.ts";
import { whenFresh } from "../../registry/when-fresh.ts";
import { badRequest, indexHeaders, notFound, requireAclRead, requireRest, requireUuid } from "../acl-access.ts";
import { empty, text, type HeaderFields } from "../answers.ts";
import { demand } from "../demand.ts";
import { HttpError } from "../http-error.ts";
import { bodyBytesMax } from "../limits.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

/** Answers with the rules of the body, which are in the syntax before Consul 1.4, in the present one. */
export const translateBody: Endpoint = async (request) => {
  demand(request, "acl", "read");
  const rules = new TextDecoder().decode(await request.body(bodyBytesMax));
  return answer(translated(rules, badRequest), {});
};

/** Returns the endpoint that answers with the rules of a legacy token in the present syntax. */
export function translateToken({ clock }: { readonly clock: Clock }): DatacenterEndpoint {
  return (request) => {
    const id = requireRest(request, "token ID");
    const query = acl.aclTokenOf(id, () => clock.wallMs());
    return () => {
      requireAclRead(request);
      requireUuid(id, "acl token");
      const { registry } = request.caller;
      // Consul: the request is answered at once, even with an index.
      return whenFresh(registry, request.queryOptions().consistency, () => {
        const headers = indexHeaders(registry, query);
        const rules = registry.read(query)?.row.rules;
        if (rules === undefined) throw notFound(headers);
        if (rules === "") return text(500, "The specified token does not have any rules set", headers);
        return answer(translated(rules, noRules), headers);
      });
    };
  };
}

function translated(rules: string, fault: (why: string) => HttpError): string {
  try {
    return translateRules(rules);
  } catch (error) {
    throw error instanceof RulesError ? fault(error.message) : error;
  }
}

/** Returns the error for rules of a token that cannot be parsed. Only a restore can bring such rules. */
function noRules(why: string): HttpError {
  return new HttpError(500, `Failed to parse legacy rules: ${why}`);
}

function answer(rules: string, headers: HeaderFields): Response {
  return rules === "" ? empty(200, headers) : text(200, rules, headers);
}
