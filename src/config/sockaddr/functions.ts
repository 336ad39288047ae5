import { formatIp } from "../../lib/ip-address.ts";
import { isForwardable, isPrivate } from "./interfaces.ts";
import { type Addresses, attributeOf, matcher, sortAddresses, wholeNumber } from "./select.ts";

/** What passes through a pipe: addresses until one of attr and join makes text of them. */
export type PipeValue = string | Addresses;

interface TemplateFunction {
  /** Arguments in words, before the piped one. */
  readonly words: number;
  /** Whether it takes addresses from the pipe. */
  readonly piped: boolean;
  call(words: readonly string[], addresses: Addresses): PipeValue;
}

function source(select: (all: Addresses) => PipeValue): TemplateFunction {
  return { words: 0, piped: false, call: (_, all) => select(all) };
}

/** Functions of go-sockaddr's templates; a source takes all addresses of the machine in the pipe's place. */
export const templateFunctions: ReadonlyMap<string, TemplateFunction> = new Map<string, TemplateFunction>([
  ["GetAllInterfaces", source((all) => all)],
  ["GetDefaultInterfaces", source((all) => all.filter(({ isDefault }) => isDefault))],
  ["GetPrivateInterfaces", source(privateAddresses)],
  ["GetPublicInterfaces", source(publicAddresses)],
  ["GetPrivateIP", source((all) => firstIp(privateAddresses(all)))],
  ["GetPrivateIPs", source((all) => joinIps(privateAddresses(all)))],
  ["GetPublicIP", source((all) => firstIp(publicAddresses(all)))],
  ["GetPublicIPs", source((all) => joinIps(publicAddresses(all)))],
  [
    "GetInterfaceIP",
    {
      words: 1,
      piped: false,
      call: ([name = ""], all) => firstIp(sortAddresses(forwardable(all.filter(matcher("name", name))), "type,size")),
    },
  ],
  [
    "GetInterfaceIPs",
    {
      words: 1,
      piped: false,
      call: ([name = ""], all) => joinIps(sortAddresses(all.filter(matcher("name", name)), "type,size")),
    },
  ],
  ["include", { words: 2, piped: true, call: ([by = "", what = ""], items) => items.filter(matcher(by, what)) }],
  [
    "exclude",
    {
      words: 2,
      piped: true,
      call: ([by = "", what = ""], items) => {
        const matches = matcher(by, what);
        return items.filter((item) => !matches(item));
      },
    },
  ],
  ["sort", { words: 1, piped: true, call: ([keys = ""], items) => sortAddresses(items, keys) }],
  ["limit", { words: 1, piped: true, call: ([count = ""], items) => items.slice(0, wholeNumber(count)) }],
  ["offset", { words: 1, piped: true, call: ([count = ""], items) => items.slice(wholeNumber(count)) }],
  ["unique", { words: 1, piped: true, call: ([attribute = ""], items) => unique(items, attribute) }],
  [
    "attr",
    {
      words: 1,
      piped: true,
      call: ([attribute = ""], items) =>
        items
          .slice(0, 1)
          .map((item) => attributeOf(item, attribute))
          .join(""),
    },
  ],
  [
    "join",
    {
      words: 2,
      piped: true,
      call: ([attribute = "", divider = ""], items) => items.map((item) => attributeOf(item, attribute)).join(divider),
    },
  ],
]);

function privateAddresses(all: Addresses): Addresses {
  return byDefault(forwardable(all).filter(({ address }) => isPrivate(address)));
}

function publicAddresses(all: Addresses): Addresses {
  return byDefault(forwardable(all).filter(({ address }) => !isPrivate(address)));
}

function byDefault(items: Addresses): Addresses {
  return sortAddresses(items, "default,type,size");
}

function forwardable(items: Addresses): Addresses {
  return items.filter(({ address }) => isForwardable(address));
}

function firstIp(items: Addresses): string {
  return joinIps(items.slice(0, 1));
}

function joinIps(items: Addresses): string {
  return items.map(({ address }) => formatIp(address)).join(" ");
}

function unique(items: Addresses, attribute: string): Addresses {
  const seen = new Map(items.toReversed().map((item) => [attributeOf(item, attribute), item]));
  return items.filter((item) => seen.get(attributeOf(item, attribute)) === item);
}
