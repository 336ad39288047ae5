import { goQuote } from "../../lib/go-quote.ts";
import { bits } from "../../lib/ip-address.ts";
import type { InterfaceAddress } from "./interfaces.ts";
import { firstOf, lastOf, maskOf } from "./networks.ts";

/**
 * Implements go-sockaddr's `math`, and returns the computed address. The operation "address" adds the operand to the address;
 * "network" counts from the network's first address ("+2") or from its last ("-1"); "mask" takes the operand as a prefix length
 * and returns the first address of that network.
 * @throws Error with the reason
 */
export function computeAddress(item: InterfaceAddress, operation: string, operand: string): InterfaceAddress {
  switch (operation.toLowerCase()) {
    case "address":
      return withValue(item, item.address.value + signedNumber(item, operation, operand));
    case "network":
      return withValue(item, networkAddress(item, signedNumber(item, operation, operand)));
    case "mask":
      return masked(item, operand);
    default:
      return fail(`unsupported math operation: ${goQuote(operation)}: known are address, network, mask`);
  }
}

/** Returns the address with this value; wraps around after the last address of IPv4 or IPv6. */
function withValue(item: InterfaceAddress, value: bigint): InterfaceAddress {
  const { address } = item;
  return { ...item, address: { family: address.family, value: BigInt.asUintN(bits(address), value) } };
}

/** Returns the address at this offset in the network; wraps around at the network's end. */
function networkAddress(item: InterfaceAddress, operand: bigint): bigint {
  const hostMask = ((1n << BigInt(bits(item.address))) - 1n) ^ maskOf(item);
  return operand >= 0n ? firstOf(item).value + (operand & hostMask) : lastOf(item).value - ((-operand - 1n) & hostMask);
}

function masked(item: InterfaceAddress, operand: string): InterfaceAddress {
  const size = /^\d+$/.test(operand) ? Number(operand) : fail(`mask: ${goQuote(operand)} is no whole number`);
  const max = bits(item.address);
  if (size > max) fail(`mask: must be between 0 and ${max} for an IPv${item.address.family} address`);
  const address = firstOf({ address: item.address, prefixLength: size });
  return { ...item, address, prefixLength: Math.min(size, item.prefixLength) };
}

/** Parses a number with a sign. Consul: at most 33 bits for IPv4 and 64 for IPv6. */
function signedNumber(item: InterfaceAddress, operation: string, operand: string): bigint {
  if (!/^[+-]/.test(operand)) fail(`${operation}: ${goQuote(operand)} must begin with a sign (+ or -)`);
  const value = /^[+-]\d+$/.test(operand) ? BigInt(operand.replace("+", "")) : undefined;
  const width = item.address.family === 4 ? 33 : 64;
  if (value === undefined || BigInt.asIntN(width, value) !== value)
    return fail(`${operation}: ${goQuote(operand)} is no whole number of ${width} bits`);
  return value;
}

function fail(reason: string): never {
  throw new Error(reason);
}
