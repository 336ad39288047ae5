import type { Line, LineAnswer, LineRequest } from "./line.ts";

/** Says something else in place of the agent's answer, or the answer itself. */
export type Fault = (request: LineRequest, answer: LineAnswer) => LineAnswer;

/** A line that a fault sits in: from here the agent looks as if it had the fault. */
export function faultyLine(line: Line, fault: Fault): Line {
  return {
    send: async (request) => fault(request, await line.send(request)),
    close: () => line.close(),
  };
}

/** Each hundredth answer to the same question is one that was right once. */
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

/** Each third check-and-set, or each third lock, that was refused is called done. */
export function refusalsCalledDone(parameter: "cas" | "acquire"): Fault {
  let refusals = 0;
  return (request, answer) => {
    const isRefusal = request.path.includes(`?${parameter}=`) && answer.body.startsWith("false");
    return isRefusal && ++refusals % 3 === 0 ? { ...answer, body: "true" } : answer;
  };
}
