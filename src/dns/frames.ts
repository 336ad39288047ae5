import { copyOf } from "../lib/copy-of.ts";

/** Cuts a TCP stream into messages. Two octets before each message hold its length: RFC 1035, section 4.2.2. */
export class FrameReader {
  #rest: Uint8Array = new Uint8Array();

  /** Returns the complete messages, as views and not copies. Keeps a copy of the next message's beginning, at most 64 KiB. */
  read(bytes: Uint8Array): readonly Uint8Array[] {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: Uint8Array[] = [];
    let at = 0;
    for (;;) {
      const [high, low] = [all[at], all[at + 1]];
      if (high === undefined || low === undefined) break;
      const end = at + 2 + ((high << 8) | low);
      if (end > all.length) break;
      messages.push(all.subarray(at + 2, end));
      at = end;
    }
    this.#rest = copyOf(all, at);
    return messages;
  }
}

/** Returns two octets that hold the message's length, followed by the message. */
export function framed(message: Uint8Array): Uint8Array {
  const frame = new Uint8Array(message.length + 2);
  frame[0] = message.length >> 8;
  frame[1] = message.length & 0xff;
  frame.set(message, 2);
  return frame;
}
