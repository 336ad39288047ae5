import type { Divergence } from "./compare.ts";
import { plainText, type Exchange, type Json } from "./recording.ts";

/** An intended difference from Consul: a row of the table in docs/api.md. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /**
   * Predicates for the fields that have the difference. The test fails if one of them holds for no field of the
   * recorded answers.
   */
  readonly where: readonly Place[];
}

/** A predicate that returns whether a field's difference is the intended one. */
type Place = (found: FoundDivergence) => boolean;

export interface FoundDivergence extends Divergence, Pick<Exchange, "request" | "sent" | "with"> {
  readonly script: string;
}

export const differences: readonly Difference[] = [
  {
    what: "`X-Consul-Index` may be lower",
    why: "it counts only writes that can change this answer, so that no query wakes without a change",
    where: [({ at, wanted, got }) => at === "headers.X-Consul-Index" && makerOf(got) < makerOf(wanted)],
  },
  {
    what: "`X-Consul-Index` does not fall, and rises when a row leaves an answer",
    why: "otherwise a waiting client would miss the end of a node, or of a service's name",
    where: [({ at, wanted, got }) => at === "headers.X-Consul-Index" && makerOf(got) > makerOf(wanted)],
  },
  {
    what: "checks show their service's present name and tags",
    why: "with the former name they would stay in the lists of that name",
    where: [
      ({ request, at }) => request === "GET /v1/agent/checks" && /\.ServiceTags\[\d\]$/.test(at),
      ({ request, at }) => request === "GET /v1/agent/checks" && at.endsWith(".ServiceName"),
      says("agent-service", "GET /v1/health/checks/web", "body[1]", undefined),
    ],
  },
  {
    what: "a check's output is in the catalog at once",
    why: "it is kept in memory only, and so costs no write",
    where: [says("agent-check", "GET /v1/health/state/passing", "body[0].Output", "well")],
  },
  {
    what: "an invalid status in `catalog/register` is a 400",
    why: "no list of a status would have such a check",
    where: [
      says("catalog", "PUT /v1/catalog/register", "body", "Bad check status"),
      says("catalog", "PUT /v1/catalog/register", "headers.Content-Type", "text/plain; charset=utf-8"),
      says("catalog", "PUT /v1/catalog/register", "status", 400),
    ],
  },
  {
    what: "a service without a name is refused with a plain text",
    why: "Consul's text names an index of its store",
    where: [says("catalog", "PUT /v1/catalog/register", "body", "Must provide service name with ID")],
  },
  {
    what: "the error for a text in place of an `Args` list names `ScriptArgs`",
    why: "that is the field with the error",
    where: [
      says(
        "agent-check",
        "PUT /v1/agent/check/register",
        "body",
        "Request decode failed: json: cannot unmarshal string into Go struct field .ScriptArgs of type []string",
      ),
    ],
  },
  {
    what: "the error for a body that is not an object omits the fields of Consul's type",
    why: "they come from Consul's source, and change with it",
    where: [({ at, got }) => at === "body" && plainText(got ?? "").endsWith("into Go value of type struct")],
  },
  {
    what: "the error for an invalid filter at `agent/checks` begins as on other endpoints",
    why: "clients that search for these words find them",
    where: [
      ({ request, at, wanted, got }) =>
        request.startsWith("GET /v1/agent/checks?filter=") &&
        at === "body" &&
        got === `Failed to create boolean expression evaluator: ${plainText(wanted ?? "")}`,
    ],
  },
  {
    what: "metrics for Prometheus need no setting",
    why: "a new dashboard needs no restart of the agent; the setting can disable them",
    where: ["status", "body", "headers.Content-Type"].map(
      (at): Place =>
        (found) =>
          found.request.startsWith("GET /v1/agent/metrics?format=prometheus") && found.at === at,
    ),
  },
  {
    what: "`internal/ui/` ignores a filter",
    why: "Consul's page sends none",
    where: [({ request }) => /^GET \/v1\/internal\/ui\/\w+\?filter=/.test(request)],
  },
  {
    what: "`internal/ui/node/` has its index with a 404, too",
    why: "a page can wait until the node exists",
    where: ["X-Consul-Index", "X-Consul-Knownleader", "X-Consul-Lastcontact"].map(
      (name): Place =>
        ({ script, at, wanted }) =>
          script === "internal-ui" && at === `headers.${name}` && wanted === undefined,
    ),
  },
  {
    what: "a node without coordinates has an index with its 404, too",
    why: "clients that wait for them need not poll",
    where: ["X-Consul-Index", "X-Consul-Knownleader", "X-Consul-Lastcontact"].map(
      (name): Place =>
        ({ request, at, wanted }) =>
          request.startsWith("GET /v1/coordinate/node/") && at === `headers.${name}` && wanted === undefined,
    ),
  },
  {
    what: "`OPTIONS` below `query/` is answered as everywhere, and `Allow` names the methods of all queries' paths",
    why: "one answer to it is enough",
    where: [
      ({ request, at }) => request.startsWith("OPTIONS /v1/query/web") && at !== "status",
      ({ request, at }) => request === "POST /v1/query/web/execute" && at === "headers.Allow",
    ],
  },
  {
    what: "the header `X-Consul-Namespace` matters for changes only",
    why: "reads can mean only the one namespace",
    where: [(found) => found.with !== undefined && "X-Consul-Namespace" in found.with],
  },
  {
    what: "a snapshot that cannot be unpacked is refused with another text",
    why: "it names the remedy",
    where: [({ request, at }) => request === "PUT /v1/snapshot" && at === "body"],
  },
  {
    what: "a parameter with a broken escape is ignored",
    why: "Consul's answer is a 500 without a reason",
    where: [({ request }) => request === "GET /v1/kv/a?a=%zz"],
  },
  {
    what: "a path that cannot be decoded or printed is refused with the headers of any error",
    why: "one kind of refusal is enough",
    where: [({ at, wanted, got }) => at === "headers.Vary" && wanted === undefined && got === "Accept-Encoding"],
  },
];

/**
 * Returns a predicate that holds for one field in the answers to one request of a script if its value in Praetor's
 * answer is `got`.
 */
function says(script: string, request: string, at: string, got: Json | undefined): Place {
  return (found) => found.script === script && found.request === request && found.at === at && found.got === got;
}

/** Returns the number of the request that made an index, 0 for the index at start, or NaN for any other text. */
function makerOf(value: Json | undefined): number {
  const [, maker = ""] = /^<index (at start|\d+)>$/.exec(plainText(value ?? "")) ?? [];
  return maker === "at start" ? 0 : Number.parseInt(maker, 10);
}
