import { constants } from "node:fs";
import { type FileHandle, open, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../lib/clock.ts";
import { messageOf, OperatingError } from "../../lib/errors.ts";
import { isMissing } from "../../lib/file-failure.ts";
import type { Log } from "../../lib/log.ts";
import type { Random } from "../../lib/random.ts";
import * as acl from "../../registry/acl.ts";
import type { Registry } from "../../registry/registry.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { submitAcl } from "../acl-access.ts";
import { showToken } from "../acl-encoding.ts";
import { json } from "../answers.ts";
import { HttpError } from "../http-error.ts";
import type { Endpoint } from "../route.ts";

export interface AclRecoverParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The registry without a caller's limits: the operator has lost all tokens. */
  readonly store: Registry;
  readonly dataDir: string | undefined;
}

/** The file in the data folder by which its owner asks for a token, and into which the agent writes it. */
const recoveryFile = "acl-recover";

/**
 * Creates a management token for the owner of the data folder, who has put an empty file there that only the owner can read. The token
 * goes into this file, so no secret crosses the network in either direction, and it does not matter who sends the request: another
 * user of the machine, or a program that pretends to be the agent, gets nothing. The file is removed before the token is made, so that it
 * is good for one token only.
 */
export function recoverAccess(parts: AclRecoverParts): Endpoint {
  let last: Promise<unknown> = Promise.resolve();
  return async (request) => {
    // One after the other: else a request that comes while the token is made would be answered before it is in the file.
    const made = last.then(() => recover(parts));
    last = made.catch(() => {});
    return json(request, { AccessorID: await made });
  };
}

/** Returns the accessor of the new token. @throws HttpError 403 if the owner has not asked for one */
async function recover(parts: AclRecoverParts): Promise<string> {
  const { store, log } = parts;
  const file = parts.dataDir === undefined ? undefined : await takeFile(parts.dataDir, log);
  if (!file) throw new HttpError(403, refusal);
  try {
    await store.freshen("leader");
    const { accessorId, token } = await makeRecoveryToken(parts);
    try {
      await file.write(renderGoJson(token, { pretty: false }), 0);
    } catch (error) {
      await submitAcl(store, { type: "acl-tokens-delete", accessorIds: [accessorId] });
      throw new OperatingError(
        "unavailable",
        "recovery-unwritable",
        `The new token cannot be written: ${messageOf(error)}`,
      );
    }
    log.warn("Made a management token for the owner of the data folder", { accessorID: accessorId });
    return accessorId;
  } finally {
    await file.close();
  }
}

const refusal =
  "Permission denied: run `praetor acl recover` on the machine of this agent, as the owner of its data folder";

interface RecoveryToken {
  readonly accessorId: string;
  /** The JSON of the token with its secret. */
  readonly token: object;
}

/** Creates a management token, also if access control was bootstrapped. All other tokens stay valid. @throws as submitAcl */
export async function makeRecoveryToken({
  store,
  random,
  clock,
}: Pick<AclRecoverParts, "store" | "random" | "clock">): Promise<RecoveryToken> {
  const ids = { accessorId: random.uuid(), secretId: random.uuid() };
  const resetIndex = store.read(acl.aclResetIndexQuery()) ?? 0;
  await submitAcl(store, { type: "acl-bootstrap", ...ids, resetIndex, nowMs: clock.wallMs() });
  const made = store.read(acl.aclTokenOfSecret(ids.secretId, () => clock.wallMs()));
  if (!made) throw new OperatingError("conflict", "acl-taken", "The new token was deleted at once: try again");
  return { accessorId: ids.accessorId, token: showToken(made, { showsSecret: true }) };
}

/**
 * Opens and removes the file. Returns undefined unless it is an empty file of the folder's owner, or of root, that others cannot read,
 * and that has no other name.
 */
async function takeFile(folder: string, log: Log): Promise<FileHandle | undefined> {
  const path = join(folder, recoveryFile);
  // Without waiting for the other end of a named pipe, and not through a symbolic link.
  const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  let file;
  try {
    file = await open(path, flags);
  } catch (error) {
    if (!isMissing(error)) log.error("The file of a recovery cannot be used", { path, error: messageOf(error) });
    return undefined;
  }
  try {
    const { uid: owner } = await stat(folder);
    const found = await file.stat();
    const isOwners = found.uid === owner || found.uid === 0;
    if (found.isFile() && found.size === 0 && found.nlink === 1 && (found.mode & 0o077) === 0 && isOwners) {
      await unlink(path);
      return file;
    }
    log.error("The file of a recovery is not an empty file of the data folder's owner that others cannot read", {
      path,
    });
  } catch (error) {
    log.error("The file of a recovery cannot be used", { path, error: messageOf(error) });
  }
  await file.close();
  return undefined;
}
