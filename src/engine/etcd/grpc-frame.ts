/*
 * gRPC's frames, as in its document "gRPC over HTTP2": one octet that is 0 for an uncompressed message, the message's length as
 * 32 bits, most significant octet first, and the message. Praetor offers no compression, so no server compresses.
 */

const headerBytes = 5;

/** Returns the frame of one message. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(headerBytes + message.byteLength);
  frame[0] = 0;
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, headerBytes);
  return frame;
}

/** Collects the octets of a stream until a frame is complete. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Length of the next frame in octets; of its header while the header has not arrived. */
  #needed = headerBytes;

  /** Returns the messages that the chunk completes. They are views of the received octets. */
  push(chunk: Buffer): Uint8Array[] {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    const messages: Uint8Array[] = [];
    if (this.#bytes < this.#needed) return messages;
    // Chunks are joined only when a frame is complete: a message of some megabytes arrives in hundreds of chunks.
    let rest = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    for (;;) {
      this.#needed = rest.byteLength < headerBytes ? headerBytes : headerBytes + rest.readUInt32BE(1);
      if (rest.byteLength < this.#needed) break;
      messages.push(rest.subarray(headerBytes, this.#needed));
      rest = rest.subarray(this.#needed);
    }
    this.#chunks = [rest];
    this.#bytes = rest.byteLength;
    return messages;
  }
}
