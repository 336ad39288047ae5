import { formatIp, type IpAddress, type IpNetwork } from "./ip-address.ts";
import { libc } from "./libc.ts";

/** One network interface, as the kernel lists it. */
interface Link {
  readonly index: number;
  readonly name: string;
  /** The interface's flags, such as IFF_UP, as in <linux/if.h>. */
  readonly flags: number;
}

/** One address of an interface. */
interface LinkAddress extends IpNetwork {
  readonly index: number;
}

// Constants of <linux/netlink.h> and <linux/rtnetlink.h>, the same on every processor that Bun runs on.
const [afNetlink, sockRaw, sockCloexec, netlinkRoute] = [16, 3, 0x80000, 0];
const [requestFlag, dumpFlag] = [1, 0x300];
const [messageError, messageDone] = [2, 3];
const [newLink, getLink, newAddress, getAddress] = [16, 18, 20, 22];
const [iflaName, ifaAddress, ifaLocal] = [3, 1, 2];
const headerBytes = 16;
const [linkBytes, addressBytes] = [16, 8];

/**
 * Lists interfaces and addresses in the kernel's order, as Go's net package does. os.networkInterfaces() is not used: it
 * leaves out interfaces that are down or without a carrier (docker0 while no container runs), names an address by its label
 * ("eth0:1") instead of its interface, and does not report the interfaces' flags.
 * @throws Error when the kernel does not answer
 */
export function listLinks(): readonly (Link & { readonly addresses: readonly LinkAddress[] })[] {
  const addresses = dump(getAddress).flatMap(({ type, body }) => (type === newAddress ? readAddress(body) : []));
  const links = dump(getLink).flatMap(({ type, body }) => (type === newLink ? [readLink(body)] : []));
  return links.map((link) => ({ ...link, addresses: addresses.filter(({ index }) => index === link.index) }));
}

/** Returns all addresses of this machine, each once; an empty list when the kernel does not answer. */
export function localAddresses(): readonly string[] {
  try {
    const addresses = listLinks().flatMap((link) => link.addresses.map(({ address }) => formatIp(address)));
    return [...new Set(addresses)];
  } catch {
    return [];
  }
}

function readLink(body: Buffer): Link {
  const attributes = attributesOf(body.subarray(linkBytes));
  const name = attributes.get(iflaName) ?? Buffer.alloc(1);
  return {
    index: body.readInt32LE(4),
    name: name.toString("utf8", 0, name.length - 1), // without the final NUL
    flags: body.readUInt32LE(8),
  };
}

/** Decodes an address message. Prefers IFA_LOCAL, since IFA_ADDRESS is the peer's address on a point-to-point link. */
function readAddress(body: Buffer): readonly LinkAddress[] {
  const attributes = attributesOf(body.subarray(addressBytes));
  const bytes = attributes.get(ifaLocal) ?? attributes.get(ifaAddress);
  if (bytes === undefined) return [];
  return [{ index: body.readUInt32LE(4), address: addressOf(bytes), prefixLength: body.readUInt8(1) }];
}

function addressOf(bytes: Uint8Array): IpAddress {
  return { family: bytes.length === 4 ? 4 : 6, value: BigInt(`0x${bytes.toHex()}`) };
}

function attributesOf(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    attributes.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return attributes;
}

interface Message {
  readonly type: number;
  readonly body: Buffer;
}

/** Sends a dump request and returns all messages of the kernel's answer. */
function dump(request: number): readonly Message[] {
  const { socket, sendto, recv, close } = libc();
  const descriptor = socket(afNetlink, sockRaw | sockCloexec, netlinkRoute);
  if (descriptor < 0) throw new Error("cannot open a netlink socket");
  try {
    const asked = Buffer.alloc(headerBytes + linkBytes); // the family stays AF_UNSPEC
    asked.writeUInt32LE(asked.length, 0);
    asked.writeUInt16LE(request, 4);
    asked.writeUInt16LE(requestFlag | dumpFlag, 6);
    if (Number(sendto(descriptor, asked, asked.length, 0, null, 0)) !== asked.length)
      throw new Error("cannot send to a netlink socket");
    const messages: Message[] = [];
    for (;;) {
      const answer = Buffer.alloc(65_536);
      const received = Number(recv(descriptor, answer, answer.length, 0));
      if (received <= 0) throw new Error("cannot read from a netlink socket");
      if (readMessages(answer.subarray(0, received), messages)) return messages;
    }
  } finally {
    close(descriptor);
  }
}

/** Appends the messages to `into`. Returns whether the kernel's answer is complete. */
function readMessages(bytes: Buffer, into: Message[]): boolean {
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const length = bytes.readUInt32LE(at);
    const type = bytes.readUInt16LE(at + 4);
    if (type === messageError || length < headerBytes) throw new Error("the kernel refused to list its interfaces");
    if (type === messageDone) return true;
    into.push({ type, body: bytes.subarray(at + headerBytes, at + length) });
    at += aligned(length);
  }
  return false;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
