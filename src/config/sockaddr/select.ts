import { bits, contains, formatIp, type IpAddress, parseCidr } from "../../lib/ip-address.ts";
import { type InterfaceAddress, isForwardable, isInRfc, isPrivate } from "./interfaces.ts";

export type Addresses = readonly InterfaceAddress[];

/** Filters, orders and attributes of go-sockaddr; each throws an Error with the reason for what it does not know. */
export function matcher(selector: string, wanted: string): (address: InterfaceAddress) => boolean {
  const anyOf = wanted.split("|").map((item) => item.trim());
  switch (selector.toLowerCase()) {
    case "name":
      return withPattern(wanted, ({ name }) => name);
    case "address":
      return withPattern(wanted, ({ address }) => formatIp(address));
    case "network":
      return inNetworks(anyOf);
    case "flag":
    case "flags":
      return withFlags(anyOf);
    case "rfc":
    case "rfcs":
      return (item) => anyOf.some((rfc) => isInRfc(item.address, rfc) ?? fail(`unsupported RFC ${quote(rfc)}`));
    case "size":
      return (item) => item.prefixLength === wholeNumber(wanted);
    case "type":
      return (item) => anyOf.some((type) => isOfType(item.address, type));
    default:
      return fail(`invalid include selector ${quote(selector)}`);
  }
}

function withPattern(wanted: string, text: (item: InterfaceAddress) => string): (item: InterfaceAddress) => boolean {
  let pattern: RegExp;
  try {
    pattern = new RegExp(wanted);
  } catch {
    return fail(`invalid regular expression ${quote(wanted)}`);
  }
  return (item) => pattern.test(text(item));
}

function inNetworks(cidrs: readonly string[]): (item: InterfaceAddress) => boolean {
  const networks = cidrs.map((cidr) => parseCidr(cidr) ?? fail(`invalid network ${quote(cidr)}`));
  return (item) => networks.some((network) => contains(network, item.address));
}

function withFlags(flags: readonly string[]): (item: InterfaceAddress) => boolean {
  const tests = flags.map(
    (flag) => flagTests.get(flag.toLowerCase()) ?? fail(`Unknown interface flag: ${quote(flag)}`),
  );
  return (item) => tests.some((has) => has(item));
}

/** Only interfaces that are up are listed at all. */
const flagTests: ReadonlyMap<string, (item: InterfaceAddress) => boolean> = new Map<
  string,
  (item: InterfaceAddress) => boolean
>([
  ["up", () => true],
  ["down", () => false],
  ["loopback", (item) => item.loopback],
  ["broadcast", (item) => !item.loopback],
  ["multicast", (item) => !item.loopback],
  ["forwardable", (item) => isForwardable(item.address)],
  ["global unicast", (item) => !item.loopback && !isLinkLocal(item.address)],
  ["link-local unicast", (item) => isLinkLocal(item.address)],
]);

function isLinkLocal(address: IpAddress): boolean {
  return isInRfc(address, "3927") === true || formatIp(address).startsWith("fe80:");
}

function isOfType(address: IpAddress, type: string): boolean {
  if (type.toLowerCase() === "ip") return true;
  if (type.toLowerCase() === "unix") return false;
  if (type.toLowerCase() === "ipv4" || type.toLowerCase() === "ipv6") return type.endsWith(String(address.family));
  return fail(`unsupported type ${quote(type)}: known are ip, ipv4, ipv6`);
}

/** "name,-size": by the first key, then the second; a dash turns one around. */
export function sortAddresses(addresses: Addresses, keys: string): Addresses {
  const orders = keys.split(",").map((key) => orderOf(key.trim()));
  return [...addresses].toSorted((a, b) => {
    for (const compare of orders) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  });
}

type Order = (a: InterfaceAddress, b: InterfaceAddress) => number;

const orders: ReadonlyMap<string, Order> = new Map<string, Order>([
  ["name", (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))],
  ["address", (a, b) => compareNumbers(a.address.value, b.address.value)],
  ["default", (a, b) => Number(b.isDefault) - Number(a.isDefault)],
  ["private", (a, b) => Number(isPrivate(b.address)) - Number(isPrivate(a.address))],
  ["type", (a, b) => a.address.family - b.address.family],
  ["size", (a, b) => networkBits(a) - networkBits(b)],
]);

function orderOf(key: string): Order {
  const order = orders.get(key.replace(/^[+-]/, "")) ?? fail(`unknown sort type: ${quote(key)}`);
  return key.startsWith("-") ? (a, b) => order(b, a) : order;
}

function compareNumbers(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}

function networkBits({ address, prefixLength }: InterfaceAddress): number {
  return bits(address) - prefixLength;
}

export function attributeOf(item: InterfaceAddress, attribute: string): string {
  switch (attribute.toLowerCase()) {
    case "name":
      return item.name;
    case "address":
    case "host":
      return formatIp(item.address);
    case "network":
      return formatIp(networkAddress(item));
    case "mask_bits":
      return String(item.prefixLength);
    case "type":
      return `IPv${item.address.family}`;
    case "flags":
      return item.loopback ? "up|loopback" : "up|broadcast|multicast";
    case "string":
      return `${formatIp(item.address)}/${item.prefixLength}`;
    default:
      return fail(`unsupported attribute name ${quote(attribute)}`);
  }
}

function networkAddress(item: InterfaceAddress): IpAddress {
  const shift = BigInt(networkBits(item));
  return { family: item.address.family, value: (item.address.value >> shift) << shift };
}

export function wholeNumber(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : fail(`expected a whole number, got ${quote(text)}`);
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function fail(reason: string): never {
  throw new Error(reason);
}
