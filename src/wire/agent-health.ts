import type { Check } from "../model/check.ts";
import type { Service } from "../model/service.ts";
import { encodeAgentService } from "./service.ts";

/** One service in the response of agent/health/service. */
export interface AgentHealth {
  readonly status: string;
  readonly service: Service;
  readonly checks: readonly { readonly check: Check; readonly output: string }[];
}

export function encodeAgentHealth({ status, service, checks }: AgentHealth): object {
  return {
    AggregatedStatus: status,
    Service: encodeAgentService(service),
    Checks: checks.map(({ check, output }) => encodeAgentHealthCheck(check, output)),
  };
}

/**
 * Encodes a check of agent/health/service. Consul: only this endpoint leaves a check's type empty and shows absent definition
 * fields as zero values.
 */
function encodeAgentHealthCheck(check: Check, output: string): object {
  return {
    Node: check.node,
    CheckID: check.id,
    Name: check.name,
    Status: check.status,
    Notes: check.notes,
    Output: output,
    ServiceID: check.serviceId,
    ServiceName: check.serviceName,
    ServiceTags: check.serviceTags.length === 0 ? null : check.serviceTags,
    Type: "",
    Definition: {
      Interval: "0s",
      Timeout: "0s",
      DeregisterCriticalServiceAfter: "0s",
      HTTP: "",
      Header: null,
      Method: "",
      Body: "",
      TLSSkipVerify: false,
      TCP: "",
    },
    CreateIndex: 0,
    ModifyIndex: 0,
  };
}
