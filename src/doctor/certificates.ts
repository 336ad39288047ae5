import type { Facts, Finding } from "./facts.ts";

const dayS = 86_400;
const criticalS = 7 * dayS;
const warningS = 30 * dayS;

/** Reports TLS certificates of the agent that have expired, or that expire within a week. */
export function endingCertificates({ agent }: Facts): readonly Finding[] {
  return findings(agent, "certificate-ends-now", (seconds) => seconds <= criticalS);
}

/** Reports TLS certificates of the agent that expire within 30 days, but not within a week. */
export function agingCertificates({ agent }: Facts): readonly Finding[] {
  return findings(agent, "certificate-ends-soon", (seconds) => seconds > criticalS && seconds <= warningS);
}

function findings(
  { nodeName, certificates, clockMs }: Facts["agent"],
  kind: string,
  isMeant: (seconds: number) => boolean,
): readonly Finding[] {
  return certificates
    .filter(({ expiresInS }) => isMeant(expiresInS))
    .map(({ files, isAuthority, expiresInS }) => {
      const end = new Date(clockMs + expiresInS * 1_000).toISOString();
      const days = Math.floor(expiresInS / dayS);
      const what = isAuthority ? "A CA certificate" : "The agent's TLS certificate";
      const when = days === 0 ? "in less than a day" : `in ${days} ${days === 1 ? "day" : "days"}`;
      return {
        kind,
        where: `node ${nodeName}, ${files}`,
        problem:
          expiresInS <= 0
            ? `${what} expired at ${end}: clients and agents refuse it.`
            : `${what} expires ${when}, at ${end}.`,
        advice: isAuthority
          ? "Make another CA (praetor tls ca create), add it to the file on all agents, then replace their certificates."
          : "Make another one (praetor tls cert create), replace the files, and let the agent read them: praetor reload.",
      };
    });
}
