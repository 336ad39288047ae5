/**
 * The kinds of error, each with a pattern of a command's message on standard error. The first pattern that matches
 * counts.
 */
const kinds: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ["unknown scheme", /unknown protocol scheme/i],
  ["more than a host and a port", /lookup \S+\/prefix: no such host|has more than a host and a port/],
  ["no such file", /no such file or directory/],
  ["no PEM", /failed to find any PEM|Error loading CA/],
  ["certificate without key or key without certificate", /both client cert and client key must be provided/],
  ["key of another certificate", /private key does not match public key/],
  ["untrusted", /certificate signed by unknown authority/],
  ["other name", /certificate is valid for|doesn't contain any IP SANs/],
  ["plain text where TLS is expected", /server gave HTTP response to HTTPS client|speak TLS on this port/],
  ["TLS where plain text is expected", /malformed HTTP response|EOF|connection closed before the whole answer/],
  ["proxy refused", /proxyconnect tcp: .*connection refused/],
  ["refused", /connection refused/],
  ["CGI", /CGI environment/],
];

export function errorKind(text: string): string {
  return kinds.find(([, pattern]) => pattern.test(text))?.[0] ?? text;
}
