import {
  base64,
  boolean,
  count,
  either,
  indexes,
  listOf,
  mapOf,
  object,
  oneOf,
  orNull,
  ref,
  type Schemas,
  text,
  textMapOrNull,
  texts,
  textsOrNull,
  duration,
  integer,
} from "../schema.ts";
import { answerMeta } from "./catalog.ts";

const queryFields = {
  ...{ Name: text, Session: text, Token: text },
  Template: object({ Type: text, Regexp: text, RemoveEmptyTags: boolean }),
  DNS: object({ TTL: text }),
} as const;

/** Keys, sessions, transactions, prepared queries and events. */
export const keySchemas: Schemas = {
  KeyEntry: object({ LockIndex: count, Key: text, Flags: count, Value: orNull(base64), ...indexes }, { Session: text }),
  SessionId: object({ ID: text }),
  Session: object(
    {
      ...{ ID: text, Name: text, Node: text, LockDelay: { ...integer, description: "nanoseconds" } },
      ...{ Behavior: oneOf("release", "delete"), TTL: text, NodeChecks: textsOrNull },
      ServiceChecks: orNull(listOf(object({ ID: text, Namespace: text }))),
      ...indexes,
    },
    { Checks: textsOrNull },
  ),
  SessionRequest: object(
    {},
    {
      ...{ Name: text, Node: text, LockDelay: either(duration, integer), Behavior: oneOf("", "release", "delete") },
      ...{ TTL: duration, Checks: texts, NodeChecks: texts },
      ServiceChecks: listOf(object({ ID: text }, { Namespace: text })),
    },
  ),
  TransactionOperation: either(
    object({ KV: ref("KeyOperation") }),
    object({ Node: object({ Verb: ref("RowVerb"), Node: { type: "object" } }) }),
    object({ Service: object({ Verb: ref("RowVerb"), Node: text, Service: { type: "object" } }) }),
    object({ Check: object({ Verb: ref("RowVerb"), Check: { type: "object" } }) }),
  ),
  RowVerb: oneOf("set", "cas", "get", "delete", "delete-cas"),
  KeyOperation: object(
    {
      Verb: oneOf(
        ...["set", "cas", "lock", "unlock", "get", "get-tree", "check-index", "check-session", "check-not-exists"],
        ...["delete", "delete-tree", "delete-cas"],
      ),
      Key: text,
    },
    { Value: base64, Flags: count, Index: count, Session: text },
  ),
  TransactionResult: object(
    {
      Results: orNull(
        listOf(
          either(
            object({ KV: ref("KeyEntry") }),
            object({ Node: ref("Node") }),
            object({ Service: ref("NodeService") }),
            object({ Check: ref("HealthCheck") }),
          ),
        ),
      ),
      Errors: orNull(listOf(object({ OpIndex: count, What: text }))),
    },
    answerMeta,
  ),
  PreparedQuery: object({
    ID: text,
    ...queryFields,
    Service: object({
      ...{ Service: text, Failover: object({ NearestN: count, Datacenters: textsOrNull }), OnlyPassing: boolean },
      ...{ IgnoreCheckIDs: textsOrNull, Near: text, Tags: textsOrNull, NodeMeta: textMapOrNull },
      ...{ ServiceMeta: textMapOrNull, Connect: boolean },
    }),
    ...indexes,
  }),
  PreparedQueryRequest: object(
    {
      Service: object(
        { Service: text },
        {
          ...{ Failover: object({}, { NearestN: count, Datacenters: textsOrNull }), OnlyPassing: boolean },
          ...{ IgnoreCheckIDs: textsOrNull, Near: text, Tags: textsOrNull, NodeMeta: textMapOrNull },
          ...{ ServiceMeta: textMapOrNull, Connect: boolean },
        },
      ),
    },
    { ...queryFields, Template: object({ Type: text }, { Regexp: text, RemoveEmptyTags: boolean }) },
  ),
  PreparedQueryId: object({ ID: text }),
  PreparedQueryAnswer: object(
    {
      ...{ Service: text, Nodes: orNull(listOf(ref("ServiceEntry"))), DNS: object({ TTL: text }), Datacenter: text },
      Failovers: count,
    },
    answerMeta,
  ),
  PreparedQueryExplanation: object({ Query: ref("PreparedQuery") }, answerMeta),
  Event: object({
    ...{ ID: text, Name: text, Payload: orNull(base64), NodeFilter: text, ServiceFilter: text, TagFilter: text },
    ...{ Version: count, LTime: count },
  }),
  TagsByService: mapOf(textsOrNull),
};
