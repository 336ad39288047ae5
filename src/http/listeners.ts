import { isDeepStrictEqual } from "node:util";
import { listen, type HttpServer, type ListenOptions } from "./server.ts";

export interface ListenersOptions extends Pick<ListenOptions, "socketOwner" | "router" | "clock" | "log"> {
  /** The addresses and port of HTTP. Without addresses, HTTP is not served. */
  readonly http: Binding;
  readonly https: Binding & { readonly tls: Bun.TLSOptions };
}

type Binding = Pick<ListenOptions, "addresses" | "port">;

/** All listeners of HTTP and HTTPS. */
export interface Listeners {
  readonly addresses: readonly string[];
  /** Makes the listeners of HTTPS use other certificates for new connections. */
  secure(tls: Bun.TLSOptions): Promise<void>;
  /** Stops accepting connections until `resume`. */
  pause(): void;
  /** Accepts connections again. @throws OperatingError naming the address that is not available; a caller may try again */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Listens on all addresses of HTTP and HTTPS, or on none.
 * @throws OperatingError naming the address that cannot be used
 */
export async function openListeners({ http, https, ...options }: ListenersOptions): Promise<Listeners> {
  const shared = { ...options, listening: { name: "HTTP", portFlags: "-http-port, -https-port" } as const };
  let tls = https.addresses.length === 0 ? undefined : https.tls;
  const opened: HttpServer[] = [];
  const warnWithoutCertificate = (): void => {
    if (tls && !tls.cert) options.log.warn(noCertificate, { addresses: https.addresses.join(" "), port: https.port });
  };
  const stop = async (): Promise<void> => void (await Promise.all(opened.map((server) => server.stop())));
  try {
    if (http.addresses.length > 0) opened.push(await listen({ ...http, ...shared }));
    const secured = tls && (await listen({ ...https, ...shared, tls }));
    if (secured) opened.push(secured);
    warnWithoutCertificate();
    return {
      addresses: opened.flatMap((server) => server.addresses),
      async secure(next) {
        if (!secured || isDeepStrictEqual(next, tls)) return;
        tls = next;
        await secured.listenAnew(next);
        warnWithoutCertificate();
      },
      pause: () => opened.forEach((server) => server.pause()),
      async resume() {
        for (const server of opened) await server.resume();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

const noCertificate =
  "HTTPS has no certificate, so that every TLS handshake fails: set cert_file and key_file and reload, or set ports.https to -1";
