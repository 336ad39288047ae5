import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { Program } from "./program.ts";
import { portNear } from "./ports.ts";

export const serviceNames = ["core-metadata", "core-data", "core-command"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface GatewaySettings {
  /** Starts an agent: `["dist/praetor"]`, or the real Consul. */
  readonly agentCommand: readonly string[];
  /** For everything that is kept. */
  readonly folder: string;
  /** Use Geneva's ports where they are free, for people; a test takes any. */
  readonly wantGenevaPorts: boolean;
  /** Between two health checks of a service. */
  readonly checkInterval: string;
  readonly onLine: (program: string, line: string) => void;
}

/** How a service is started where it differs from the usual. */
export interface ServiceStart {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface Ports {
  readonly http: number;
  readonly server: number;
  readonly serfLan: number;
  readonly serfWan: number;
  readonly redis: number;
  readonly "core-metadata": number;
  readonly "core-data": number;
  readonly "core-command": number;
}

const genevaPorts: Ports = {
  http: 8500,
  server: 8300,
  serfLan: 8301,
  serfWan: 8302,
  redis: 6379,
  "core-metadata": 48081,
  "core-data": 48080,
  "core-command": 48082,
};

const here = import.meta.dir;

/** The programs of one gateway, each of which can be started, ended and killed by itself. */
export class Gateway {
  readonly #settings: GatewaySettings;
  readonly #ports: Ports;
  readonly #programs = new Map<string, Program>();

  private constructor(settings: GatewaySettings, ports: Ports) {
    this.#settings = settings;
    this.#ports = ports;
  }

  /** Chooses ports; nothing runs yet. */
  static async prepare(settings: GatewaySettings): Promise<Gateway> {
    await mkdir(settings.folder, { recursive: true });
    return new Gateway(settings, await choosePorts(settings.wantGenevaPorts));
  }

  get agentUrl(): string {
    return `http://127.0.0.1:${this.#ports.http}`;
  }

  serviceUrl(name: ServiceName): string {
    return `http://127.0.0.1:${this.#ports[name]}`;
  }

  /** Everything, in the order that a gateway comes up. */
  async start(): Promise<void> {
    await this.startAgent();
    this.startRedis();
    for (const name of serviceNames) this.startService(name);
  }

  /** Resolves when the agent can be used. */
  async startAgent(): Promise<void> {
    const { http, server, serfLan, serfWan } = this.#ports;
    const command = [
      ...[...this.#settings.agentCommand, "agent", "-server", "-bootstrap", "-ui", "-node", "gateway"],
      ...["-data-dir", join(this.#settings.folder, "agent"), "-bind", "127.0.0.1", "-client", "127.0.0.1"],
      ...["-http-port", `${http}`, "-dns-port", "-1", "-grpc-port", "-1", "-server-port", `${server}`],
      ...["-serf-lan-port", `${serfLan}`, "-serf-wan-port", `${serfWan}`],
    ];
    const agent = this.#run("agent", command);
    while (!(await this.#agentHasLeader())) {
      if (agent.hasEnded) throw new Error("the agent has ended; its own lines say why");
      await Bun.sleep(50);
    }
  }

  startRedis(): void {
    const dir = this.#settings.folder;
    const port = `${this.#ports.redis}`;
    this.#run("redis", ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", ""]);
  }

  startService(name: ServiceName, { args, env }: ServiceStart = {}): Program {
    const flags = args ?? [`-cp=consul.${this.agentUrl}`, "-r"];
    const command = [process.execPath, join(here, "service/main.ts"), name, `-c=${join(here, "res", name)}`, ...flags];
    return this.#run(name, command, { ...this.#serviceEnvironment(name), ...env });
  }

  program(name: string): Program {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`${name} was not started`);
    return program;
  }

  /** Ends what runs, the services first, so that they can take back their registrations. */
  async stop(): Promise<void> {
    for (const program of [...this.#programs.values()].toReversed()) await program.stop();
  }

  #run(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const onLine = (line: string): void => this.#settings.onLine(name, line);
    const program = new Program({ name, command, env, onLine });
    this.#programs.delete(name); // to the end of the order in which they are stopped
    this.#programs.set(name, program);
    return program;
  }

  /** What differs from the files: overrides as any deployment of Geneva makes them. */
  #serviceEnvironment(name: ServiceName): Record<string, string> {
    return {
      Service_Port: `${this.#ports[name]}`,
      Service_CheckInterval: this.#settings.checkInterval,
      Registry_Port: `${this.#ports.http}`,
      Databases_Primary_Port: `${this.#ports.redis}`,
      "Clients_edgex-core-metadata_Port": `${this.#ports["core-metadata"]}`,
      "Clients_edgex-core-data_Port": `${this.#ports["core-data"]}`,
    };
  }

  async #agentHasLeader(): Promise<boolean> {
    const response = await fetch(`${this.agentUrl}/v1/status/leader`).catch(() => undefined);
    return response?.status === 200 && (await response.text()).trim().length > 2;
  }
}

async function choosePorts(wantGenevaPorts: boolean): Promise<Ports> {
  const ports = { ...genevaPorts };
  const taken = new Set<number>();
  for (const name of Object.keys(ports) as (keyof Ports)[]) {
    let port = await portNear(wantGenevaPorts ? genevaPorts[name] : 0);
    while (taken.has(port)) port = await portNear(0);
    taken.add(port);
    Object.assign(ports, { [name]: port });
  }
  return ports;
}
