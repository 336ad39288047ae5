import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { messageOf } from "./errors.ts";
import { formatIp, isAnyIp, type IpAddress, parseIp } from "./ip-address.ts";
import { localAddresses } from "./rtnetlink.ts";

/*
 * Finds the program that occupies a port which this process wants. /proc/net/tcp, tcp6, udp, udp6 and unix list the sockets
 * with their inodes. /proc/<pid>/fd links each process's descriptors to these inodes, as far as this user may read it.
 */

/** An address of this machine and a port. */
export interface Endpoint {
  readonly network: "tcp" | "udp";
  /** An IP address; 0.0.0.0 and "::" mean all addresses of the machine. */
  readonly address: string;
  readonly port: number;
}

export interface RunningProgram {
  readonly pid: number;
  /** The process name, cut by Linux to 15 characters. */
  readonly name: string;
}

/** A socket that is bound to a wanted endpoint, or to an endpoint that overlaps the wanted one. */
export interface PortHolder {
  /** The address and port to which the socket is bound: "127.0.0.1:8500". */
  readonly local: string;
  readonly state: "listening" | "connected" | "closing";
  /** The peer's address and port; for a socket that is not a connection the port is 0: "0.0.0.0:0". */
  readonly remote: string;
  /** The program with the socket; undefined if this user may not see it or the program has already closed the socket. */
  readonly program: RunningProgram | undefined;
}

/** Returns the sockets bound to this endpoint, listening ones first; an empty list on systems without Linux's /proc. */
export function findPortHolders({ network, address, port }: Endpoint): readonly PortHolder[] {
  const wanted = parseIp(address);
  const found = [`/proc/net/${network}`, `/proc/net/${network}6`]
    .flatMap((table) => socketsIn(table, listeningState[network]))
    .filter((socket) => socket.local.port === port && overlap(socket.local.ip, wanted));
  if (found.length === 0) return [];
  const programs = programsByInode(new Set(found.map(({ inode }) => inode)));
  return found
    .map(({ local, remote, state, inode }) => ({
      local: formatEndpoint(local),
      state,
      remote: formatEndpoint(remote),
      program: programs.get(inode),
    }))
    .toSorted((a, b) => states.indexOf(a.state) - states.indexOf(b.state));
}

/**
 * Returns the program that listens on a Unix socket; undefined when none does. The kernel lists the paths as they were
 * bound, so a socket bound by another path to the same file is not found.
 */
export function findSocketHolder(path: string): Pick<PortHolder, "program"> | undefined {
  const [accepting, datagram] = ["00010000", "0002"];
  for (const line of linesOf("/proc/net/unix")) {
    const [, , , flags, type, , inode = "", ...name] = line.split(/\s+/);
    if (name.join(" ") !== path || (flags !== accepting && type !== datagram)) continue;
    return { program: programsByInode(new Set([inode])).get(inode) };
  }
  return undefined;
}

/** A program that listens for TCP connections. */
export interface ListeningProgram extends RunningProgram {
  /** The addresses and ports on which the program listens, sorted: "127.0.0.1:8500". */
  readonly endpoints: readonly string[];
}

/** Returns the programs with one of these names that listen on this machine, as far as this user may see them. */
export function findListeningPrograms(names: readonly string[]): readonly ListeningProgram[] {
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((table) => socketsIn(table, listeningState.tcp))
    .filter(({ state }) => state === "listening");
  const programs = programsByInode(new Set(sockets.map(({ inode }) => inode)));
  const found = new Map<number, RunningProgram & { readonly endpoints: string[] }>();
  for (const { local, inode } of sockets) {
    const program = programs.get(inode);
    if (program === undefined || !names.includes(program.name)) continue;
    const known = found.get(program.pid) ?? { ...program, endpoints: [] };
    found.set(program.pid, known);
    known.endpoints.push(formatEndpoint(local));
  }
  return [...found.values()].map((program) => ({ ...program, endpoints: program.endpoints.toSorted() }));
}

export interface ListenFailure extends Endpoint {
  readonly error: unknown;
  /** The flags that choose another port and another address: "-http-port", "-client". */
  readonly portFlags: string;
  readonly addressFlag: string;
}

/** Explains to an operator why listening failed and what to do, in sentences. */
export function explainListenFailure(failure: ListenFailure): string {
  const { error, address, port, portFlags, addressFlag } = failure;
  const chooseAnother = `choose another address with ${portFlags} or ${addressFlag}.`;
  switch (error instanceof Error && "code" in error ? error.code : "") {
    case "EADDRINUSE":
      return explainHolder(findPortHolders(failure)[0], failure, chooseAnother);
    case "EADDRNOTAVAIL":
      return `this machine has no address ${address}, only ${localAddresses().join(", ")}. Choose one of them with ${addressFlag}.`;
    case "EACCES":
      if (port < firstFreePort())
        return `ports below ${firstFreePort()} are for root and for programs with CAP_NET_BIND_SERVICE. Give the program that capability, or ${chooseAnother}`;
  }
  return `${messageOf(error)}. Check the address, or ${chooseAnother}`;
}

