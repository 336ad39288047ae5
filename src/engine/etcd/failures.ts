import { messageOf, OperatingError } from "../../lib/errors.ts";
import { type EtcdClient, isUnanswered } from "./etcd-client.ts";
import { grpcCode, GrpcError } from "./grpc-channel.ts";

/** The number of the alarm NOSPACE, see etcd.proto. */
const noSpaceAlarm = 1;

export function logDamaged(key: string, reason: string): OperatingError {
  const message =
    `the key ${key} of etcd is damaged: ${reason}. Nothing was repaired or deleted. To go on, delete the keys with the same ` +
    "prefix while all servers are stopped, start the servers, and bring a backup back with 'praetor snapshot restore FILE'.";
  return new OperatingError("unavailable", "data-damaged", message);
}

export function logNewer(key: string, version: { readonly found: string; readonly known: number }): OperatingError {
  const message =
    `the data in etcd was written by a newer Praetor: ${key} is ${version.found}, this program knows up to ${version.known}. ` +
    "Run the newer program on this server too. Nothing was changed.";
  return new OperatingError("unavailable", "data-newer", message);
}

/** Returns the error for a commit that etcd has not answered when the server closes its term. */
export function commitUnconfirmed(): OperatingError {
  const message =
    "etcd has not confirmed the write before this server stopped. It may still be done: read before you write again.";
  return new OperatingError("timeout", "write-unconfirmed", message);
}

/** Converts the failure of a call to etcd to an OperatingError; returns any other error unchanged. */
export async function failureOfEtcd(error: unknown, client: EtcdClient): Promise<unknown> {
  if (!(error instanceof GrpcError)) return error;
  if (error.code === grpcCode.resourceExhausted && /space exceeded/.test(error.details)) return noSpace(error, client);
  if (isUnanswered(error)) {
    const message =
      `etcd does not answer at ${client.endpoints.join(", ")}: ${error.details}. Check that most of its members run and reach ` +
      "each other.";
    return new OperatingError("unavailable", "etcd-unreachable", message, { cause: error });
  }
  if (error.code === grpcCode.permissionDenied || /authenti|user name/.test(error.details)) {
    const message =
      `etcd at ${client.endpoints.join(", ")} refuses this server: ${error.details}. Check the user, the password and the ` +
      "role that the user has for the prefix.";
    return new OperatingError("denied", "etcd-refuses", message, { cause: error });
  }
  const message = `etcd at ${client.endpoints.join(", ")} refuses a request: ${error.details}. Check its version and its log.`;
  return new OperatingError("unavailable", "etcd-error", message, { cause: error });
}

async function noSpace(cause: GrpcError, client: EtcdClient): Promise<OperatingError> {
  const message =
    `etcd has no space left (${await fullMembers(client)}): the write was refused, and no server can be elected. Reads go on. ` +
    "Raise --quota-backend-bytes of its members, or delete keys that others have put there, then run 'etcdctl compaction' with " +
    "the present revision, 'etcdctl defrag --cluster' and 'etcdctl alarm disarm'. Writes succeed again without a restart.";
  return new OperatingError("unavailable", "etcd-no-space", message, { cause });
}

/** Returns a text with the members that have raised the alarm NOSPACE, because only those need space. */
async function fullMembers(client: EtcdClient): Promise<string> {
  try {
    const alarms = await client.persist((deadlineMs) => client.alarms(deadlineMs), { triesMax: 2 });
    const ids = alarms.filter(({ alarm }) => alarm === noSpaceAlarm).map(({ memberID }) => memberID.toString(16));
    return ids.length === 0 ? "over its quota" : `alarm NOSPACE of member ${ids.join(", ")}`;
  } catch (error) {
    return `its alarms are not known: ${messageOf(error)}`;
  }
}
