import { connect } from "node:net";

/** Polls a path over one connection, and reads the answers into the same memory again and again. */
export class Poller {
  readonly #socket: ReturnType<typeof connect>;
  readonly #request: string;
  #head = "";
  /** What is still to come of the answer; `undefined` until its head has been read. */
  #left: number | undefined;
  #answered: ((bytes: number) => void) | undefined;
  #bytes = 0;

  constructor(port: number, path: string) {
    this.#request = `GET ${path} HTTP/1.1\r\nHost: master\r\n\r\n`;
    const onread = {
      buffer: Buffer.allocUnsafe(1 << 20),
      callback: (bytes: number, buffer: Uint8Array) => {
        this.#take(buffer.subarray(0, bytes));
        return true;
      },
    };
    this.#socket = connect({ port, host: "127.0.0.1", onread });
    this.#socket.on("error", () => this.#socket.destroy());
  }

  /** Asks once more; resolves with the size of the answer. */
  poll(): Promise<number> {
    this.#head = "";
    this.#left = undefined;
    this.#socket.write(this.#request);
    return new Promise((resolve) => {
      this.#answered = resolve;
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: Uint8Array): void {
    let body = bytes.length;
    if (this.#left === undefined) {
      this.#head += Buffer.from(bytes).toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end < 0) return;
      this.#bytes = Number(/content-length: (\d+)/i.exec(this.#head)?.[1]);
      this.#left = this.#bytes;
      body = this.#head.length - end - 4;
    }
    this.#left -= body;
    if (this.#left <= 0) this.#answered?.(this.#bytes);
  }
}
