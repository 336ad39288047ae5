import type { FieldType } from "./field.ts";

export type ScalarType = "string" | "bool" | "int" | "uint" | "float" | "duration";

/** The type that a part of a configuration file must have. */
export type Shape =
  | { readonly kind: "scalar"; readonly type: ScalarType }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "map"; readonly item: Shape }
  /** An object with a fixed set of field names; `aliases` maps other spellings, in lower case, to these names. */
  | {
      readonly kind: "record";
      readonly fields: () => Readonly<Record<string, Shape>>;
      readonly aliases: ReadonlyMap<string, string>;
    }
  /** An object with any content. */
  | { readonly kind: "free" };

const text: Shape = { kind: "scalar", type: "string" };
const whole: Shape = { kind: "scalar", type: "int" };
const flag: Shape = { kind: "scalar", type: "bool" };
const texts: Shape = { kind: "list", item: text };
const free: Shape = { kind: "free" };

function record(
  fields: () => Readonly<Record<string, Shape>>,
  aliases: ReadonlyMap<string, string> = new Map(),
): Shape {
  return { kind: "record", fields, aliases };
}

/** The fields of a check definition. Durations are texts in this shape; decodeCheckDefinition parses them. */
const check = record(
  () => ({
    id: text,
    name: text,
    notes: text,
    service_id: text,
    token: text,
    status: text,
    args: texts,
    http: text,
    header: { kind: "map", item: texts },
    method: text,
    body: text,
    output_max_size: whole,
    tcp: text,
    interval: text,
    docker_container_id: text,
    shell: text,
    grpc: text,
    grpc_use_tls: flag,
    tls_skip_verify: flag,
    alias_node: text,
    alias_service: text,
    timeout: text,
    ttl: text,
    success_before_passing: whole,
    failures_before_critical: whole,
    deregister_critical_service_after: text,
  }),
  // Consul: files may use the HTTP API's spelling for these names, and for no others.
  new Map([
    ["serviceid", "service_id"],
    ["scriptargs", "args"],
    ["dockercontainerid", "docker_container_id"],
    ["tlsskipverify", "tls_skip_verify"],
    ["deregistercriticalserviceafter", "deregister_critical_service_after"],
  ]),
);

const service: Shape = record(() => ({
  kind: text,
  id: text,
  name: text,
  tags: texts,
  address: text,
  tagged_addresses: { kind: "map", item: record(() => ({ address: text, port: whole })) },
  meta: { kind: "map", item: text },
  port: whole,
  check,
  checks: { kind: "list", item: check },
  token: text,
  weights: record(() => ({ passing: whole, warning: whole })),
  enable_tag_override: flag,
  proxy: free,
  connect: record(() => ({ native: flag, sidecar_service: service })),
}));

const shapes: Readonly<Record<FieldType, Shape>> = {
  string: text,
  bool: flag,
  int: whole,
  uint: { kind: "scalar", type: "uint" },
  float: { kind: "scalar", type: "float" },
  duration: { kind: "scalar", type: "duration" },
  strings: texts,
  "string map": { kind: "map", item: text },
  "duration map": { kind: "map", item: { kind: "scalar", type: "duration" } },
  object: free,
  objects: { kind: "list", item: free },
  sinks: {
    kind: "map",
    item: record(() => ({
      ...{ type: text, format: text, path: text, delivery_guarantee: text },
      rotate_duration: { kind: "scalar", type: "duration" },
      ...{ rotate_bytes: whole, rotate_max_files: whole },
    })),
  },
  service,
  services: { kind: "list", item: service },
  check,
  checks: { kind: "list", item: check },
  watches: { kind: "list", item: free },
};

export function shapeOf(type: FieldType): Shape {
  return shapes[type];
}
