import { messageOf, OperatingError } from "../../lib/errors.ts";
import { templateFunctions } from "./functions.ts";
import type { Addresses } from "./interfaces.ts";
import { type Command, type Operand, parseTemplate, type Pipe, type TemplateNode } from "./template-syntax.ts";
import { Args, fieldOf, isAddress, isList, print, truthOf, typeName, type Value } from "./template-values.ts";
import { attributeOf } from "./select.ts";

/**
 * Expands the go-sockaddr templates in an address, by the rules of Go's text/template:
 *
 *     {{ GetPrivateIP }}
 *     {{ GetInterfaceIP "eth0" }}
 *     {{ GetAllInterfaces | include "name" "eth.*" | sort "-size" | attr "address" }}
 *     {{ with GetPublicIP }}{{ . }}{{ else }}{{ GetPrivateIP }}{{ end }}
 *
 * Text outside the braces is kept. The dot is the list of all addresses.
 * @throws OperatingError invalid
 */
export function expandTemplate(template: string, addresses: Addresses): string {
  try {
    const nodes = parseTemplate(template, functionNames);
    return new Execution(addresses).run(nodes, addresses);
  } catch (error) {
    const message = `error parsing ${JSON.stringify(template)}: ${messageOf(error)}`;
    throw new OperatingError("invalid", "invalid-address-template", message, { cause: error });
  }
}

const functionNames: ReadonlySet<string> = new Set(templateFunctions.keys());

/**
 * Maximum work of one template. Each syntax-tree node, operand and character of output is 1. Each call of a function is the
 * number of its addresses times that of its characters. Without this limit, a template with nested loops, or with values that
 * double themselves, would run for hours.
 */
const workMax = 1_000_000;

interface Variable {
  readonly name: string;
  value: Value;
}

/** One execution of a template. Variables of a block are appended to the list, and dropped when the block ends. */
class Execution {
  readonly #all: Addresses;
  #variables: Variable[];
  #work = 0;

  constructor(all: Addresses) {
    this.#all = all;
    this.#variables = [{ name: "$", value: all }];
  }

  run(nodes: readonly TemplateNode[], dot: Value): string {
    return nodes.map((node) => this.#runOne(node, dot)).join("");
  }

  #runOne(node: TemplateNode, dot: Value): string {
    this.#count(1);
    switch (node.kind) {
      case "text":
        return this.#counted(node.text);
      case "action": {
        const value = this.#evaluate(node.pipe, dot);
        return node.pipe.variables.length > 0 ? "" : this.#counted(print(value, "<no value>"));
      }
      case "if":
      case "with":
      case "range":
        return this.#runBlock(node, dot);
    }
  }

  #runBlock(node: Extract<TemplateNode, { pipe: Pipe; body: unknown }>, dot: Value): string {
    const outer = this.#variables.length;
    const value = this.#evaluate(node.pipe, dot);
    const text =
      node.kind === "range"
        ? this.#runRange(node, { value, dot })
        : truthOf(value)
          ? this.run(node.body, node.kind === "with" ? value : dot)
          : this.run(node.otherwise, dot);
    this.#variables = this.#variables.slice(0, outer);
    return text;
  }

  #runRange(
    node: Extract<TemplateNode, { pipe: Pipe; body: unknown }>,
    { value, dot }: { readonly value: Value; readonly dot: Value },
  ): string {
    if (!isList(value)) throw new Error(`range can't iterate over a ${typeName(value)}`);
    if (value.length === 0) return this.run(node.otherwise, dot);
    const inner = this.#variables.length;
    const names = node.pipe.variables;
    return value
      .map((item, at) => {
        this.#variables = this.#variables.slice(0, inner);
        const [first, second] = names;
        if (first !== undefined) this.#assign(first, second === undefined ? item : at);
        if (second !== undefined) this.#assign(second, item);
        return this.run(node.body, item);
      })
      .join("");
  }

  #evaluate(pipe: Pipe, dot: Value): Value {
    let piped: readonly Value[] = [];
    for (const command of pipe.commands) piped = [this.#call(command, { piped, dot })];
    const [value] = piped;
    for (const name of pipe.variables) {
      if (pipe.declares) this.#variables.push({ name, value });
      else this.#assign(name, value);
    }
    return value;
  }

  #call([first, ...others]: Command, { piped, dot }: { piped: readonly Value[]; dot: Value }): Value {
    const args = [...others.map((operand) => this.#operand(operand, dot)), ...piped];
    if (first.kind === "function") return this.#callFunction(first.name, args);
    if (first.kind === "field" && first.name === "Attr") return this.#attributeOf(first, { args, dot });
    if (args.length > 0) throw new Error(`only a function takes an argument`);
    if (first.kind === "constant" && first.value === undefined) throw new Error("nil is not a command");
    return this.#operand(first, dot);
  }

  #callFunction(name: string, values: readonly Value[]): Value {
    const call = templateFunctions.get(name);
    if (call === undefined) throw new Error(`function ${JSON.stringify(name)} not defined`);
    const addresses = values.reduce((sum: number, value) => sum + (isList(value) ? value.length : 0), this.#all.length);
    const characters = values.reduce((sum: number, value) => sum + (typeof value === "string" ? value.length : 0), 1);
    this.#count(Math.max(1, addresses) * characters);
    const args = new Args(name, values);
    const result = call(args, this.#all);
    args.end();
    return typeof result === "string" ? this.#counted(result) : result;
  }

  /** Evaluates `.Attr "name"`, a method of an address. */
  #attributeOf(
    operand: Extract<Operand, { kind: "field" }>,
    { args, dot }: { args: readonly Value[]; dot: Value },
  ): Value {
    const receiver = this.#operand(operand.of, dot);
    const [attribute, ...others] = args;
    if (!isAddress(receiver) || typeof attribute !== "string" || others.length > 0)
      throw new Error("Attr takes the name of an attribute, and is asked of one address");
    return attributeOf(receiver, attribute);
  }

  #operand(operand: Operand, dot: Value): Value {
    this.#count(1);
    switch (operand.kind) {
      case "constant":
        return operand.value;
      case "dot":
        return dot;
      case "variable":
        return this.#variable(operand.name).value;
      case "function":
        return this.#callFunction(operand.name, []);
      case "pipe":
        return this.#evaluate(operand.pipe, dot);
      case "field": {
        const receiver = this.#operand(operand.of, dot);
        const field = fieldOf(receiver, operand.name);
        if (field === undefined) throw new Error(`can't evaluate field ${operand.name} in type ${typeName(receiver)}`);
        return field.value;
      }
    }
  }

  #variable(name: string): Variable {
    const variable = this.#variables.findLast((each) => each.name === name);
    if (variable === undefined) throw new Error(`undefined variable ${JSON.stringify(name)}`);
    return variable;
  }

  #assign(name: string, value: Value): void {
    this.#variable(name).value = value;
  }

  #counted(text: string): string {
    this.#count(text.length);
    return text;
  }

  #count(work: number): void {
    this.#work += work;
    if (this.#work > workMax) throw new Error("the template takes too long: it loops too often or makes too much text");
  }
}
