import { portNear } from "./ports.ts";

/** Where everything on the gateway listens. */
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
  /** Kept for Kuiper, which this gateway does not have. */
  readonly kuiper: number;
  /** The first of those that the agent gives away. */
  readonly given: number;
}

const edgexPorts: GatewayPorts = {
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

/** Ports that nobody listens on now; EdgeX's own where they are free and wanted. */
export async function choosePorts(wantEdgexPorts: boolean): Promise<GatewayPorts> {
  const ports = { ...edgexPorts };
  const taken = new Set<number>();
  for (const name of Object.keys(ports) as (keyof GatewayPorts)[]) {
    let port = await portNear(wantEdgexPorts ? edgexPorts[name] : 0);
    while (taken.has(port)) port = await portNear(0);
    taken.add(port);
    Object.assign(ports, { [name]: port });
  }
  return ports;
}
