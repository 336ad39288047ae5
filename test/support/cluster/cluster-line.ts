import { type Line, type LineAnswer, LineBroken, type LineRequest } from "../linearizability/line.ts";
import { SocketLine } from "../linearizability/socket-line.ts";
import { patienceMs } from "../patience.ts";
import type { ClusterAgent } from "./cluster-agent.ts";

/** How long a client waits for an answer before it turns to another agent, in milliseconds on a quiet machine. */
const answerMs = 10_000;

/**
 * A client's connection to one agent of a cluster after the other. It turns to the next one when the connection breaks, when an
 * answer does not come, and when the agent answers that it does not know what became of a request, as one without a leader does.
 */
export class ClusterLine implements Line {
  readonly #agents: readonly ClusterAgent[];
  #at: number;
  #line: SocketLine | undefined;

  /** @param first the position of the agent that the client asks first */
  constructor(agents: readonly ClusterAgent[], first: number) {
    this.#agents = agents;
    this.#at = first;
  }

  async send(request: LineRequest): Promise<LineAnswer> {
    this.#line ??= new SocketLine(this.#agents[this.#at % this.#agents.length]?.socket ?? "");
    const line = this.#line;
    const late = setTimeout(() => line.close(), patienceMs(answerMs));
    try {
      const answer = await line.send(request);
      if (isAnswer(answer)) return answer;
    } catch (error) {
      this.#turn();
      throw error;
    } finally {
      clearTimeout(late);
    }
    this.#turn();
    throw new LineBroken(true);
  }

  close(): void {
    this.#line?.close();
  }

  #turn(): void {
    this.close();
    this.#line = undefined;
    this.#at += 1;
  }
}

/** Returns whether the answer says what became of the request: Consul refuses a session that has ended with status 500. */
function isAnswer({ status, body }: LineAnswer): boolean {
  return status < 500 || body.includes("invalid session");
}
