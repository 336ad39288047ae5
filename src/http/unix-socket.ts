import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from "node:fs";
import { messageOf, OperatingError } from "../lib/errors.ts";
import { findSocketHolder, nameProgram } from "../lib/port-holders.ts";

/** Owner and mode of a socket: "" leaves the default of the process. */
export interface SocketOwner {
  /** The owner, by number or name. */
  readonly user: string;
  readonly group: string;
  /** The mode in octal digits, as for chmod. */
  readonly mode: string;
}

/**
 * Removes the socket file that a killed agent left, because the file would prevent a new listener.
 * @throws OperatingError unavailable, and leaves the file, if a program listens on the socket, or the file is not a socket
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw inTheWay(path, "something that is not a socket is there");
  const holder = findSocketHolder(path);
  if (holder !== undefined || (await isListenedAt(path)))
    throw inTheWay(path, `another program listens there: ${nameProgram(holder?.program)}`);
  unlinkSync(path);
}

/** Sets owner, group and mode of a socket file. @throws OperatingError invalid, with the reason */
export function setSocketOwner(path: string, { user, group, mode }: SocketOwner): void {
  try {
    if (user !== "" || group !== "") chownSync(path, idOf(user, "/etc/passwd"), idOf(group, "/etc/group"));
    if (mode !== "") chmodSync(path, parseMode(mode));
  } catch (cause) {
    const message = `cannot set owner and mode of ${path} as unix_sockets says: ${messageOf(cause)}`;
    throw new OperatingError("invalid", "socket-owner", message, { cause });
  }
}

/** Returns whether a program listens on the socket. Returns false also if its backlog is full, since the errors are the same. */
async function isListenedAt(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/** Returns the numeric id of a user or group; -1 for "", which makes chown leave the owner unchanged. */
function idOf(nameOrNumber: string, file: string): number {
  if (nameOrNumber === "") return -1;
  if (/^\d+$/.test(nameOrNumber)) return Number(nameOrNumber);
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((entry) => entry.startsWith(`${nameOrNumber}:`));
  const id = line?.split(":")[2];
  if (id === undefined) throw new Error(`${file} has no ${nameOrNumber}`);
  return Number(id);
}

function parseMode(mode: string): number {
  if (!/^[0-7]{1,4}$/.test(mode)) throw new Error(`${mode} is not an octal mode like 660`);
  return Number.parseInt(mode, 8);
}

function inTheWay(path: string, why: string): OperatingError {
  const message = `cannot listen on ${path}: ${why}. Stop that program or remove the file, or choose another address.`;
  return new OperatingError("unavailable", "cannot-listen", message);
}
