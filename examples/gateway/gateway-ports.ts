import { portNear } from "./ports.ts";

/** The ports of all programs on the gateway. */
export interface GatewayPorts {
  readonly http: number;
  readonly keeper: number;
  readonly server: number;
  readonly serfLan: number;
  readonly serfWan: number;
  readonly redis: number;
  readonly mqtt: number;
  readonly "core-metadata": number;
  readonly "core-data": number;
  readonly "core-command": number;
  readonly "app-rules-engine": number;
  /** The port that the agent reserves for Kuiper, a program that this gateway does not run. */
  readonly kuiper: number;
  /** The first port that the agent may assign. */
  readonly given: number;
}

type Ports = { -readonly [Name in keyof GatewayPorts]: GatewayPorts[Name] };

const edgexPorts: Ports = {
  http: 8500,
  keeper: 59890,
  server: 8300,
  serfLan: 8301,
  serfWan: 8302,
  redis: 6379,
  mqtt: 1883,
  "core-metadata": 48081,
  "core-data": 48080,
  "core-command": 48082,
  "app-rules-engine": 59701,
  kuiper: 48075,
  given: 28000,
};

const portNames = Object.keys(edgexPorts) as (keyof Ports)[];

/** The number of ports that the agent may assign, from `given` on. */
export const givenCount = 100;

/** Returns unused ports: with `wantEdgexPorts`, EdgeX's ports where these are free, otherwise consecutive ports. */
export async function choosePorts(wantEdgexPorts: boolean): Promise<GatewayPorts> {
  const ports = wantEdgexPorts ? { ...edgexPorts } : portsFrom(belowConnections());
  const taken = new Set<number>();
  for (const name of portNames) {
    let port = await portNear(ports[name]);
    while (taken.has(port)) port = await portNear(0);
    taken.add(port);
    ports[name] = port;
  }
  return ports;
}

/** Returns consecutive ports from `first` on. The last one is the first port that the agent may assign. */
function portsFrom(first: number): Ports {
  const ports = { ...edgexPorts };
  portNames.forEach((name, at) => void (ports[name] = first + at));
  return ports;
}

/**
 * Returns a random port below those that Linux assigns to outgoing connections: a connection could take a port before its program
 * listens.
 */
function belowConnections(): number {
  return 20_000 + 120 * Math.floor(100 * Math.random());
}
