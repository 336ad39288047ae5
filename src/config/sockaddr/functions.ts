import { formatIp } from "../../lib/ip-address.ts";
import { computeAddress } from "./address-math.ts";
import { builtIns } from "./built-ins.ts";
import type { Addresses } from "./interfaces.ts";
import { isForwardable, isPrivate } from "./networks.ts";
import { attributeOf, select, sortAddresses, uniqueAddresses } from "./select.ts";
import { type Args, isAddress, isList, type TemplateFunction, typeName, type Value } from "./template-values.ts";

function source(list: (all: Addresses) => Value): TemplateFunction {
  return (_args, all) => list(all);
}

/** The functions of go-sockaddr and of Go's text/template, by name. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ...builtIns,
  ["GetAllInterfaces", source((all) => all)],
  ["GetDefaultInterfaces", source(defaultAddresses)],
  ["GetPrivateInterfaces", source(privateAddresses)],
  ["GetPublicInterfaces", source(publicAddresses)],
  ["GetPrivateIP", source((all) => firstIp(privateAddresses(all)))],
  ["GetPublicIP", source((all) => firstIp(publicAddresses(all)))],
  [
    "GetPrivateIPs",
    source((all) => joinIps(forwardable(sortAddresses(all, "type,size").filter((item) => isPrivate(item))))),
  ],
  ["GetPublicIPs", source((all) => joinIps(sortAddresses(all, "type,size").filter((item) => !isPrivate(item))))],
  ["GetInterfaceIP", (args, all) => firstIp(sortAddresses(forwardable(ofInterface(all, args.text())), "type,size"))],
  ["GetInterfaceIPs", (args, all) => joinIps(sortAddresses(ofInterface(all, args.text()), "type,size"))],
  ["include", (args) => selected(args).included],
  ["exclude", (args) => selected(args).excluded],
  [
    "sort",
    (args) => {
      const keys = args.text();
      return sortAddresses(args.addresses(), keys);
    },
  ],
  [
    "unique",
    (args) => {
      const attribute = args.text();
      return uniqueAddresses(args.addresses(), attribute);
    },
  ],
  ["limit", limit],
  ["offset", offset],
  [
    "math",
    (args) => {
      const [operation, operand] = [args.text(), args.text()];
      return args.addresses().map((item) => computeAddress(item, operation, operand));
    },
  ],
  ["attr", attr],
  [
    "join",
    (args) => {
      const [attribute, divider] = [args.text(), args.text()];
      return args
        .addresses()
        .map((item) => attributeOf(item, attribute))
        .join(divider);
    },
  ],
]);

function defaultAddresses(all: Addresses): Addresses {
  const found = all.filter(({ isDefault }) => isDefault);
  if (found.length === 0) throw new Error("no default interface found: no default route leads through a gateway");
  return found;
}

/**
 * Returns the forwardable addresses of interfaces that are up. Consul: the addresses are sorted before the private or public ones
 * are selected.
 */
function forwardableSorted(all: Addresses): Addresses {
  return sortAddresses(select(forwardable(all), "flags", "up").included, "default,type,size");
}

function privateAddresses(all: Addresses): Addresses {
  return forwardableSorted(all).filter((item) => isPrivate(item));
}

function publicAddresses(all: Addresses): Addresses {
  return forwardableSorted(all).filter((item) => !isPrivate(item));
}

function forwardable(items: Addresses): Addresses {
  return items.filter((item) => isForwardable(item));
}

function ofInterface(all: Addresses, pattern: string): Addresses {
  return select(all, "name", pattern).included;
}

function firstIp(items: Addresses): string {
  return joinIps(items.slice(0, 1));
}

function joinIps(items: Addresses): string {
  return items.map(({ address }) => formatIp(address)).join(" ");
}

function selected(args: Args): ReturnType<typeof select> {
  const [selector, wanted] = [args.text(), args.text()];
  return select(args.addresses(), selector, wanted);
}

function limit(args: Args): Addresses {
  const count = args.wholeNumber();
  if (count < 0) throw new Error(`limit: ${count} is negative`);
  return args.addresses().slice(0, count);
}

/** Implements `offset`: returns the list without its first N addresses; for a negative N, the last -N addresses. */
function offset(args: Args): Addresses {
  const count = args.wholeNumber();
  const items = args.addresses();
  if (Math.abs(count) > items.length) throw new Error(`offset: ${count} is beyond the ${items.length} addresses`);
  return items.slice(count < 0 ? items.length + count : count);
}

/** Implements `attr`: returns the named attribute of an address, or of the first address of a list; "" for an empty list. */
function attr(args: Args): string {
  const attribute = args.text();
  const value = args.any();
  if (isAddress(value)) return attributeOf(value, attribute);
  if (!isList(value)) throw new Error(`attr: cannot take ${attribute} from a ${typeName(value)}`);
  const [first] = value;
  return first === undefined ? "" : attributeOf(first, attribute);
}
