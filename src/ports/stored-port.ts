import type { KvEntry } from "../model/kv-entry.ts";
import type { HostPort } from "./hosts.ts";

/** The host and port at which a service listens, as its stored configuration names them. */
export interface StoredPort extends HostPort {
  /** The path of the configuration with its final slash: "edgex/core/1.0/edgex-core-data/". */
  readonly base: string;
  readonly service: string;
  /** Whether the host is stored, too. Services write their configurations key by key, so the host can arrive later. */
  readonly isWhole: boolean;
  /** The modify index of the key that holds the port. */
  readonly modifyIndex: number;
}

const portSuffix = "Service/Port";
const hostSuffix = "Service/Host";
const portMax = 65_535;

export const storedFolder = "edgex/";

/** Returns the path of the configuration whose host or port the key holds; undefined for all other keys. */
export function baseOfKey(key: string): string | undefined {
  if (!key.startsWith(storedFolder)) return undefined;
  const isPortOrHost = key.endsWith(`/${portSuffix}`) || key.endsWith(`/${hostSuffix}`);
  const base = key.slice(0, -portSuffix.length);
  return isPortOrHost && base.length > storedFolder.length ? base : undefined;
}

/** Returns the stored port of a configuration; undefined unless it is a number from 1 to 65535. */
export function readStoredPort(base: string, entryOf: (key: string) => KvEntry | undefined): StoredPort | undefined {
  const entry = entryOf(portKey(base));
  const port = entry && portOf(textOf(entry));
  if (port === undefined) return undefined;
  const host = entryOf(base + hostSuffix);
  return {
    base,
    service: serviceOf(base),
    host: host ? textOf(host) : "",
    isWhole: host !== undefined,
    port,
    modifyIndex: entry?.modifyIndex ?? 0,
  };
}

export function portKey(base: string): string {
  return base + portSuffix;
}

/** Returns the service's name without a profile, which C device services append: "device-virtual;docker". */
function serviceOf(base: string): string {
  const [service = ""] = base.slice(0, -1).split("/").at(-1)?.split(";") ?? [];
  return service;
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return port >= 1 && port <= portMax ? port : undefined;
}

function textOf({ value }: KvEntry): string {
  return new TextDecoder().decode(value);
}
