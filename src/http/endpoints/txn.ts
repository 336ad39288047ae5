import { OperatingError } from "../../lib/errors.ts";
import { isRead, txnOperationsMax, type TxnOperation } from "../../model/txn.ts";
import { runTxn, type TxnOutcome } from "../../registry/txn.ts";
import { renderGoJson } from "../../wire/go-json.ts";
import { parseJson } from "../../wire/json.ts";
import { decodeTxn, encodeTxnErrors, encodeTxnResults } from "../../wire/txn.ts";
import { jsonText } from "../answers.ts";
import { deviceSdkCOperationsMax, isDeviceSdkC } from "../device-sdk-c.ts";
import { HttpError } from "../http-error.ts";
import { addContact, contactFields, currentHeaders } from "../leader-contact.ts";
import type { DatacenterEndpoint } from "../route.ts";

export interface TxnParts {
  readonly datacenter: string;
  readonly kvValueBytesMax: number;
  /** Maximum size of a transaction's body in bytes. */
  readonly txnBytesMax: number;
}

/** Runs PUT /v1/txn. Consul: if all operations are reads, the answer has the headers of a read, without an index. */
export function transact({ datacenter, kvValueBytesMax, txnBytesMax }: TxnParts): DatacenterEndpoint {
  return async (request) => {
    const { pretty } = request;
    const operationsMax = isDeviceSdkC(request) ? deviceSdkCOperationsMax : txnOperationsMax;
    const decoded = decode(await request.body(txnBytesMax, "txn_max_req_len"), operationsMax);
    const operations = decoded.map((operation) => inDatacenter(operation, datacenter));
    checkSizes(operations, kvValueBytesMax);
    const readsOnly = operations.every(isRead);
    const consistency = readsOnly ? request.queryOptions().consistency : "leader";
    return async ({ cluster }) => {
      const outcome = await runTxn(request.caller.registry, operations, consistency);
      const meta = { Index: 0, ...contactFields(cluster, consistency), ConsistencyLevel: "" };
      const body = { ...encodeOutcome(outcome), ...(readsOnly ? meta : {}) };
      const response = jsonText(request, renderGoJson(body, { pretty }), {
        status: "errors" in outcome ? 409 : 200,
        headers: readsOnly ? currentHeaders : {},
      });
      return readsOnly && !cluster.isAlone ? addContact(response, cluster, consistency) : response;
    };
  };
}

/** Sets this datacenter in an operation on a node that names no datacenter. Returns any other operation unchanged. */
function inDatacenter(operation: TxnOperation, datacenter: string): TxnOperation {
  if (operation.kind !== "node" || operation.node.datacenter !== "") return operation;
  return { ...operation, node: { ...operation.node, datacenter } };
}

function encodeOutcome(outcome: TxnOutcome): object {
  if ("errors" in outcome) return { Results: null, Errors: encodeTxnErrors(outcome.errors) };
  return { Results: encodeTxnResults(outcome.results), Errors: null };
}

function decode(body: Uint8Array, operationsMax: number): TxnOperation[] {
  try {
    const json = parseJson(body);
    if (Array.isArray(json) && json.length > operationsMax) {
      throw new HttpError(413, `Transaction contains too many operations (${json.length} > ${operationsMax})`);
    }
    return decodeTxn(json);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    const what = error.message.replace(/^Request decode failed: /, "");
    throw new HttpError(400, `Failed to parse body: ${what}`);
  }
}

function checkSizes(operations: readonly TxnOperation[], bytesMax: number): void {
  for (const operation of operations) {
    if (operation.kind !== "kv" || operation.value.length <= bytesMax) continue;
    const sizes = `(${operation.value.length} > ${bytesMax} bytes)`;
    throw new HttpError(413, `Value for key ${JSON.stringify(operation.key)} is too large ${sizes}`);
  }
}
