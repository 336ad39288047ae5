import { messageOf, OperatingError } from "../lib/errors.ts";
import { formatIp, type IpAddress, isAnyIp, parseIp } from "../lib/ip-address.ts";
import type { Settings } from "./settings.ts";
import type { Addresses } from "./sockaddr/interfaces.ts";
import { expandTemplate } from "./sockaddr/template.ts";

/** The inputs for expanding the templates in address settings. */
export interface AddressSources {
  readonly settings: Settings;
  /** The addresses of this machine, for templates. */
  readonly interfaces: Addresses;
  /** Reports a problem that does not keep the agent from starting. */
  readonly warn: (message: string) => void;
}

/**
 * Expands the templates in a field and returns its addresses: IP addresses as Go prints them, and "unix:///path".
 * @throws OperatingError invalid
 */
export function expandAddresses(path: string, { settings, interfaces }: AddressSources): readonly string[] {
  const words = expandWords(settings.text(path), { name: path, settings, interfaces });
  return words.map((word) => {
    if (word.startsWith("unix://")) return word;
    const address = parseIp(word === "[::]" ? "::" : word);
    if (address === undefined) throw invalidAddress(`${path}: invalid ip address: ${word}`, { settings, path });
    return formatIp(address);
  });
}

/** Returns the addresses of a field as expandAddresses does, but refuses unix sockets. */
export function expandIps(path: string, sources: AddressSources): readonly string[] {
  const addresses = expandAddresses(path, sources);
  if (addresses.every((address) => parseIp(address) !== undefined)) return addresses;
  throw invalidAddress(`${path} cannot be a unix socket`, { settings: sources.settings, path });
}

/** Returns the address of a field that holds at most one address; undefined if the field is not set. */
export function expandOneIp(path: string, sources: AddressSources): IpAddress | undefined {
  const { settings } = sources;
  if (settings.text(path) === "") return undefined;
  const [first, ...others] = expandIps(path, sources);
  if (first === undefined)
    throw invalidAddress(`${path}: ${settings.text(path)} matches no address of this machine`, { settings, path });
  if (others.length > 0)
    throw invalidAddress(`${path}: multiple addresses found: ${[first, ...others].join(" ")}`, { settings, path });
  return parseIp(first);
}

/** Returns the items of a list of host names, addresses and templates, with the templates expanded. */
export function expandHosts(path: string, { settings, interfaces }: AddressSources): readonly string[] {
  return settings
    .texts(path)
    .flatMap((item) => (item.includes("{{") ? expandWords(item, { name: path, settings, interfaces }) : [item]));
}

/** Refuses 0.0.0.0 and ::, to which other hosts cannot connect. `what` names the setting in the error. */
export function refuseAny(address: IpAddress, what: string): void {
  if (!isAnyIp(address)) return;
  const message = `${what} address cannot be 0.0.0.0, :: or [::]`;
  throw new OperatingError("invalid", "invalid-address", message);
}

export function invalidAddress(
  message: string,
  { settings, path }: { settings: Settings; path: string },
): OperatingError {
  return new OperatingError("invalid", "invalid-address", `${message}${settings.from(path)}`);
}

function expandWords(
  template: string,
  context: { name: string; settings: Settings; interfaces: Addresses },
): readonly string[] {
  try {
    return expandTemplate(template, context.interfaces)
      .split(/\s+/)
      .filter((word) => word !== "");
  } catch (error) {
    throw invalidAddress(`${context.name}: ${messageOf(error)}`, { settings: context.settings, path: context.name });
  }
}
