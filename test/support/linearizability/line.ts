export interface LineRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: string;
}

export interface LineAnswer {
  readonly status: number;
  /** The number in the header X-Consul-Index; NaN when the header is missing. */
  readonly index: number;
  readonly body: string;
}

/** A client's connection to the agent, for one request at a time. It never repeats a request. */
export interface Line {
  /**
   * Sends the request and resolves with the answer.
   * @throws LineBroken when no answer will come; the next request may reach the agent again
   */
  send(request: LineRequest): Promise<LineAnswer>;
  close(): void;
}

export class LineBroken extends Error {
  /** Whether the agent may have received the request. */
  readonly wasSent: boolean;

  constructor(wasSent: boolean) {
    super(wasSent ? "the connection broke before the answer came" : "nobody listens");
    this.wasSent = wasSent;
  }
}
