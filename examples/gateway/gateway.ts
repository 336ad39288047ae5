import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentSettings, agentWords } from "./agent-words.ts";
import { choosePorts, type GatewayPorts } from "./gateway-ports.ts";
import { Program } from "./program.ts";

/** The services of EdgeX Geneva that always run. */
export const serviceNames = ["core-metadata", "core-data", "core-command"] as const;
export type ServiceName = (typeof serviceNames)[number];

export interface GatewaySettings extends AgentSettings {
  /** The command line that starts an agent: `["dist/praetor"]`, or that of the real Consul. */
  readonly agentCommand: readonly string[];
  /** Whether to use EdgeX's ports where they are free, as users expect. A test uses any ports. */
  readonly wantEdgexPorts: boolean;
  /** The interval between two health checks of a service: "3s". */
  readonly checkInterval: string;
  readonly onLine: (program: string, line: string) => void;
}

/** Arguments that replace the usual ones of a service, and additional environment variables. */
export interface ServiceStart {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

interface PassingInstance {
  readonly Service: { readonly Port: number };
  readonly Checks: readonly { readonly ServiceID: string }[];
}

const here = import.meta.dir;
const patienceMs = 120_000;

/** Runs the programs of one gateway. Each program can be started, ended and killed alone. */
export class Gateway {
  readonly ports: GatewayPorts;
  readonly #settings: GatewaySettings;
  readonly #programs = new Map<string, Program>();

  private constructor(settings: GatewaySettings, ports: GatewayPorts) {
    this.#settings = settings;
    this.ports = ports;
  }

  /** Returns a gateway with chosen ports, without starting a program. */
  static async prepare(settings: GatewaySettings): Promise<Gateway> {
    mkdirSync(settings.folder, { recursive: true });
    return new Gateway(settings, await choosePorts(settings.wantEdgexPorts));
  }