/** Returns the program's name and process id for a message: "nginx (process 812)". */
export function nameProgram(program: RunningProgram | undefined): string {
  return program ? `${program.name} (process ${program.pid})` : "one that this user may not see";
}

function explainHolder(holder: PortHolder | undefined, { address, port }: Endpoint, chooseAnother: string): string {
  switch (holder?.state) {
    case "listening": {
      if (holder.program?.pid === process.pid) return `this program listens there already: ${chooseAnother}`;
      const where = holder.local === formatEndpoint({ ip: parseIp(address), port }) ? "" : `, on ${holder.local}`;
      return `another program listens there: ${nameProgram(holder.program)}${where}. Stop that program, or ${chooseAnother}`;
    }
    case "connected":
      return (
        `no program listens there, but a connection to ${holder.remote} has the port. Its program is ` +
        `${nameProgram(holder.program)}. Wait until it has ended, or ${chooseAnother}${adviceOnRange(port)}`
      );
    case "closing":
      return `a connection that has just ended still has the port. Try again in a minute, or ${chooseAnother}`;
    case undefined:
      return `the port is in use. Stop the program that has it, or ${chooseAnother}`;
  }
}

/** Returns advice to avoid the range from which the system takes local ports of connections; empty for a port outside of it. */
function adviceOnRange(port: number): string {
  const [first = 0, last = 0] = readText("/proc/sys/net/ipv4/ip_local_port_range").trim().split(/\s+/).map(Number);
  if (port < first || port > last) return "";
  return ` The system gives the ports ${first} to ${last} to connections: one outside of them stays free.`;
}

function firstFreePort(): number {
  return Number(readText("/proc/sys/net/ipv4/ip_unprivileged_port_start") || 1024);
}

interface SocketAddress {
  readonly ip: IpAddress | undefined;
  readonly port: number;
}

interface Socket {
  readonly local: SocketAddress;
  readonly remote: SocketAddress;
  readonly state: PortHolder["state"];
  readonly inode: string;
}

const states: readonly PortHolder["state"][] = ["listening", "connected", "closing"];

/** The kernel's numbers of socket states. For UDP, 07 is a socket that is not connected: it receives from all peers. */
const established = "01";
const listeningState = { tcp: "0A", udp: "07" } as const;

function socketsIn(table: string, listening: string): readonly Socket[] {
  return linesOf(table).flatMap((line) => {
    const [, local = "", remote = "", state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
    if (!local.includes(":")) return [];
    const kind = state === listening ? "listening" : state === established ? "connected" : "closing";
    return [{ local: decodeAddress(local), remote: decodeAddress(remote), state: kind, inode }];
  });
}

/** Decodes the kernel's form of an address: "0100007F:1F90" is 127.0.0.1:8080. Its 32-bit words are little-endian. */
function decodeAddress(text: string): SocketAddress {
  const [address = "", port = ""] = text.split(":");
  const words = address.match(/.{8}/g) ?? [];
  const hex = words.map((word) => word.match(/../g)?.toReversed().join("") ?? "").join("");
  const value = BigInt(`0x${hex}`);
  // An IPv6 socket reports an IPv4 peer as ::ffff:127.0.0.1.
  const isMapped = words.length === 4 && value >> 32n === 0xffffn;
  const ip: IpAddress =
    words.length === 1 || isMapped ? { family: 4, value: value & 0xffffffffn } : { family: 6, value };
  return { ip, port: Number.parseInt(port, 16) };
}

/** Returns whether two sockets with the same port conflict. A socket on "::" takes IPv4 connections, too. */
function overlap(a: IpAddress | undefined, b: IpAddress | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.family === b.family) return isAnyIp(a) || isAnyIp(b) || a.value === b.value;
  return isAnyIp(a.family === 6 ? a : b);
}

function formatEndpoint({ ip, port }: SocketAddress): string {
  if (ip === undefined) return `port ${port}`;
  return ip.family === 6 ? `[${formatIp(ip)}]:${port}` : `${formatIp(ip)}:${port}`;
}

function programsByInode(inodes: ReadonlySet<string>): ReadonlyMap<string, RunningProgram> {
  const programs = new Map<string, RunningProgram>();
  for (const pid of namesIn("/proc").filter((name) => /^\d+$/.test(name))) {
    for (const descriptor of namesIn(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${descriptor}`))?.[1] ?? "";
      if (!inodes.has(inode) || programs.has(inode)) continue;
      programs.set(inode, { pid: Number(pid), name: readText(`/proc/${pid}/comm`).trim() });
    }
  }
  return programs;
}

// Files of /proc that this user may not read, or whose process has ended, count as empty.

function linesOf(path: string): readonly string[] {
  return readText(path).split("\n").slice(1);
}

function readText(path: string): string {
  return orElse("", () => readFileSync(path, "utf8"));
}

function readLink(path: string): string {
  return orElse("", () => readlinkSync(path));
}

function namesIn(path: string): readonly string[] {
  return orElse([], () => readdirSync(path));
}

function orElse<T>(nothing: T, read: () => T): T {
  try {
    return read();
  } catch {
    return nothing;
  }
}
