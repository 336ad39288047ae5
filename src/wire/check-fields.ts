import { durationField } from "./json-duration.ts";
import { type FieldNames, fieldNames, JsonFields, type WireSource } from "./json-fields.ts";

/** The fields of a check as the client wrote them, before validation and defaults. Absent fields have Go's zero value. */
export interface CheckFields {
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  readonly serviceId: string;
  readonly status: string;
  readonly scriptArgs: readonly string[];
  readonly http: string;
  readonly header: Readonly<Record<string, readonly string[]>>;
  readonly method: string;
  readonly body: string;
  readonly tcp: string;
  readonly grpc: string;
  readonly grpcUseTls: boolean;
  readonly tlsSkipVerify: boolean;
  readonly aliasNode: string;
  readonly aliasService: string;
  readonly dockerContainerId: string;
  readonly shell: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly ttlMs: number;
  readonly deregisterCriticalServiceAfterMs: number;
  readonly successBeforePassing: number;
  readonly failuresBeforeCritical: number;
  readonly outputMaxSize: number;
  /** The secret that a file gives for the registration in the catalog; "" for none. */
  readonly token: string;
}

/** Whether a check stands alone or inside a service definition. Consul accepts slightly different fields in each place. */
export type CheckPlace = "standalone" | "in-service";

/** Decodes the fields of a check, without defaults. @throws OperatingError invalid, code "decode" */
export function decodeCheckFields(json: unknown, source: WireSource, place: CheckPlace): CheckFields {
  const fields = new JsonFields(json, { names: namesOf(source, place), source, where: whereOf(source, place) });
  const duration = (field: string): number => durationField(fields, field, source);
  const token = fields.string("Token");
  return {
    token: source === "file" ? token : "",
    id: fields.string("ID") || fields.string("CheckID"),
    name: fields.string("Name"),
    notes: fields.string("Notes"),
    serviceId: fields.string("ServiceID"),
    status: fields.string("Status"),
    scriptArgs: fields.stringList("ScriptArgs"),
    http: fields.string("HTTP"),
    header: fields.stringListMap("Header"),
    method: fields.string("Method"),
    body: fields.string("Body"),
    tcp: fields.string("TCP"),
    grpc: fields.string("GRPC"),
    grpcUseTls: fields.bool("GRPCUseTLS"),
    tlsSkipVerify: fields.bool("TLSSkipVerify"),
    aliasNode: fields.string("AliasNode"),
    aliasService: fields.string("AliasService"),
    dockerContainerId: fields.string("DockerContainerID"),
    shell: fields.string("Shell"),
    intervalMs: duration("Interval"),
    timeoutMs: duration("Timeout"),
    ttlMs: duration("TTL"),
    deregisterCriticalServiceAfterMs: duration("DeregisterCriticalServiceAfter"),
    successBeforePassing: fields.int("SuccessBeforePassing"),
    failuresBeforeCritical: fields.int("FailuresBeforeCritical"),
    outputMaxSize: fields.int("OutputMaxSize"),
  };
}

/** Returns whether no field of the check is set. Consul: the API treats `"Check": {}` as absent (service-definition.test.ts). */
export function isEmptyCheck(check: CheckFields): boolean {
  return Object.values(check).every((value: unknown) =>
    typeof value === "object" && value !== null ? Object.keys(value).length === 0 : !value,
  );
}

const sharedNames = [
  "Name",
  "Notes",
  "Status",
  "HTTP",
  "Header",
  "Method",
  "Body",
  "TCP",
  "GRPC",
  "Interval",
  "Timeout",
  "TTL",
  "Shell",
];

const apiNames = [
  ...sharedNames,
  "ServiceID",
  "ScriptArgs",
  "GRPCUseTLS",
  "TLSSkipVerify",
  "AliasNode",
  "AliasService",
  "DockerContainerID",
  "DeregisterCriticalServiceAfter",
  "SuccessBeforePassing",
  "FailuresBeforeCritical",
  "OutputMaxSize",
];

// Consul: some fields have a second spelling; any other name is refused (consul-answers.test.ts).
const apiAliases = {
  args: "ScriptArgs",
  script_args: "ScriptArgs",
  service_id: "ServiceID",
  tls_skip_verify: "TLSSkipVerify",
  docker_container_id: "DockerContainerID",
  deregister_critical_service_after: "DeregisterCriticalServiceAfter",
};

const standaloneNames = fieldNames([...apiNames, "ID", "Token"], apiAliases);
const inServiceNames = fieldNames([...apiNames, "CheckID"], apiAliases);

/** Every field that the API accepts in a check, alone or in a service, in the spelling of Consul's documentation. */
export const apiCheckNames: readonly string[] = [...apiNames, "ID", "CheckID", "Token"];

const fileNames = fieldNames(
  [
    ...sharedNames,
    "ID",
    "Token",
    "ServiceID",
    "ScriptArgs",
    "TLSSkipVerify",
    "DockerContainerID",
    "DeregisterCriticalServiceAfter",
  ],
  {
    args: "ScriptArgs",
    service_id: "ServiceID",
    tls_skip_verify: "TLSSkipVerify",
    docker_container_id: "DockerContainerID",
    deregister_critical_service_after: "DeregisterCriticalServiceAfter",
    grpc_use_tls: "GRPCUseTLS",
    alias_node: "AliasNode",
    alias_service: "AliasService",
    success_before_passing: "SuccessBeforePassing",
    failures_before_critical: "FailuresBeforeCritical",
    output_max_size: "OutputMaxSize",
  },
);

function namesOf(source: WireSource, place: CheckPlace): FieldNames {
  if (source === "file") return fileNames;
  return place === "standalone" ? standaloneNames : inServiceNames;
}

function whereOf(source: WireSource, place: CheckPlace): string {
  if (source === "api") return "";
  return place === "standalone" ? "check" : "service.check";
}
