import { ensureCheck } from "./check.ts";
import type { Rejection, RegisteredRows } from "./command.ts";
import type { Draft } from "./draft.ts";
import { getNode } from "./lookup.ts";
import { ensureNode } from "./node.ts";
import { ensureService } from "./service.ts";

/** Registers a node with its service and checks. Returns undefined, or a rejection; the caller must then drop the draft. */
export function registerRows(draft: Draft, registration: RegisteredRows): Rejection | undefined {
  const rejected = registerNode(draft, registration);
  if (rejected) return rejected;
  const node = getNode(draft.state, registration.node.name)?.name ?? registration.node.name;
  if (registration.service) ensureService(draft, node, registration.service);
  for (const check of registration.checks) {
    const reason = ensureCheck(draft, node, check);
    if (reason) return reason;
  }
  return undefined;
}

function registerNode(draft: Draft, { node, skipNodeUpdate }: RegisteredRows): Rejection | undefined {
  return getNode(draft.state, node.name) && skipNodeUpdate ? undefined : ensureNode(draft, node);
}
