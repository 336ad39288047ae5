import { OperatingError } from "../../lib/errors.ts";
import { permissionDenied } from "../../registry/permissions.ts";
import { readKeeperBody } from "../../wire/keeper-body.ts";
import { decodeSecretRequest, type SecretRequest } from "../../wire/keeper-secret.ts";
import { json, versioned } from "../answers.ts";
import { KeeperError } from "../keeper-error.ts";
import type { Endpoint, Keeper } from "../keeper.ts";

export function addSecret({ secrets }: Keeper): Endpoint {
  return async (request) => {
    const { name, data, requestId } = decode(await request.body());
    if (!request.caller.rights.may("operator", "write")) throw permissionDenied();
    await secrets.store(name, data);
    return json(201, versioned({ requestId: requestId || undefined, statusCode: 201 }));
  };
}

/**
 * Decodes a request to store a secret.
 * @throws KeeperError 400 with the reason; core-keeper's text is only "JSON decode failed"
 */
function decode(body: Uint8Array): SecretRequest {
  try {
    return readKeeperBody(body, decodeSecretRequest);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    throw new KeeperError(400, `JSON decode failed -> ${error.message}`);
  }
}
