import type { Line, LineAnswer, LineRequest } from "./line.ts";

/** Returns a wrong answer in place of the agent's, or the agent's answer unchanged. */
export type Fault = (request: LineRequest, answer: LineAnswer) => LineAnswer;

/** Returns a connection that passes each answer through `fault`, so that the agent seems to have the fault. */
export function faultyLine(line: Line, fault: Fault): Line {
  return {
    send: async (request) => fault(request, await line.send(request)),
    close: () => line.close(),
  };
}

/** Returns a fault that replaces every hundredth answer to a read by an earlier answer to the same read. */
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

/** Returns a fault that reports every third refused check-and-set or lock as done. */
export function refusalsCalledDone(parameter: "cas" | "acquire"): Fault {
  let refusals = 0;
  return (request, answer) => {
    const isRefusal = request.path.includes(`?${parameter}=`) && answer.body.startsWith("false");
    return isRefusal && ++refusals % 3 === 0 ? { ...answer, body: "true" } : answer;
  };
}
