/** Go's texts for TLS alerts, by number (RFC 8446, 6). */
const alertTexts: Readonly<Record<number, string>> = {
  10: "unexpected message",
  20: "bad record MAC",
  21: "decryption failed",
  22: "record overflow",
  30: "decompression failure",
  40: "handshake failure",
  42: "bad certificate",
  43: "unsupported certificate",
  44: "revoked certificate",
  45: "expired certificate",
  46: "unknown certificate",
  47: "illegal parameter",
  48: "unknown certificate authority",
  49: "access denied",
  50: "error decoding message",
  51: "error decrypting message",
  60: "export restriction",
  70: "protocol version not supported",
  71: "insufficient security level",
  80: "internal error",
  86: "inappropriate fallback",
  90: "user canceled",
  100: "no renegotiation",
  109: "missing extension",
  110: "unsupported extension",
  112: "unrecognized name",
  113: "bad certificate status response",
  115: "unknown PSK identity",
  116: "certificate required",
  120: "no application protocol",
};

const closeNotify = 0;
const tooOld =
  "the server speaks no TLS 1.2; update it, or let the check skip verification: then it accepts TLS 1.0 and 1.1, too";
const wantsCertificate = "the server wants a client certificate, and checks have none";

/** Advice for an operator, by the number of a common TLS alert. */
const advice: Readonly<Record<number, string>> = {
  40: `no common cipher, or ${wantsCertificate}`,
  42: wantsCertificate,
  70: tooOld,
  112: "the server has no certificate for the name in the URL",
  116: wantsCertificate,
};

/** BoringSSL's error code for a received TLS alert is the alert's number plus this offset. */
const alertOffset = 1000;

/** Returns Go's text for BoringSSL's message "error:1000042e:SSL routines:OPENSSL_internal:TLSV1_ALERT_...". */
export function handshakeFailureText(message: string): string {
  const [, code = "", name] = /error:1000([0-9a-f]{4}):SSL routines:\w*:(\w+)/.exec(message) ?? [];
  if (name === undefined) return `tls: ${message}`;
  if (name === "UNSUPPORTED_PROTOCOL" || name === "WRONG_SSL_VERSION")
    return `tls: server selected unsupported protocol version (${tooOld})`;
  const alert = Number.parseInt(code, 16) - alertOffset;
  if (alert < 0) return `tls: ${name.toLowerCase().replaceAll("_", " ")}`;
  if (alert === closeNotify) return "EOF";
  const note = advice[alert];
  return `remote error: tls: ${alertTexts[alert] ?? `alert(${alert})`}${note === undefined ? "" : ` (${note})`}`;
}
