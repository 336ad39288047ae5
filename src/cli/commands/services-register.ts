import { apiCommand, attempting, type ApiCall } from "../api-command.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Command } from "../command.ts";
import type { Flags } from "../flags.ts";
import { parsePair } from "../query-flags.ts";
import type { Registration } from "../service-files.ts";

export const servicesRegisterCommand: Command = apiCommand({
  name: "services register",
  summary: "Registers services with an agent",
  synopsis: "[options] [FILE...]",
  about:
    "Registers the services that files define, in HCL or JSON as in an agent's configuration, or one that flags " +
    "define. They stay registered until they are deregistered.",
  examples: [
    { what: "From a file", command: "services register web.hcl" },
    { what: "By flags", command: "services register -name=web -port=80 -tag=v1 -meta=version=4" },
  ],
  flags: [
    { name: "address", kind: "text", value: "address", help: "Address of the service; default: the node's." },
    { name: "id", kind: "text", value: "id", help: "Id of this instance; default: the name." },
    { name: "kind", kind: "text", value: "kind", help: "Kind of a proxy or gateway, as in connect-proxy." },
    { name: "meta", kind: "text", value: "key=value", help: "A pair of metadata. Repeatable." },
    { name: "name", kind: "text", value: "name", help: "Name of the service." },
    { name: "port", kind: "int", value: "port", help: "Port of the service." },
    { name: "tag", kind: "text", value: "tag", help: "A tag. Repeatable." },
    { name: "tagged-address", kind: "text", value: "tag=host:port", help: "A further address, as in wan. Repeatable." },
  ],
  asksServers: true,
  run: registerServices,
});

async function registerServices({ api, flags, io, words }: ApiCall): Promise<void> {
  const byFlags = flags.text("name") ? [registrationOf(flags)] : [];
  if (words.length === 0 && byFlags.length === 0)
    throw new CommandFailure("Service registration requires at least one argument or flags.");
  if (words.length > 0 && byFlags.length > 0)
    throw new CommandFailure("Service registration requires arguments or -id, not both.");
  const services = words.length > 0 ? await readFiles(words, io.stderr) : byFlags;
  for (const service of services) {
    const body = JSON.stringify(service);
    const attempted = `Error registering service ${JSON.stringify(service.Name)}`;
    await attempting(attempted, () => api.ok({ method: "PUT", path: "/v1/agent/service/register", body }));
    io.stdout(`Registered service: ${service.Name}\n`);
  }
}

async function readFiles(paths: readonly string[], warn: (text: string) => void): Promise<readonly Registration[]> {
  const { servicesFromFiles } = await import("../service-files.ts");
  return servicesFromFiles(paths, warn);
}

function registrationOf(flags: Flags): Registration {
  const addresses = pairs(flags, "tagged-address").map(([tag, address]) => [tag, parseAddress(address)]);
  return {
    ID: flags.text("id") ?? "",
    Name: flags.text("name") ?? "",
    Kind: flags.text("kind") ?? "",
    Tags: flags.all("tag"),
    Address: flags.text("address") ?? "",
    Port: flags.int("port", 0),
    Meta: Object.fromEntries(pairs(flags, "meta")),
    ...(addresses.length > 0 && { TaggedAddresses: Object.fromEntries(addresses) }),
  };
}

function pairs(flags: Flags, name: string): readonly (readonly [string, string])[] {
  return flags.all(name).map((text) => {
    const { key, value } = parsePair(text, name);
    return [key, value];
  });
}

/** Parses an address with a port: "192.0.2.7:80" or "[2001:db8::7]:80". */
function parseAddress(text: string): { readonly Address: string; readonly Port: number } {
  const [, bracketed, plain, port = ""] = /^(?:\[(.*)\]|([^:]*)):(.*)$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address === undefined)
    throw new CommandFailure(
      `Invalid Tagged Address: ${text === "" ? "" : `address ${text}: `}missing port in address`,
    );
  if (!/^[+-]?\d+$/.test(port))
    throw new CommandFailure(`Invalid Tagged Address: strconv.Atoi: parsing ${JSON.stringify(port)}: invalid syntax`);
  return { Address: address, Port: Number(port) };
}
