import type { Script } from "../script.ts";
import { acl } from "./acl.ts";
import { agent } from "./agent.ts";
import { agentCheck } from "./agent-check.ts";
import { agentService } from "./agent-service.ts";
import { blocking } from "./blocking.ts";
import { bodies } from "./bodies.ts";
import { catalog } from "./catalog.ts";
import { coordinates } from "./coordinate.ts";
import { event } from "./event.ts";
import { filters } from "./filters.ts";
import { health } from "./health.ts";
import { internalUi } from "./internal-ui.ts";
import { kv } from "./kv.ts";
import { mesh } from "./mesh.ts";
import { methods } from "./methods.ts";
import { operator } from "./operator.ts";
import { options } from "./options.ts";
import { query } from "./query.ts";
import { session } from "./session.ts";
import { snapshot } from "./snapshot.ts";
import { status } from "./status.ts";
import { txns } from "./txn.ts";

/** All scripts, by the name of the file with Consul's answers. */
export const scripts: Readonly<Record<string, Script>> = {
  acl,
  agent,
  "agent-check": agentCheck,
  "agent-service": agentService,
  blocking,
  bodies,
  catalog,
  coordinate: coordinates,
  event,
  filters,
  health,
  "internal-ui": internalUi,
  kv,
  mesh,
  methods,
  operator,
  options,
  query,
  session,
  snapshot,
  status,
  txn: txns,
};
