import {
  base64,
  boolean,
  count,
  duration,
  integer,
  listOf,
  mapOf,
  number,
  object,
  oneOf,
  orNull,
  ref,
  type Schemas,
  text,
  texts,
  time,
  uuid,
} from "../schema.ts";
import { valueOrigins } from "../../../src/model/value-origin.ts";

const author = object({ AccessorID: text, Token: text, Address: text, Client: text });

/** The answers of the endpoints below /v1/praetor, which Consul does not have. */
export const praetorSchemas: Schemas = {
  PortRecord: object({
    ...{ id: text, revision: count, service: text, host: text, oldPort: integer, newPort: integer },
    ...{ owner: text, reason: text, at: time, state: text },
  }),
  Overview: object({
    ...{ Node: text, Datacenter: text, Version: text, StartedAt: time, Nodes: count, Instances: count },
    Services: object({ Critical: count, Maintenance: count, Warning: count, Passing: count }),
    Failing: listOf(
      object(
        {
          ...{ Service: text, Status: text, FailingInstances: count, Node: text, ServiceID: text, CheckID: text },
          Reason: text,
        },
        { Since: time },
      ),
    ),
    Ports: mapOf(count),
  }),
  TopicIndexes: object({ StartedAt: time, Index: count, Topics: mapOf(count) }),
  KeyVersion: object(
    { Key: text, Index: count, Operation: oneOf("set", "delete", "lock") },
    {
      ...{ Time: time, By: author, Reason: text, Means: text, Origin: ref("ValueOrigin") },
      ...{ Value: orNull(base64), Size: count, Flags: count, ModifyIndex: count },
    },
  ),
  ValueOrigin: oneOf(...valueOrigins.filter((origin) => origin !== "")),
  KeyOrigin: object(
    {
      ...{ Key: text, ModifyIndex: count },
      HiddenBy: listOf(object({ Service: text, Node: text, Variable: text })),
    },
    { Origin: ref("ValueOrigin"), Time: time, By: author, Reason: text, Means: text },
  ),
  KeyReset: object({ Left: texts, Seen: count, Done: boolean, Changes: listOf(ref("KeyDifference")) }),
  KeySide: object({ Value: orNull(base64), Flags: count, ModifyIndex: count }),
  KeyDifference: object({
    ...{ Key: text, Operation: oneOf("added", "changed", "removed") },
    ...{ Before: orNull(ref("KeySide")), After: orNull(ref("KeySide")) },
  }),
  KeyDifferences: object({ From: count, To: count, Changes: listOf(ref("KeyDifference")) }),
  KeyRollback: object({ To: count, Seen: count, Done: boolean, Changes: listOf(ref("KeyDifference")) }),
  TrialRequest: object(
    { Changes: listOf(ref("TrialChange")), Services: texts, For: duration },
    { Confirm: boolean, Staged: boolean },
  ),
  TrialChange: object({ Key: text }, { Value: base64, Flags: count, Delete: boolean, Cas: count }),
  Trial: object(
    {
      ...{ ID: uuid, Outcome: oneOf("pending", "kept", "undone"), Stage: count, Stages: count, StartedAt: time },
      ...{ StageMs: count, Confirm: boolean, By: author },
      Services: listOf(
        object(
          { Service: text },
          { Status: oneOf("passing", "warning", "critical", "absent"), CheckID: text, Node: text },
        ),
      ),
      Keys: listOf(
        object({
          ...{ Key: text, Operation: oneOf("set", "delete"), Stage: count },
          State: oneOf("waiting", "changed", "restored", "left"),
        }),
      ),
    },
    { Why: text, EndsAt: time, EndedAt: time, Reason: text, EndedBy: author },
  ),
  Transitions: object({
    Number: count,
    Transitions: listOf(
      object({
        ...{ Number: count, At: time, Node: text, Service: text, ServiceID: text, CheckID: text, Name: text },
        ...{ From: text, To: text, Reason: text },
      }),
    ),
  }),
  FoundKeys: object({
    ...{ Searched: count, Found: count },
    Matches: listOf(object({ Key: text, InKey: boolean, Bytes: count, ModifyIndex: count }, { Excerpt: text })),
  }),
  Watchers: object({ Key: text, Watchers: count }),
  LogLines: object({ Lines: texts }),
  MetricsSeries: object({
    ...{ IntervalSeconds: number, End: orNull(time) },
    Series: listOf(object({ Name: text, Kind: text, Values: listOf(orNull(number)) })),
  }),
  Findings: object({
    Findings: listOf(object({ Kind: text, Where: text, Problem: text, Advice: text })),
    NotLookedAt: texts,
  }),
  CheckRun: object({ CheckID: text, Status: ref("CheckStatus"), Output: text }),
  Registration: object(
    { ID: text, Service: text, Through: oneOf("consul", "core-keeper", "file", "sidecar") },
    { Halted: { const: true } },
  ),
};
