import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileFailure, isMissing } from "../../lib/file-failure.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import { encodeNoReplication } from "../../wire/acl.ts";
import { submitAcl } from "../acl-access.ts";
import { showBootstrapToken } from "../acl-encoding.ts";
import { json } from "../answers.ts";
import type { DatacenterEndpoint, Endpoint } from "../route.ts";

export interface AclBootstrapParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The folder in which the operator puts the file that allows another bootstrap; undefined without a data folder. */
  readonly dataDir: string | undefined;
}

const resetFile = "acl-bootstrap-reset";

/**
 * Creates the first management token, or another one when the operator has written the index of the last bootstrap into the file
 * `acl-bootstrap-reset`. The file is removed before the token is made, so that it allows one bootstrap only.
 */
export function bootstrapAccess(parts: AclBootstrapParts): DatacenterEndpoint {
  const { clock, random, log } = parts;
  // Consul: the token of the request is not even looked at, so the caller's registry, which looks at it, is not used.
  return (request) =>
    async ({ store: registry }) => {
      await registry.freshen("leader");
      const path = parts.dataDir === undefined ? undefined : join(parts.dataDir, resetFile);
      const resetIndex = path === undefined ? 0 : await readResetIndex(path, log);
      const isAllowed = resetIndex > 0 && registry.read(acl.aclResetIndexQuery()) === resetIndex;
      if (path !== undefined && isAllowed) await rm(path, { force: true });
      const ids = { accessorId: random.uuid(), secretId: random.uuid() };
      await submitAcl(registry, { type: "acl-bootstrap", ...ids, resetIndex, nowMs: clock.wallMs() });
      log.info("ACL bootstrap completed", { accessorID: ids.accessorId });
      const token = registry.read(acl.aclTokenOfSecret(ids.secretId, () => clock.wallMs()));
      return json(request, token && showBootstrapToken(token));
    };
}

/** Returns the number in the file: 0 if there is no file. Consul: blanks before the number and any text after it are ignored. */
async function readResetIndex(path: string, log: Log): Promise<number> {
  try {
    const text = await readFile(path, "utf8");
    const [, digits] = /^\s*\+?(\d{1,15})/.exec(text) ?? [];
    if (digits !== undefined) return Number(digits);
    log.error("failed to parse bootstrap reset index path", { path });
  } catch (error) {
    if (!isMissing(error)) log.error("failed to read bootstrap reset index", { path, error: fileFailure(error) });
  }
  return 0;
}

/** Answers how far a server of a secondary datacenter has copied the primary's tokens. Consul: the primary itself copies nothing. */
export const getReplication: Endpoint = (request) => json(request, encodeNoReplication());
