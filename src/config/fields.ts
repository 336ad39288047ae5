import type { Field } from "./field.ts";
import { agentFields } from "./fields/agent.ts";
import { clusterFields } from "./fields/cluster.ts";
import { dnsFields } from "./fields/dns.ts";
import { edgexFields } from "./fields/edgex.ts";
import { networkFields } from "./fields/network.ts";

import { securityFields } from "./fields/security.ts";
import { telemetryFields } from "./fields/telemetry.ts";
import { tlsFields } from "./fields/tls.ts";

/** Every field that a configuration file of Consul 1.8 may hold, and the fields that only Praetor has. */
export const fields: readonly Field[] = [
  ...agentFields,
  ...networkFields,
  ...tlsFields,
  ...dnsFields,
  ...securityFields,
  ...clusterFields,
  ...telemetryFields,
  ...edgexFields,
];

export const fieldByPath: ReadonlyMap<string, Field> = new Map(fields.map((field) => [field.path, field]));
