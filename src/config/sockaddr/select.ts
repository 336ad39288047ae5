import { compileRe2 } from "../../lib/filter/re2.ts";
import { goQuote } from "../../lib/go-quote.ts";
import { bits, contains, formatIp, type IpAddress, type IpNetwork, parseCidr, parseIp } from "../../lib/ip-address.ts";
import { type Addresses, type InterfaceAddress, interfaceFlags } from "./interfaces.ts";
import { containsNetwork, firstOf, isForwardable, inRfc, isPrivate, lastOf, maskOf } from "./networks.ts";

interface Selection {
  readonly included: Addresses;
  readonly excluded: Addresses;
}

/**
 * Divides addresses by a selector: returns `included`, the matching addresses, and `excluded`, the others. Consul: several
 * networks, RFCs or types are evaluated one by one and their results joined, so an address can occur in both lists, and twice in
 * one list.
 * @throws Error with the reason
 */
export function select(items: Addresses, selector: string, wanted: string): Selection {
  switch (selector.toLowerCase()) {
    case "address":
      return split(items, withPattern(wanted, stringOf));
    case "name":
      return split(
        items,
        withPattern(wanted, ({ name }) => name),
      );
    case "port":
      return split(
        items,
        withPattern(wanted, () => "0"),
      );
    case "flag":
    case "flags":
      return split(items, withFlags(wanted.toLowerCase().split("|")));
    case "network":
      return joined(wanted.split("|").map((cidr) => split(items, inNetwork(cidr))));
    case "rfc":
    case "rfcs":
      return joined(wanted.split("|").map((rfc) => split(items, inRfc(rfc))));
    case "size":
      return split(items, withSize(wanted));
    case "type": {
      const tests = wanted.toLowerCase().split("|").map(typeTest);
      return joined(items.flatMap((item) => tests.map((isOfType) => split([item], isOfType))));
    }
    default:
      return fail(
        `invalid selector ${goQuote(selector)}: known are address, flags, name, network, port, rfc, size, type`,
      );
  }
}

type Test = (item: InterfaceAddress) => boolean;

function split(items: Addresses, test: Test): Selection {
  return { included: items.filter(test), excluded: items.filter((item) => !test(item)) };
}

function joined(parts: readonly Selection[]): Selection {
  return {
    included: parts.flatMap(({ included }) => included),
    excluded: parts.flatMap(({ excluded }) => excluded),
  };
}

function withPattern(pattern: string, text: (item: InterfaceAddress) => string): Test {
  const compiled = compileRe2(pattern);
  return "fault" in compiled ? fail(compiled.fault) : (item) => compiled.test(text(item));
}

function inNetwork(cidr: string): Test {
  const network = parseCidr(cidr) ?? hostNetwork(cidr) ?? fail(`${goQuote(cidr)} is no network`);
  return (item) => containsNetwork(network, item);
}

function hostNetwork(text: string): IpNetwork | undefined {
  const address = parseIp(text);
  return address && { address, prefixLength: bits(address) };
}

function withSize(wanted: string): Test {
  const size = /^\d+$/.test(wanted) ? Number(wanted) : fail(`invalid size ${goQuote(wanted)}`);
  return ({ address, prefixLength }) =>
    size > bits(address)
      ? fail(`mask size out of bounds for an IPv${address.family} address: ${size}`)
      : prefixLength === size;
}

function typeTest(type: string): Test {
  switch (type) {
    case "ip":
      return () => true;
    case "ipv4":
      return ({ address }) => address.family === 4;
    case "ipv6":
      return ({ address }) => address.family === 6;
    case "unix":
      return () => false;
    default:
      return fail(`unsupported type ${goQuote(type)}: known are ip, ipv4, ipv6, unix`);
  }
}

/** The bits of each flag's name. Consul: "down" requires no bit, so it matches every interface. */
const flagBits: ReadonlyMap<string, number> = new Map([
  ["up", interfaceFlags.up],
  ["down", 0],
  ["broadcast", interfaceFlags.broadcast],
  ["loopback", interfaceFlags.loopback],
  ["point-to-point", interfaceFlags.pointToPoint],
  ["multicast", interfaceFlags.multicast],
]);

