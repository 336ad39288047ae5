/**
 * The variables and flags that set how a command reaches the agent, each with valid values. Two that only work together
 * are one item of this list: "A+B" with values "a+b".
 */
export const parameters: Readonly<Record<string, readonly string[]>> = {
  CONSUL_HTTP_ADDR: [
    "127.0.0.1:{http}",
    "http://localhost:{http}",
    "https://localhost:{https}",
    "localhost:{https}",
    "unix://{socket}",
    "0.0.0.0:{http}",
    "https://0.0.0.0:{https}",
  ],
  "-http-addr": ["localhost:{http}", "https://localhost:{https}", "unix://{socket}", "http://0.0.0.0:{http}"],
  CONSUL_HTTP_SSL: ["true", "0", "nonsense"],
  CONSUL_HTTP_SSL_VERIFY: ["false", "1"],
  CONSUL_CACERT: ["{ca}", "{otherCa}"],
  "-ca-file": ["{ca}"],
  CONSUL_CAPATH: ["{caFolder}", "{otherCaFolder}"],
  "-ca-path": ["{caFolder}"],
  "CONSUL_CLIENT_CERT+CONSUL_CLIENT_KEY": ["{cert}+{key}"],
  "-client-cert+-client-key": ["{cert2}+{key2}"],
  CONSUL_TLS_SERVER_NAME: ["localhost", "other.example"],
  "-tls-server-name": ["localhost"],
  CONSUL_HTTP_TOKEN: ["from-env"],
  "-token": ["from-flag"],
  CONSUL_HTTP_TOKEN_FILE: ["{token}", "{empty}"],
  "-token-file": ["{token2}"],
  CONSUL_HTTP_AUTH: ["op:secret", "op", "op:se:cret", ":"],
  CONSUL_NAMESPACE: ["team one"],
  HTTP_PROXY: ["http://127.0.0.1:{proxy}", "127.0.0.1:{proxy}", "http://me:p%40ss@127.0.0.1:{proxy}"],
  http_proxy: ["http://lower@127.0.0.1:{proxy}"],
  HTTPS_PROXY: ["http://secure@127.0.0.1:{proxy}"],
  https_proxy: ["http://lower-secure@127.0.0.1:{proxy}"],
  NO_PROXY: ["*", "0.0.0.0", "10.0.0.0/8,0.0.0.0:1", "example.com"],
  no_proxy: ["0.0.0.0/8", "localhost"],
};

const at = (address: string, ...more: readonly (readonly [string, string])[]): ReadonlyMap<string, string> =>
  new Map([["CONSUL_HTTP_ADDR", address], ...more]);

/** Sets of variables and flags with which a command fails, whatever the other variables and flags are. */
export const refused: readonly ReadonlyMap<string, string>[] = [
  at("http://127.0.0.1:{http}/prefix"),
  at("127.0.0.1:{http}/prefix"),
  at("ftp://127.0.0.1:{http}"),
  at("unix://{missing}"),
  at("127.0.0.1:1"),
  at("https://127.0.0.1:{http}"),
  at("http://127.0.0.1:{https}"),
  at("https://localhost:{https}"),
  at("https://127.0.0.1:{https}", ["CONSUL_CACERT", "{ca}"]),
  at("https://localhost:{https}", ["CONSUL_CACERT", "{ca}"], ["CONSUL_TLS_SERVER_NAME", "other.example"]),
  at("0.0.0.0:{http}", ["HTTP_PROXY", "http://127.0.0.1:1"]),
  at("https://0.0.0.0:{https}", ["HTTPS_PROXY", "http://127.0.0.1:1"]),
  at("0.0.0.0:{http}", ["HTTP_PROXY", "http://127.0.0.1:{proxy}"], ["REQUEST_METHOD", "GET"]),
  at("127.0.0.1:{http}", ["HTTP_PROXY", "http://127.0.0.1:{proxy}"], ["REQUEST_METHOD", "GET"]),
  ...["127.0.0.1:{http}", "https://localhost:{https}", "unix://{socket}"].flatMap((address) => [
    at(address, ["CONSUL_CACERT", "{missing}"]),
    at(address, ["CONSUL_CACERT", "{text}"]),
    at(address, ["CONSUL_CACERT", "{empty}"]),
    at(address, ["CONSUL_CAPATH", "{missing}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{cert}"]),
    at(address, ["CONSUL_CLIENT_KEY", "{key}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{missing}"], ["CONSUL_CLIENT_KEY", "{key}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{cert}"], ["CONSUL_CLIENT_KEY", "{missing}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{text}"], ["CONSUL_CLIENT_KEY", "{key}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{cert}"], ["CONSUL_CLIENT_KEY", "{text}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{cert}"], ["CONSUL_CLIENT_KEY", "{key2}"]),
    at(address, ["CONSUL_CLIENT_CERT", "{cert2}"], ["CONSUL_CLIENT_KEY", "{key}"], ["-client-cert", "{cert}"]),
    at(address, ["CONSUL_HTTP_TOKEN_FILE", "{missing}"]),
    at(address, ["CONSUL_HTTP_TOKEN_FILE", "{missing}"], ["CONSUL_HTTP_TOKEN", "from-env"]),
    at(address, ["CONSUL_HTTP_TOKEN_FILE", "{missing}"], ["CONSUL_CACERT", "{missing}"]),
  ]),
];

/** The values of NO_PROXY that are tried with each of `proxiedAddresses` while HTTP_PROXY is set. */
export const noProxies: readonly string[] = [
  ...["", "*", "x,*", "**", "*gateway.test", "test", ".test", "*.", ".", ":8500", "teway.test", "GATEWAY.test"],
  ...["gateway.test", ".gateway.test", "*.gateway.test", " gateway.test ,x", "gateway.test:8500", "gateway.test:80"],
  ...["gateway.test:", ".gateway.test:8500", "http://gateway.test", "10.0.0.0/8", "10.1.2.3/33", "10.1.2.3"],
  ...["10.1.2.3:8500", "10.1.2.3:80", "10.1.2.", "2001:db8::/32", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:8500"],
  ...["2001:0db8::0001", "::ffff:10.1.2.3", "10.1.2.3 10.1.2.4"],
];
export const proxiedAddresses: readonly string[] = [
  ...[
    "gateway.test:8500",
    "gateway.test",
    "sub.gateway.test:8500",
    "notgateway.test:8500",
    "https://gateway.test:8501",
  ],
  ...["10.1.2.3:8500", "[2001:db8::1]:8500", "0.0.0.0:1", "169.254.1.1:8500", "foo.localhost:8500"],
  ...["localhost:1", "127.0.0.1:1", "127.255.1.2:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "[::ffff:10.1.2.3]:8500"],
];
