import type { Line, LineAnswer, LineRequest } from "./line.ts";

/** Returns a faulty answer in place of the agent's, or the agent's own. */
export type Fault = (request: LineRequest, answer: LineAnswer) => LineAnswer;

/** A line that injects a fault, so that the agent seems to have it. */
export function faultyLine(line: Line, fault: Fault): Line {
  return {
    send: async (request) => fault(request, await line.send(request)),
    close: () => line.close(),
  };
}

/** Every hundredth answer to a question is an earlier one. */
export function staleReads(): Fault {
  const earlier = new Map<string, LineAnswer>();
  let reads = 0;
  return (request, answer) => {
    if (request.method !== "GET") return answer;
    const stale = earlier.get(request.path);
    if (reads++ % 20 === 0) earlier.set(request.path, answer);
    return stale !== undefined && reads % 100 === 0 ? stale : answer;
  };
}

/** Every third refused check-and-set or lock is reported as done. */
export function refusalsCalledDone(parameter: "cas" | "acquire"): Fault {
  let refusals = 0;
  return (request, answer) => {
    const isRefusal = request.path.includes(`?${parameter}=`) && answer.body.startsWith("false");
    return isRefusal && ++refusals % 3 === 0 ? { ...answer, body: "true" } : answer;
  };
}
