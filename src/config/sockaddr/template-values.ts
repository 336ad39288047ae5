import { formatIp } from "../../lib/ip-address.ts";
import type { Addresses, InterfaceAddress } from "./interfaces.ts";
import { flagsOf, stringOf } from "./select.ts";

/** A value in a template; undefined is Go's nil. */
export type Value = string | number | boolean | undefined | Addresses | InterfaceAddress | OpaqueValue;

/** A value of another Go type, with its printed text and its fields. */
export class OpaqueValue {
  readonly text: string;
  readonly fields: ReadonlyMap<string, Value>;

  constructor(text: string, fields: ReadonlyMap<string, Value> = new Map()) {
    this.text = text;
    this.fields = fields;
  }
}

export function isList(value: Value): value is Addresses {
  return Array.isArray(value);
}

export function isAddress(value: Value): value is InterfaceAddress {
  return typeof value === "object" && !isList(value) && !(value instanceof OpaqueValue);
}

/** Returns whether Go's `if` takes the value for true: it is neither 0 nor empty. */
export function truthOf(value: Value): boolean {
  return isList(value) ? value.length > 0 : Boolean(value);
}

/** Returns the field's value, or undefined if the value has no such field. */
export function fieldOf(value: Value, name: string): { readonly value: Value } | undefined {
  const fields = isAddress(value)
    ? fieldsOf(value)
    : value instanceof OpaqueValue
      ? value.fields
      : new Map<string, Value>();
  return fields.has(name) ? { value: fields.get(name) } : undefined;
}

function fieldsOf(item: InterfaceAddress): ReadonlyMap<string, Value> {
  const type = new OpaqueValue(`IPv${item.address.family}`);
  const sockAddrFields = new Map<string, Value>([
    ["NetIP", new OpaqueValue(formatIp(item.address))],
    ["Type", type],
    ["String", stringOf(item)],
  ]);
  return new Map<string, Value>([
    ["Name", item.name],
    ["Index", item.index],
    ["Flags", new OpaqueValue(flagsOf(item))],
    ["SockAddr", new OpaqueValue(stringOf(item), sockAddrFields)],
    ["Type", type],
  ]);
}

/**
 * Formats a value as Go's fmt does; `nil` is the text for nil, in which fmt and text/template differ.
 * @throws Error for addresses, which Go would print as structs
 */
export function print(value: Value, nil: string): string {
  if (value === undefined) return nil;
  if (value instanceof OpaqueValue) return value.text;
  if (typeof value === "object")
    throw new Error('addresses must be made text: end the template with | attr "address" or | join "address" " "');
  return String(value);
}

/** Returns the name of the value's type in Go. */
export function typeName(value: Value): string {
  if (value === undefined) return "nil";
  if (isList(value)) return "sockaddr.IfAddrs";
  if (isAddress(value)) return "sockaddr.IfAddr";
  if (value instanceof OpaqueValue) return "value of another type";
  if (typeof value === "number") return "int";
  return typeof value === "boolean" ? "bool" : "string";
}

/**
 * A template function. The value from the pipe is its last argument.
 * @throws Error with the reason
 */
export type TemplateFunction = (args: Args, all: Addresses) => Value;

/** The arguments of one call of a template function, which reads them one by one. */
export class Args {
  readonly #name: string;
  readonly #values: readonly Value[];
  #at = 0;

  constructor(name: string, values: readonly Value[]) {
    this.#name = name;
    this.#values = values;
  }

  /** Reads all remaining arguments. */
  rest(): readonly Value[] {
    const rest = this.#values.slice(this.#at);
    this.#at = this.#values.length;
    return rest;
  }

  text(): string {
    const value = this.any();
    return typeof value === "string" ? value : this.#refuse("string", value);
  }

  wholeNumber(): number {
    const value = this.any();
    return typeof value === "number" ? value : this.#refuse("whole number", value);
  }

  addresses(): Addresses {
    const value = this.any();
    return isList(value) ? value : this.#refuse("list of addresses", value);
  }

  any(): Value {
    if (this.#at >= this.#values.length) throw new Error(`${this.#name}: not enough arguments`);
    this.#at += 1;
    return this.#values[this.#at - 1];
  }

  /** Fails if arguments are left. Functions call it after they have read their last argument. */
  end(): void {
    if (this.#at < this.#values.length)
      throw new Error(`${this.#name}: wrong number of arguments: want ${this.#at}, got ${this.#values.length}`);
  }

  #refuse(wanted: string, value: Value): never {
    throw new Error(`${this.#name}: argument ${this.#at} must be a ${wanted}, not a ${typeName(value)}`);
  }
}
