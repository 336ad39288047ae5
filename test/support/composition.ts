import { parse } from "yaml";

/** A service of a compose file: what the files of examples/compose use. */
interface ComposedService {
  readonly image: string;
  readonly hostname: string;
  readonly command?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly user?: string;
  readonly read_only?: boolean;
  readonly init?: boolean;
  readonly security_opt?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly restart?: string;
  readonly networks?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

export interface Composition {
  readonly services: Readonly<Record<string, ComposedService>>;
}

export function parseComposition(text: string): Composition {
  return parse(text, { merge: true }) as Composition;
}

/** Returns the names of the services, each after those that it waits for. */
export function startOrder({ services }: Composition): readonly string[] {
  const order = new Set<string>();
  const add = (name: string): void => {
    for (const before of Object.keys(services[name]?.depends_on ?? {})) add(before);
    order.add(name);
  };
  for (const name of Object.keys(services)) add(name);
  return [...order];
}

type Flag = (service: ComposedService, all: Composition) => readonly string[];

const listed = (flag: string, values: readonly string[] = []): readonly string[] =>
  values.flatMap((value) => [flag, value]);

/** The flags of `podman run` for each field of a service. All services share one network, in which each host name is 127.0.0.1. */
const flagsOf: Readonly<Record<Exclude<keyof ComposedService, "image" | "command">, Flag>> = {
  hostname: ({ hostname }) => ["--hostname", hostname],
  environment: ({ environment = {} }) =>
    listed(
      "--env",
      Object.entries(environment).map((pair) => pair.join("=")),
    ),
  ports: () => [],
  volumes: ({ volumes }) => listed("--volume", volumes),
  tmpfs: ({ tmpfs }) => listed("--tmpfs", tmpfs),
  user: ({ user = "" }) => ["--user", user],
  read_only: ({ read_only: isReadOnly }) => (isReadOnly ? ["--read-only"] : []),
  init: ({ init }) => (init ? ["--init"] : []),
  security_opt: ({ security_opt: options }) =>
    listed(
      "--security-opt",
      options?.map((option) => option.replace(":true", "")),
    ),
  cap_drop: ({ cap_drop: capabilities }) => listed("--cap-drop", capabilities),
  restart: ({ restart = "" }) => ["--restart", restart],
  networks: (_, { services }) =>
    listed(
      "--add-host",
      Object.values(services).map(({ hostname }) => `${hostname}:127.0.0.1`),
    ),
  depends_on: () => [],
};

/**
 * Returns the words after `podman run` that start a service.
 * @throws Error if the service has a field that this does not know: then the file would not be run as it is
 */
export function runWords(name: string, composition: Composition): readonly string[] {
  const service = composition.services[name];
  if (service === undefined) throw new Error(`no service ${name}`);
  const words = Object.keys(service).flatMap((field) => {
    if (field === "image" || field === "command") return [];
    const flag = (flagsOf as Readonly<Record<string, Flag | undefined>>)[field];
    if (flag === undefined) throw new Error(`${name} has the field ${field}, which is unknown here`);
    return flag(service, composition);
  });
  return ["--name", name, ...words, service.image, ...(service.command?.split(" ") ?? [])];
}