  get agentUrl(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get hasMessageBus(): boolean {
    const { brokerProgram, onlyConsul } = this.#settings;
    return brokerProgram !== undefined && !onlyConsul;
  }

  serviceUrl(name: ServiceName | "app-rules-engine"): string {
    return `http://127.0.0.1:${this.ports[name]}`;
  }

  /** Starts all programs: the message broker, the agent, Redis, then the services. */
  async start(): Promise<void> {
    if (this.hasMessageBus) this.startBroker();
    await this.startAgent();
    this.startRedis();
    for (const name of serviceNames) this.startService(name);
    if (!this.#settings.onlyConsul) this.startRulesEngine();
  }

  /**
   * Starts the agent; resolves when the agent has a leader.
   * @throws Error if the agent ends
   */
  async startAgent(): Promise<void> {
    const agent = this.#run("agent", [...this.#settings.agentCommand, ...agentWords(this.#settings, this.ports)]);
    while (!(await this.#agentHasLeader())) {
      if (agent.hasEnded) throw new Error("the agent has ended; its own lines say why");
      await Bun.sleep(50);
    }
  }

  startRedis(): void {
    const dir = this.#settings.folder;
    const port = `${this.ports.redis}`;
    this.#run("redis", ["redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", ""]);
  }

  /** Starts an MQTT broker without a configuration: it listens on this machine alone and accepts every client. */
  startBroker(): void {
    this.#run("broker", [this.#settings.brokerProgram ?? "mosquitto", "-p", `${this.ports.mqtt}`]);
  }

  /**
   * Starts a service of Geneva. device-virtual listens at the port in its stored settings; environment variables set the ports of
   * the other services.
   */
  startService(name: ServiceName | "device-virtual", { args, env }: ServiceStart = {}): Program {
    const flags = args ?? [`-cp=consul.${this.agentUrl}`, "-r"];
    const command = [process.execPath, join(here, "service/main.ts"), name, `-c=${join(here, "res", name)}`, ...flags];
    const port = name === "device-virtual" ? {} : { Service_Port: `${this.ports[name]}` };
    return this.#run(name, command, { ...this.#serviceEnvironment(), ...port, ...env });
  }

  /** Starts app-rules-engine, the gateway's service of EdgeX 4. */
  startRulesEngine(): Program {
    return this.#run("rules-engine", [process.execPath, join(here, "edgex-4/main.ts")], {
      EDGEX_CONFIG_PROVIDER: `keeper.http://127.0.0.1:${this.ports.keeper}`,
      SERVICE_PORT: `${this.ports["app-rules-engine"]}`,
      SERVICE_HEALTHCHECKINTERVAL: this.#settings.checkInterval,
      ...(this.hasMessageBus && { MESSAGEBUS_HOST: "127.0.0.1", MESSAGEBUS_PORT: `${this.ports.mqtt}` }),
    });
  }

  /**
   * Starts the panel, a service that uses bootstrap() and whose file has Kuiper's port. With the flag -o, the file overwrites the
   * stored configuration at each start.
   */
  startPanel(): Program {
    const folder = join(this.#settings.folder, "panel");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "configuration.toml"), `[Service]\nPort = ${this.ports.kuiper}\n`);
    const flags = [`-cp=consul.${this.agentUrl}`, "-r", "-o", `-c=${folder}`];
    return this.#run("panel", [process.execPath, join(here, "panel/main.ts"), ...flags], this.#serviceEnvironment());
  }

  /**
   * Runs a command of the agent's program to its end; resolves with its output.
   * @throws Error with the command's standard error if the exit code is not 0
   */
  async command(...words: readonly string[]): Promise<string> {
    const env = { ...process.env, CONSUL_HTTP_ADDR: `127.0.0.1:${this.ports.http}` };
    const child = Bun.spawn([...this.#settings.agentCommand, ...words], { env, stdin: "ignore", stderr: "pipe" });
    const [printed, complained] = await Promise.all([child.stdout.text(), child.stderr.text()]);
    if ((await child.exited) !== 0) throw new Error(`praetor ${words.join(" ")}: ${complained}`);
    return printed.trimEnd();
  }

  /**
   * Resolves with the port of the service with this registry key, as soon as the service is healthy.
   * @throws Error if the service is not healthy after two minutes
   */
  async passingPort(serviceKey: string): Promise<number> {
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      const answer = await fetch(`${this.agentUrl}/v1/health/service/${serviceKey}?passing`);
      const [found] = (await answer.json()) as PassingInstance[];
      // Geneva's services register the check after the service. Until then the service has no check and counts as passing.
      if (found?.Checks.some(({ ServiceID }) => ServiceID !== "")) return found.Service.Port;
      await Bun.sleep(50);
    }
    throw new Error(`${serviceKey} is not passing after ${patienceMs / 1_000} s; its own lines say why`);
  }

  program(name: string): Program {
    const program = this.#programs.get(name);
    if (program === undefined) throw new Error(`${name} was not started`);
    return program;
  }

  /** Ends all programs in the reverse order of their starts: the services end before the agent, so that they can deregister. */
  async stop(): Promise<void> {
    for (const program of [...this.#programs.values()].toReversed()) await program.stop();
  }

  #run(name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
    const onLine = (line: string): void => this.#settings.onLine(name, line);
    const program = new Program({ name, command, env, onLine });
    this.#programs.delete(name); // makes the program the last in the order of starts, so that it stops first
    this.#programs.set(name, program);
    return program;
  }

  /** Returns environment variables that override the services' files, as in any deployment of Geneva. */
  #serviceEnvironment(): Record<string, string> {
    return {
      Service_CheckInterval: this.#settings.checkInterval,
      Registry_Port: `${this.ports.http}`,
      Databases_Primary_Port: `${this.ports.redis}`,
      "Clients_edgex-core-metadata_Port": `${this.ports["core-metadata"]}`,
      "Clients_edgex-core-data_Port": `${this.ports["core-data"]}`,
    };
  }

  async #agentHasLeader(): Promise<boolean> {
    const response = await fetch(`${this.agentUrl}/v1/status/leader`).catch(() => undefined);
    return response?.status === 200 && (await response.text()).trim().length > 2;
  }
}
