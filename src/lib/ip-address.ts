import { ipVersion } from "./ip-version.ts";

/** An IP address as a number, so that network membership and order are computed by arithmetic. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface IpNetwork {
  readonly address: IpAddress;
  readonly prefixLength: number;
}

export function parseIp(text: string): IpAddress | undefined {
  const version = ipVersion(text);
  if (version === 4) return { family: 4, value: parseIpv4(text) };
  return version === 6 ? { family: 6, value: parseIpv6(text) } : undefined;
}

/** Parses a network like "10.0.0.0/8"; its host bits need not be 0. Returns undefined for any other text. */
export function parseCidr(text: string): IpNetwork | undefined {
  const [, base = "", length = ""] = /^(.+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseIp(base);
  const prefixLength = Number(length);
  return address === undefined || length === "" || prefixLength > bits(address) ? undefined : { address, prefixLength };
}

/** Formats an address as Go does: lower case, the longest run of zero groups as "::". */
export function formatIp({ family, value }: IpAddress): string {
  return family === 4 ? groups(value, 4, 8n).join(".") : formatIpv6(groups(value, 8, 16n));
}

/** Formats an IPv6 address, given as eight groups of 16 bits, as `formatIp` does. */
export function formatIpv6(parts: readonly number[]): string {
  let [start, zeros] = [0, 1];
  for (let at = 0; at < parts.length; at += 1) {
    const first = at;
    while (parts[at] === 0) at += 1;
    if (at - first > zeros) [start, zeros] = [first, at - first];
  }
  if (zeros === 1) return hex(parts);
  return `${hex(parts.slice(0, start))}::${hex(parts.slice(start + zeros))}`;
}

function hex(parts: readonly number[]): string {
  return parts.map((part) => part.toString(16)).join(":");
}

export function contains({ address, prefixLength }: IpNetwork, other: IpAddress): boolean {
  const shift = BigInt(bits(address) - prefixLength);
  return address.family === other.family && address.value >> shift === other.value >> shift;
}

/** Returns whether one of the networks (CIDR) contains the address. An IPv4-mapped address ("::ffff:10.0.0.1") counts as IPv4. */
export function isInNetworks(networks: readonly string[], address: string): boolean {
  const ip = parseIp(address.replace(/^::ffff:(?=[\d.]+$)/i, ""));
  return ip !== undefined && networks.some((cidr) => isIn(ip, parseCidr(cidr)));
}

function isIn(ip: IpAddress, network: IpNetwork | undefined): boolean {
  return network !== undefined && contains(network, ip);
}

/** Returns whether the address is in 127.0.0.0/8 or is ::1. */
export function isLoopback({ family, value }: IpAddress): boolean {
  return family === 4 ? value >> 24n === 127n : value === 1n;
}

/** Returns the IPv4 address of an IPv4-mapped one (::ffff:127.0.0.1), and any other address unchanged. */
export function unmapped(address: IpAddress): IpAddress {
  const isMapped = address.family === 6 && address.value >> 32n === 0xffffn;
  return isMapped ? { family: 4, value: address.value & 0xffffffffn } : address;
}

/** Returns whether the address is 0.0.0.0 or "::". A listener can have such an address, but no client can connect to it. */
export function isAnyIp(address: IpAddress): boolean {
  return address.value === 0n;
}

export function bits({ family }: IpAddress): number {
  return family === 4 ? 32 : 128;
}

function parseIpv4(text: string): bigint {
  return text.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint {
  const hex = text.replace(/(\d+\.\d+\.\d+\.\d+)$/, (tail) => {
    const value = parseIpv4(tail);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = "", tail] = hex.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const middle = Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...middle, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

function groups(value: bigint, count: number, width: bigint): readonly number[] {
  const mask = (1n << width) - 1n;
  return Array.from({ length: count }, (_, at) => Number((value >> (BigInt(count - 1 - at) * width)) & mask));
}
