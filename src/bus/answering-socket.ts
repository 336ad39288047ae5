import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/**
 * The packets that an MQTT broker may send to a client that publishes and never subscribes: each packet's first byte, with
 * the number of bytes after its length field.
 */
const answers: ReadonlyMap<number, number> = new Map([
  [0x20, 2], // CONNACK: accepts or refuses the connection
  [0x40, 2], // PUBACK: acknowledges a message
  [0xd0, 0], // PINGRESP
]);

/**
 * A socket that passes on only the packets that an MQTT broker may send to a publisher, and closes at anything else. So
 * messages, endless packets or random bytes from a broker use no memory, and do not reach the MQTT package, which throws
 * uncaught errors on some of them.
 */
export class AnsweringSocket extends Duplex {
  readonly #socket: Socket;
  /** The part of a packet that the next received byte belongs to. */
  #expects: "type" | "length" | "rest" = "type";
  #restBytes = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
    socket.on("data", (block: Uint8Array) => this.#take(block));
    socket.on("end", () => this.push(null));
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(block: Uint8Array, _encoding: string, done: () => void): void {
    // A failed write does not call `done`: the socket emits its error, which destroys this stream.
    this.#socket.write(block, (error) => {
      if (!error) done();
    });
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #take(block: Uint8Array): void {
    if (!block.every((byte) => this.#accepts(byte))) {
      this.destroy(new Error("the broker sent an unexpected packet"));
    } else if (!this.push(block)) this.#socket.pause();
  }

  #accepts(byte: number): boolean {
    switch (this.#expects) {
      case "type": {
        const rest = answers.get(byte);
        this.#restBytes = rest ?? 0;
        this.#expects = "length";
        return rest !== undefined;
      }
      case "length":
        this.#expects = this.#restBytes === 0 ? "type" : "rest";
        return byte === this.#restBytes;
      case "rest":
        this.#restBytes -= 1;
        if (this.#restBytes === 0) this.#expects = "type";
        return true;
    }
  }
}
