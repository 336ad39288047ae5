import type { CheckOutputs } from "../registry/check-outputs.ts";
import type { Store } from "../registry/store.ts";
import { topics, type Topic } from "../state/topics.ts";
import type { AnswerCache } from "./answer-cache.ts";

/** From now on answers are dropped when a commit touches them or a check that they show prints something else. */
export function invalidateOnChange(
  answers: AnswerCache,
  { store, outputs }: { readonly store: Store; readonly outputs: CheckOutputs },
): void {
  store.onCommit((touched) => {
    answers.touch(touched);
    if (touched.has(topics.coordinates)) answers.touch([topics.distances]);
  });
  outputs.onChange((node, service) => {
    // A node's own check shows with every service on it.
    if (service === "") answers.clear();
    else answers.touch(outputTopics(node, service));
  });
}

function outputTopics(node: string, service: string): readonly Topic[] {
  const statuses = ["passing", "warning", "critical"].map((status) => topics.checksInStatus(status));
  return [topics.service(service), topics.serviceChecks(service), topics.nodeChecks(node), topics.checks, ...statuses];
}
