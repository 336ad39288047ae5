import {
  anyObject,
  boolean,
  count,
  indexes,
  integer,
  listOf,
  mapOf,
  number,
  object,
  openObject,
  orNull,
  ref,
  type Schemas,
  text,
  textsOrNull,
  time,
  duration,
} from "../schema.ts";

const aggregate = {
  ...{ Name: text, Count: count, Rate: number, Sum: number, Min: number, Max: number, Mean: number, Stddev: number },
  Labels: mapOf(text),
} as const;

const autopilot = {
  ...{ CleanupDeadServers: boolean, LastContactThreshold: duration, MaxTrailingLogs: count, MinQuorum: count },
  ...{ ServerStabilizationTime: duration, RedundancyZoneTag: text, DisableUpgradeMigration: boolean },
  UpgradeVersionTag: text,
} as const;

/** The process, its machine, the cluster and the mesh. */
export const operatorSchemas: Schemas = {
  AgentSelf: object({
    Config: openObject({
      Datacenter: text,
      NodeName: text,
      NodeID: text,
      Revision: text,
      Server: boolean,
      Version: text,
    }),
    DebugConfig: anyObject,
    Coord: orNull(ref("Coordinate")),
    Member: ref("Member"),
    Stats: mapOf(mapOf(text)),
    Meta: orNull(mapOf(text)),
  }),
  Member: object({
    ...{ Name: text, Addr: text, Port: integer, Tags: mapOf(text), Status: integer },
    ...{ ProtocolMin: integer, ProtocolMax: integer, ProtocolCur: integer },
    ...{ DelegateMin: integer, DelegateMax: integer, DelegateCur: integer },
  }),
  Metrics: object({
    Timestamp: text,
    Gauges: listOf(object({ Name: text, Value: number, Labels: mapOf(text) })),
    Points: listOf(anyObject),
    Counters: listOf(object(aggregate)),
    Samples: listOf(object(aggregate)),
  }),
  Host: object({
    ...{ Memory: anyObject, CPU: listOf(anyObject), Host: anyObject, Disk: anyObject },
    ...{ CollectionTime: count, Errors: textsOrNull },
  }),
  RaftConfiguration: object({
    Servers: listOf(
      object({ ID: text, Node: text, Address: text, Leader: boolean, ProtocolVersion: text, Voter: boolean }),
    ),
    Index: count,
  }),
  Autopilot: object({ ...autopilot, ...indexes }),
  AutopilotRequest: object({}, { ...autopilot, ...indexes }),
  AutopilotHealth: object({
    ...{ Healthy: boolean, FailureTolerance: integer },
    Servers: listOf(
      object(
        {
          ...{ ID: text, Name: text, Address: text, SerfStatus: text, Version: text, Leader: boolean },
          ...{ LastContact: text, LastTerm: count, LastIndex: count, Healthy: boolean, Voter: boolean },
          StableSince: time,
        },
        { ClockAheadMs: number, Versions: object({ Praetor: text, Etcd: text }) },
      ),
    ),
  }),
  KeyringRequest: object({}, { Key: text, RelayFactor: integer, LocalOnly: boolean }),
  ConnectAuthorization: object({ Authorized: boolean, Reason: text }),
  ConnectQuestion: object({ Target: text, ClientCertURI: text }, { ClientCertSerial: text }),
  IntentionDecision: object({ Allowed: boolean }),
  FederationState: object({ ...{ Datacenter: text, UpdatedAt: time, PrimaryModifyIndex: count }, ...indexes }),
  FederationStateAnswer: object({
    ...{ State: ref("FederationState"), Index: count, LastContact: count, KnownLeader: boolean },
    ConsistencyLevel: text,
  }),
};
