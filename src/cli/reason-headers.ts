/** Returns the header in which a command tells an agent why it changes keys; none without a reason. */
export function reasonHeaders(reason = ""): Readonly<Record<string, string>> {
  return reason === "" ? {} : { "X-Praetor-Reason": encodeURIComponent(reason) };
}
