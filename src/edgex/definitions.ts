import type { MessageBusConfiguration } from "./message-bus-settings.ts";

/** The inputs of definitionFiles. */
export interface DefinitionSettings {
  readonly database: Database;
  /** Whether the gateway runs Geneva's security services. */
  readonly isSecure: boolean;
  /** The command that starts this program; every script check begins with it. */
  readonly executable: readonly string[];
  /** The URL of the agent, for script checks: "http://127.0.0.1:8500". */
  readonly agentUrl: string;
  readonly messageBus?: MessageBusConfiguration | undefined;
}

export type Database = "redis" | "mongo" | "none";

/** The name and content of a file for the agent's configuration folder. */
export interface DefinitionFile {
  readonly name: string;
  readonly content: string;
}

/** The port at which services of EdgeX 4 expect core-keeper. */
export const keeperPort = 59_890;

const everySecond = { interval: "1s", timeout: "1s" } as const;

/**
 * Returns definitions of the services that do not register themselves in EdgeX Geneva: the database, and in secure mode Kong and
 * the security set-up jobs. Geneva's Consul image has the same definitions, and Geneva's other containers rely on their names,
 * tags, addresses and intervals.
 */
export function definitionFiles(settings: DefinitionSettings): readonly DefinitionFile[] {
  const files = [
    file("00-consul.json", { enable_local_script_checks: true }),
    file("00-praetor.json", ownSettings(settings)),
    ...databaseFiles(settings.database),
    ...(settings.isSecure ? securityFiles(settings) : []),
  ];
  return files;
}

/**
 * Returns Praetor's own settings for EdgeX. They are in a file, so that an operator's files, which the agent reads later, can
 * override them.
 */
function ownSettings({ messageBus }: DefinitionSettings): object {
  const bus = messageBus === undefined ? {} : { message_bus: messageBus };
  return { ports: { keeper: keeperPort }, edgex: { ports: { policy: "reassign" }, ...bus } };
}

function databaseFiles(database: Database): readonly DefinitionFile[] {
  switch (database) {
    case "redis":
      return [file("01-redis.json", databaseService({ name: "edgex-redis", port: 6379, tags: ["database"] }))];
    case "mongo":
      return [
        file("01-mongo.json", databaseService({ name: "edgex-mongo", port: 27017, tags: ["database", "nosql"] })),
      ];
    case "none":
      return [];
  }
}

interface DatabaseService {
  readonly name: string;
  readonly port: number;
  readonly tags: readonly string[];
}

function databaseService({ name, port, tags }: DatabaseService): object {
  const check = { name: "status", tcp: `${name}:${port}`, interval: "10s", timeout: "1s" };
  return { service: { name, tags, address: name, port, checks: [check] } };
}

interface ScriptedOptions {
  readonly tags?: readonly string[];
  /** A text that is appended to the check's name. */
  readonly detail?: string;
}

function securityFiles(settings: DefinitionSettings): readonly DefinitionFile[] {
  const scripted = (name: string, { tags = [], detail = "" }: ScriptedOptions = {}): DefinitionFile => {
    const args = [...settings.executable, "checker", name, "--agent", settings.agentUrl];
    const check = { name: `Health Check: ${name}${detail}`, args, ...everySecond };
    return file(`02-${name}.json`, { service: { name, tags, checks: [check] } });
  };
  const kongCheck = { name: "Health Check: kong", http: "http://kong:8001/status", method: "GET", ...everySecond };
  return [
    scripted("kong-db", { tags: ["database"], detail: " (postgres)" }),
    scripted("kong-migrations"),
    file("02-kong.json", { service: { name: "kong", address: "kong", port: 8001, checks: [kongCheck] } }),
    scripted("security-secrets-setup"),
    scripted("security-secretstore-setup"),
    scripted("security-proxy-setup"),
  ];
}

function file(name: string, content: object): DefinitionFile {
  return { name, content: `${JSON.stringify(content, undefined, 2)}\n` };
}
