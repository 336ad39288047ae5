const octet = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const ipv4 = new RegExp(`^${octet}(?:\\.${octet}){3}$`);

/**
 * Returns 4 or 6 for an IP address without a zone, otherwise 0. isIP of node:net is not used: that module takes 4 MiB.
 */
export function ipVersion(text: string): 0 | 4 | 6 {
  if (ipv4.test(text)) return 4;
  return isIpv6(text) ? 6 : 0;
}

/**
 * Returns whether the text is an IPv6 address. RFC 4291, 2.2: eight groups; "::" may replace one run of groups that are 0, and an
 * IPv4 address may replace the last two groups.
 */
function isIpv6(text: string): boolean {
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  const groups = ipv4.test(tail) ? `${text.slice(0, lastColon + 1)}0:0` : text;
  const halves = groups.split("::").map((half) => (half === "" ? [] : half.split(":")));
  const all = halves.flat();
  if (lastColon < 0 || halves.length > 2 || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? all.length <= 7 : all.length === 8;
}
