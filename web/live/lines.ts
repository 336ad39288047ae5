import { api } from "./place.ts";
import { token } from "./session.ts";

/**
 * Follows a stream of text lines until the returned function is called, or until the agent ends it.
 * @param path the address below the API: "v1/agent/monitor"
 * @param take gets the lines that came since it was called last
 */
export function followLines(path: string, take: (lines: readonly string[]) => void): () => void {
  const gone = new AbortController();
  void follow(path, { take, signal: gone.signal }).catch(() => {
    // The shell shows that the connection is lost; the screen reads the lines again when the agent is back.
  });
  return () => gone.abort();
}

interface Following {
  readonly take: (lines: readonly string[]) => void;
  readonly signal: AbortSignal;
}

async function follow(path: string, { take, signal }: Following): Promise<void> {
  const secret = token.peek();
  const response = await fetch(api.href + path, {
    headers: secret === "" ? {} : { "X-Consul-Token": secret },
    cache: "no-store",
    signal,
  });
  if (!response.ok || !response.body) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    if (lines.length > 0) take(lines);
  }
}
