import type { NodeRow } from "../model/node.ts";
import type { ServiceRow } from "../model/service.ts";
import { type CheckWithOutput, encodeCheckSince } from "./check.ts";
import { encodeNode } from "./node.ts";
import { encodeNodeService } from "./service.ts";

/** Encodes an instance with its node and the checks of both, as health/service shows it. */
export function encodeServiceEntry(node: NodeRow, service: ServiceRow, checks: readonly CheckWithOutput[]): object {
  return {
    Node: encodeNode(node),
    Service: encodeNodeService(service),
    Checks: checks.map(encodeCheckSince),
  };
}
