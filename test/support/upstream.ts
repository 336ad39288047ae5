import {
  decode,
  encode,
  streamEncode,
  TRUNCATED_RESPONSE,
  type Answer,
  type DecodedPacket,
  type Packet,
} from "dns-packet";
import { FrameReader } from "../../src/dns/frames.ts";

export interface Upstream {
  readonly port: number;
  /** The questions received, in the form "udp a.example.com A". */
  readonly asked: readonly string[];
  stop(): void;
}

/** The answer for a name: "silent" sends no answer; otherwise a response code and records. */
export type Said = "silent" | { readonly rcode: number; readonly answers: readonly Answer[] };

/** Starts a DNS server on a local port, which an agent can use as a recursor. */
export async function startUpstream(say: (name: string, type: string) => Said): Promise<Upstream> {
  const asked: string[] = [];
  const answerTo = (packet: Uint8Array, network: "udp" | "tcp"): Packet | undefined => {
    const query = decode(Buffer.from(packet));
    const { name = "", type = "A" } = query.questions?.[0] ?? {};
    asked.push(`${network} ${name} ${type}`);
    const said = say(name.toLowerCase(), type);
    if (said === "silent") return undefined;
    const answer = answerOf(query, said);
    const most = query.additionals?.find((record) => record.type === "OPT")?.udpPayloadSize ?? 512;
    const isTooLong = network === "udp" && encode(answer).length > most;
    return isTooLong ? { ...answer, flags: (answer.flags ?? 0) | TRUNCATED_RESPONSE, answers: [] } : answer;
  };
  const tcp = Bun.listen<FrameReader>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(socket) {
        socket.data = new FrameReader();
      },
      data(socket, bytes) {
        for (const packet of socket.data.read(bytes)) {
          const answer = answerTo(packet, "tcp");
          if (answer) socket.write(streamEncode(answer));
        }
      },
    },
  });
  const udp = await Bun.udpSocket({
    hostname: "127.0.0.1",
    port: tcp.port,
    socket: {
      data(socket, packet, port, address) {
        const answer = answerTo(packet, "udp");
        if (answer) socket.send(encode(answer), port, address);
      },
    },
  });
  return {
    port: tcp.port,
    asked,
    stop() {
      udp.close();
      tcp.stop(true);
    },
  };
}

function answerOf(query: DecodedPacket, { rcode, answers }: Exclude<Said, "silent">): Packet {
  const opt = query.additionals?.filter((record) => record.type === "OPT") ?? [];
  return {
    type: "response",
    id: query.id ?? 0,
    flags: 0x0080 | (query.flag_rd ? 0x0100 : 0) | rcode,
    questions: query.questions ?? [],
    answers: [...answers],
    additionals: opt,
  };
}
