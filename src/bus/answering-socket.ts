import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** The answers to who publishes and never subscribes, by their first byte: how many bytes follow the length. */
const answers: ReadonlyMap<number, number> = new Map([
  [0x20, 2], // the connection is taken, or refused
  [0x40, 2], // a message is acknowledged
  [0xd0, 0], // it is alive
]);

/**
 * A socket that lets through what an MQTT broker may answer to who only publishes, and ends at anything else. So a broker
 * that sends messages, endless packets or noise costs no memory; and nothing else reaches the MQTT client, whose faults
 * with noise would end the process.
 */
export class AnsweringSocket extends Duplex {
  readonly #socket: Socket;
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
    // When it cannot be written, the socket ends, and says why.
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
      this.destroy(new Error("the broker sends what nobody has asked for"));
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
