import type { CheckRow } from "../model/check.ts";
import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { encodeCheck } from "./check.ts";
import { encodeNode } from "./node.ts";
import { encodeNodeService } from "./service.ts";

/** A check together with what it printed last. */
export interface CheckWithOutput {
  readonly check: CheckRow;
  readonly output: string;
}

/** One instance of a service with its node and the checks of both: health/service. */
export function encodeServiceEntry(node: NodeRow, service: ServiceRow, checks: readonly CheckWithOutput[]): object {
  return {
    Node: encodeNode(node),
    Service: encodeNodeService(service),
    Checks: checks.map(({ check, output }) => encodeCheck(check, output)),
  };
}