const addressTests: ReadonlyMap<string, (address: IpNetwork) => boolean> = new Map([
  ["forwardable", isForwardable],
  ["global unicast", ({ address }) => !isIn(address, notGlobalUnicast)],
  ["interface-local multicast", ({ address }) => address.family === 6 && isMulticastOfScope(address, 1n)],
  [
    "link-local multicast",
    ({ address }) => (address.family === 6 ? isMulticastOfScope(address, 2n) : isIn(address, ["224.0.0.0/24"])),
  ],
  ["link-local unicast", ({ address }) => isIn(address, ["169.254.0.0/16", "fe80::/10"])],
  ["loopback", ({ address }) => isIn(address, ["127.0.0.0/8", "::1/128"])],
  ["multicast", ({ address }) => isIn(address, ["224.0.0.0/4", "ff00::/8"])],
  ["unspecified", ({ address }) => address.value === 0n],
]);

const notGlobalUnicast = [
  ...["0.0.0.0/32", "255.255.255.255/32", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4"],
  ...["::/128", "::1/128", "fe80::/10", "ff00::/8"],
];

function isIn(address: IpAddress, cidrs: readonly string[]): boolean {
  return cidrs.some((cidr) => {
    const network = parseCidr(cidr);
    return network !== undefined && contains(network, address);
  });
}

function isMulticastOfScope({ value }: IpAddress, scope: bigint): boolean {
  return value >> 120n === 0xffn && ((value >> 112n) & 0xfn) === scope;
}

/**
 * Returns a test of an address by flags. Consul: an address matches if its interface has all the flags, or if the address has one
 * of the properties (loopback, multicast ...).
 */
function withFlags(flags: readonly string[]): Test {
  for (const flag of flags)
    if (!flagBits.has(flag) && !addressTests.has(flag)) fail(`unknown interface flag: ${goQuote(flag)}`);
  const wanted = flags.flatMap((flag) => flagBits.get(flag) ?? []);
  const mask = wanted.reduce((all, flag) => all | flag, 0);
  const properties = flags.flatMap((flag) => addressTests.get(flag) ?? []);
  return (item) => (wanted.length > 0 && (item.flags & mask) === mask) || properties.some((has) => has(item));
}

/**
 * Sorts addresses by keys such as "name,-size": the first key decides before the second; a dash reverses the order of a key.
 * @throws Error with the reason
 */
export function sortAddresses(addresses: Addresses, keys: string): Addresses {
  const orders = keys.split(",").map((key) => orderOf(key.trim().toLowerCase()));
  return sorted(addresses, (a, b) => {
    for (const compare of orders) {
      const order = compare(a, b);
      if (order !== 0) return order;
    }
    return 0;
  });
}

type Order = (a: InterfaceAddress, b: InterfaceAddress) => number;

/**
 * Maximum number of items that Go's sort.Sort sorts by Shell and insertion sort. For more items, Go uses quicksort, which leaves
 * equal items in any order.
 */
const goInsertsMax = 12;
const goGap = 6;

/**
 * Sorts up to 12 addresses with the same sequence of comparisons as Go. The sequence determines the result, because addresses of
 * different families compare as equal, which is not a total order.
 */
function sorted(addresses: Addresses, compare: Order): Addresses {
  if (addresses.length > goInsertsMax) return addresses.toSorted(compare);
  const items = [...addresses];
  const swapIfLess = (at: number, before: number): boolean => {
    const [a, b] = [items[at], items[before]];
    if (a === undefined || b === undefined || compare(a, b) >= 0) return false;
    [items[at], items[before]] = [b, a];
    return true;
  };
  for (let at = goGap; at < items.length; at += 1) swapIfLess(at, at - goGap);
  for (let first = 1; first < items.length; first += 1) {
    let at = first;
    while (at > 0 && swapIfLess(at, at - 1)) at -= 1;
  }
  return items;
}

const orders: ReadonlyMap<string, Order> = new Map<string, Order>([
  ["address", withinFamily((a, b) => compare(a.address.value, b.address.value))],
  ["default", (a, b) => Number(b.isDefault) - Number(a.isDefault)],
  ["name", (a, b) => compare(a.name, b.name)],
  ["port", () => 0],
  ["private", byPrivate],
  ["size", withinFamily((a, b) => a.prefixLength - b.prefixLength)],
  ["type", (a, b) => a.address.family - b.address.family],
]);

function orderOf(key: string): Order {
  const order =
    orders.get(key.replace(/^[+-]/, "")) ??
    fail(`unknown sort type: ${goQuote(key)}: known are address, default, name, port, private, size, type`);
  return key.startsWith("-") ? (a, b) => -order(a, b) : order;
}

function withinFamily(order: Order): Order {
  return (a, b) => (a.address.family === b.address.family ? order(a, b) : 0);
}

/** Orders private addresses before others. Consul: a private address also comes before any address of the other family. */
function byPrivate(a: InterfaceAddress, b: InterfaceAddress): number {
  if (a.address.family !== b.address.family) return isPrivate(a) ? -1 : 0;
  return Number(isPrivate(b)) - Number(isPrivate(a));
}

function compare(a: string | bigint, b: string | bigint): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * Removes repeated addresses. Consul: an address is removed only if it equals the address directly before it.
 * @throws Error with the reason
 */
export function uniqueAddresses(items: Addresses, attribute: string): Addresses {
  const by = attribute.toLowerCase();
  if (by !== "address" && by !== "name")
    fail(`unsupported unique constraint ${goQuote(attribute)}: known are address, name`);
  const text = by === "name" ? ({ name }: InterfaceAddress): string => name : stringOf;
  return items.filter((item, at) => {
    const before = items[at - 1];
    return before === undefined || text(before) !== text(item);
  });
}

/** Returns an attribute of an address as text. @throws Error with the reason */
export function attributeOf(item: InterfaceAddress, attribute: string): string {
  const text = attributes.get(attribute.toLowerCase())?.(item);
  return text ?? fail(`unsupported attribute name ${goQuote(attribute)} of an IPv${item.address.family} address`);
}

/** Functions that read an attribute, by its name; each returns undefined for an address family without the attribute. */
const attributes: ReadonlyMap<string, (item: InterfaceAddress) => string | undefined> = new Map<
  string,
  (item: InterfaceAddress) => string | undefined
>([
  ["name", ({ name }) => name],
  ["flags", flagsOf],
  ["string", stringOf],
  ["type", ({ address }) => `IPv${address.family}`],
  ["address", ({ address }) => formatIp(address)],
  ["host", ({ address }) => formatIp(address)],
  ["port", () => "0"],
  ["mask_bits", ({ prefixLength }) => String(prefixLength)],
  ["netmask", (item) => formatIp({ family: item.address.family, value: maskOf(item) })],
  ["network", (item) => formatIp(firstOf(item))],
  ["first_usable", (item) => formatIp(usable(item, firstOf(item), 1n))],
  ["last_usable", (item) => formatIp(usable(item, lastOf(item), -1n))],
  ["binary", ({ address }) => address.value.toString(2).padStart(bits(address), "0")],
  ["hex", ({ address }) => address.value.toString(16).padStart(bits(address) / 4, "0")],
  ["octets", ({ address }) => octetsOf(address).join(" ")],
  ["size", (item) => String(lastOf(item).value - firstOf(item).value + 1n)],
  ["broadcast", (item) => (item.address.family === 4 ? formatIp(lastOf(item)) : undefined)],
  ["uint32", ({ address }) => (address.family === 4 ? String(address.value) : undefined)],
  ["uint128", ({ address }) => (address.family === 6 ? String(address.value) : undefined)],
]);

/** Formats an address as "10.0.0.5/24"; without the prefix length if the network is a single address. */
export function stringOf({ address, prefixLength }: IpNetwork): string {
  return prefixLength === bits(address) ? formatIp(address) : `${formatIp(address)}/${prefixLength}`;
}

const flagNames: readonly (readonly [flag: number, name: string])[] = [
  [interfaceFlags.up, "up"],
  [interfaceFlags.broadcast, "broadcast"],
  [interfaceFlags.loopback, "loopback"],
  [interfaceFlags.pointToPoint, "pointtopoint"],
  [interfaceFlags.multicast, "multicast"],
];

export function flagsOf({ flags }: InterfaceAddress): string {
  const names = flagNames.flatMap(([flag, name]) => ((flags & flag) === 0 ? [] : [name]));
  return names.length === 0 ? "0" : names.join("|");
}

/** Returns a network's first or last usable address. IPv4 reserves the ends of a network, except in /31 and /32. */
function usable({ prefixLength }: IpNetwork, end: IpAddress, step: bigint): IpAddress {
  return end.family === 4 && prefixLength < 31 ? { family: 4, value: end.value + step } : end;
}

function octetsOf(address: IpAddress): readonly number[] {
  const count = bits(address) / 8;
  return Array.from({ length: count }, (_, at) => Number((address.value >> BigInt(8 * (count - 1 - at))) & 0xffn));
}

function fail(reason: string): never {
  throw new Error(reason);
}
