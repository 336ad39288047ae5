import { hostname } from "node:os";
import type { Clock } from "../lib/clock.ts";
import { httpFetch } from "../lib/http-fetch.ts";
import { localAddresses } from "../lib/rtnetlink.ts";
import { canListen, connectingProbe, type ListenerProbe } from "./listener-probe.ts";

/** This machine: its names, its ports, and HTTP to its services. */
export interface Machine {
  /** Returns this machine's host name and IP addresses. */
  readonly names: () => readonly string[];
  readonly openProbe: (clock: Clock, nodeAddress: string) => ListenerProbe;
  /** Returns whether a program can listen at the port. */
  readonly canListen: (port: number) => boolean;
  readonly fetch: (url: string, options: RequestInit) => Promise<Response>;
}

export const thisMachine: Machine = {
  names: () => [hostname(), ...localAddresses()],
  openProbe: connectingProbe,
  canListen,
  fetch: (url, options) => httpFetch(new URL(url), options),
};
