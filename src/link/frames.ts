/**
 * The frames of a link:
 *
 *     u32 length of the rest | u8 type | u32 call id | payload
 *
 * Numbers are big-endian. The agent that dialled gives its calls odd ids, and the agent that accepted gives its calls even ids,
 * so an id belongs to a call of one agent only.
 */
export interface Frame {
  readonly type: FrameType;
  /** The id of the call to which the frame belongs; 0 for a ping and a greeting. */
  readonly id: number;
  /** The content of the frame. The receiver may keep these bytes. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

export const frameTypes = {
  /** Begins a call. Payload: its kind and head, and whether a body follows. */
  call: 1,
  /** Answers a call. Payload: the head of the answer, and whether a body follows. */
  answer: 2,
  /** Answers a call that failed. Payload: the error's kind, code and message. */
  failure: 3,
  /** A piece of the body of a call or an answer. */
  data: 4,
  /** Ends a body. Payload: empty or, for a body that failed, the error. */
  end: 5,
  /** Cancels a call of the sender, or a body that the sender receives. */
  cancel: 6,
  /** Permits the other agent to send more bytes of a body. Payload: u32 number of bytes. */
  credit: 7,
  /** Shows that the sender is alive; sent every second. */
  ping: 8,
} as const;

export type FrameType = (typeof frameTypes)[keyof typeof frameTypes];

/** Bytes before the payload: the length, the type and the id. The length takes `lengthBytes` and does not count itself. */
const headerBytes = 9;
const lengthBytes = 4;

/** Maximum length of a payload, in bytes: longer data is sent as a body, in pieces. */
export const payloadBytesMax: number = 8 * 1024 * 1024;

const noPayload = new Uint8Array();

export function encodeFrame(type: FrameType, id: number, payload: Uint8Array = noPayload): Uint8Array {
  const bytes = Buffer.allocUnsafe(headerBytes + payload.length);
  bytes.writeUInt32BE(headerBytes - lengthBytes + payload.length, 0);
  bytes.writeUInt8(type, lengthBytes);
  bytes.writeUInt32BE(id, lengthBytes + 1);
  bytes.set(payload, headerBytes);
  return bytes;
}

/** Splits the bytes that arrive from a socket into frames. */
export class FrameReader {
  /** The beginning of a frame whose rest has not arrived. */
  #begun: Buffer = Buffer.alloc(0);
  readonly #payloadBytesMax: number;

  /** @param bytesMax maximum length of a payload */
  constructor(bytesMax: number = payloadBytesMax) {
    this.#payloadBytesMax = bytesMax;
  }

  /**
   * Yields the frames that are complete with these bytes. A caller that stops after a frame takes what follows by `takeRest`.
   * Copies the bytes, so the caller may reuse `bytes`.
   * @throws RangeError for an impossible length of a frame: the peer does not speak this protocol
   */
  *read(bytes: Uint8Array): Generator<Frame> {
    let rest = this.#begun.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#begun, bytes]);
    while (rest.length >= headerBytes) {
      const length = rest.readUInt32BE(0);
      if (length > this.#payloadBytesMax + headerBytes || length < headerBytes - lengthBytes)
        throw new RangeError(`a frame of ${length} bytes`);
      const end = lengthBytes + length;
      if (rest.length < end) break;
      const frame = rest.subarray(0, end);
      rest = rest.subarray(end);
      this.#begun = rest;
      yield {
        type: typeOf(frame),
        id: frame.readUInt32BE(lengthBytes + 1),
        payload: new Uint8Array(frame.subarray(headerBytes)),
      };
    }
    this.#begun = rest;
  }

  /** Returns the bytes after the last frame, which the reader forgets. */
  takeRest(): Uint8Array {
    const rest = this.#begun;
    this.#begun = Buffer.alloc(0);
    return rest;
  }
}

/** Returns a frame's type, also if it is unknown: a newer agent may send such a frame, and the link ignores it. */
function typeOf(frame: Buffer): FrameType {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each switch over the type ignores other numbers
  return frame.readUInt8(lengthBytes) as FrameType;
}
