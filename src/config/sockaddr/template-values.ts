import { formatIp } from "../../lib/ip-address.ts";
import type { Addresses, InterfaceAddress } from "./interfaces.ts";
import { flagsOf, stringOf } from "./select.ts";

/** What a template computes with; undefined is Go's nil. */
export type Value = string | number | boolean | undefined | Addresses | InterfaceAddress | Shown;

/** A value of a Go type that can only be printed or asked for its fields. */
export class Shown {
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
  return typeof value === "object" && !isList(value) && !(value instanceof Shown);
}

/** Whether `if` takes it for true: neither 0 nor empty. */
export function truthOf(value: Value): boolean {
  return isList(value) ? value.length > 0 : Boolean(value);
}

/** undefined for a field that the value does not have. */
export function fieldOf(value: Value, name: string): { readonly value: Value } | undefined {
  const fields = isAddress(value) ? fieldsOf(value) : value instanceof Shown ? value.fields : new Map<string, Value>();
  return fields.has(name) ? { value: fields.get(name) } : undefined;
}

function fieldsOf(item: InterfaceAddress): ReadonlyMap<string, Value> {
  const type = new Shown(`IPv${item.address.family}`);
  const ofSockAddr = new Map<string, Value>([
    ["NetIP", new Shown(formatIp(item.address))],
    ["Type", type],
    ["String", stringOf(item)],
  ]);
  return new Map<string, Value>([
    ["Name", item.name],
    ["Index", item.index],
    ["Flags", new Shown(flagsOf(item))],
    ["SockAddr", new Shown(stringOf(item), ofSockAddr)],
    ["Type", type],
  ]);
}

/**
 * As Go's fmt prints it; `nil` is what fmt and text/template name differently.
 * @throws Error for what would print as a list of Go structs, which no address is made of
 */
export function print(value: Value, nil: string): string {
  if (value === undefined) return nil;
  if (value instanceof Shown) return value.text;
  if (typeof value === "object")
    throw new Error('addresses must be made text: end the template with | attr "address" or | join "address" " "');
  return String(value);
}

/** The name of its type in Go. */
export function typeName(value: Value): string {
  if (value === undefined) return "nil";
  if (isList(value)) return "sockaddr.IfAddrs";
  if (isAddress(value)) return "sockaddr.IfAddr";
  if (value instanceof Shown) return "value of another type";
  if (typeof value === "number") return "int";
  return typeof value === "boolean" ? "bool" : "string";
}

/**
 * A function of templates: it reads its arguments, of which a pipe's value is the last.
 * @throws Error with the reason
 */
export type TemplateFunction = (args: Args, all: Addresses) => Value;

/** Arguments of one call, each read once and in order. */
export class Args {
  readonly #name: string;
  readonly #values: readonly Value[];
  #at = 0;

  constructor(name: string, values: readonly Value[]) {
    this.#name = name;
    this.#values = values;
  }

  /** All that are left. */
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

  /** To be called behind the last argument. */
  end(): void {
    if (this.#at < this.#values.length)
      throw new Error(`${this.#name}: wrong number of arguments: want ${this.#at}, got ${this.#values.length}`);
  }

  #refuse(wanted: string, value: Value): never {
    throw new Error(`${this.#name}: argument ${this.#at} must be a ${wanted}, not a ${typeName(value)}`);
  }
}
