import { type DescMessage, create, toBinary } from "@bufbuild/protobuf";
import { frameOf } from "../../src/engine/etcd/grpc-frame.ts";
import type { EtcdCall } from "./bench-etcd.ts";

/*
 * The octets of calls by gRPC, for a client in native code that has no HTTP/2 of its own. Fields of a header are literals without
 * Huffman's code (RFC 7541, 6.2.2), and frames are those of RFC 9113.
 */

const [data, headers, settings] = [0, 1, 4] as const;
const endOfStream = 1;
const endOfHeaders = 4;

/** The octets that a client sends first on a connection: the preface, and settings of which none differs from its default. */
export const opening: Buffer = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  http2Frame(settings, 0, { stream: 0, payload: Buffer.alloc(0) }),
]);

/**
 * Returns the octets of a call with one message.
 * @param stream the number of its stream, which is odd and higher than those before it on the connection
 * @param isOpen whether the client keeps its side of the call open, as a watcher does
 */
export function grpcCall<Input extends DescMessage>(
  { path, schema, message }: EtcdCall<Input>,
  { stream, isOpen = false }: { readonly stream: number; readonly isOpen?: boolean },
): Buffer {
  const fields = [
    ...[":method", "POST", ":scheme", "http", ":path", path, ":authority", "127.0.0.1"],
    ...["content-type", "application/grpc", "te", "trailers"],
  ];
  const lines = Array.from({ length: fields.length / 2 }, (_none, at) =>
    Buffer.concat([Buffer.of(0), ...fields.slice(2 * at, 2 * at + 2).map(literal)]),
  );
  const body = frameOf(toBinary(schema, create(schema, message)));
  return Buffer.concat([
    http2Frame(headers, endOfHeaders, { stream, payload: Buffer.concat(lines) }),
    http2Frame(data, isOpen ? 0 : endOfStream, { stream, payload: body }),
  ]);
}

/** A text of less than 127 octets after its length. */
function literal(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), Buffer.from(text)]);
}

function http2Frame(
  kind: number,
  flags: number,
  { stream, payload }: { readonly stream: number; readonly payload: Buffer },
): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = kind;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}
