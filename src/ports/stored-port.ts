import type { KvEntry } from "../model/kv-entry.ts";
import type { Place } from "./hosts.ts";

/** What a service's stored configuration says of where it listens. */
export interface StoredPort extends Place {
  /** The path of the configuration, with its final slash: "edgex/core/1.0/edgex-core-data/". */
  readonly base: string;
  readonly service: string;
  /** false while its host is not stored: configurations are written key by key. */
  readonly isWhole: boolean;
  /** The index of the port's key. */
  readonly modifyIndex: number;
}

const portSuffix = "Service/Port";
const hostSuffix = "Service/Host";
const portMax = 65_535;

export const storedFolder = "edgex/";

/** The path of the configuration that a key tells a host or port of; undefined for all other keys. */
export function baseOfKey(key: string): string | undefined {
  if (!key.startsWith(storedFolder)) return undefined;
  const isPlace = key.endsWith(`/${portSuffix}`) || key.endsWith(`/${hostSuffix}`);
  const base = key.slice(0, -portSuffix.length);
  return isPlace && base.length > storedFolder.length ? base : undefined;
}

/** undefined where no port is stored that a service could listen on. */
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

/** C device services put their profile behind the name: "device-virtual;docker". */
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
