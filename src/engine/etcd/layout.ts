/**
 * The keys of a cluster in etcd: a log of batches, and a snapshot of the rows before it, as in a lone server's file. P is the
 * configured prefix, SEQ and N are 14 and 5 hexadecimal digits, so that keys sort as their numbers do.
 *
 *   P/format            the version of this layout: 1
 *   P/leader            the leader's name, under the leader's lease. Its create revision is the number of the term
 *   P/head              JSON of Head: the position and term of the newest batch
 *   P/b/SEQ             the batch at a position: "PARTS TERM CRC\n", then the end of its block
 *   P/p/SEQ/TERM/N      the parts of the block before its end, if it is longer than 512 KiB: 0 to PARTS - 1
 *   P/snapshot          JSON of Snapshot: the position of the newest snapshot
 *   P/s/SEQ/N           the snapshot's rows, in blocks; see snapshot-block.ts
 *
 * A block is rows in the encoding of sqlite/batch-codec.ts. A batch's block ends with the row of the batch's revision. CRC is the
 * CRC-32 of the whole block, in hexadecimal.
 *
 * Every write of a term is a transaction that compares P/leader's create revision with the term (the fence): etcd gives a create
 * revision once, so the write takes effect within the term or never, however late it is run. The transaction that puts a
 * batch and the head also compares the head's mod revision with that of the batch before. So positions have no gap, and the same
 * transaction cannot take effect twice when it is repeated.
 *
 * Parts and blocks mean nothing until a batch or P/snapshot names them: a crash in between leaves keys that no reader uses. The
 * transaction that names a snapshot deletes the earlier snapshot, and the batches up to the position of that earlier one. Then
 * the leader compacts the history of etcd up to the earlier snapshot. So a follower that is one snapshot behind goes on from the
 * log.
 * Compaction concerns all keys of an etcd, which therefore should serve no other program that watches keys.
 *
 * Example: after batch 3 of term 9, of 12 bytes,
 *
 *   praetor/head                = {"seq":3,"term":9,"bytes":90,"ends":[[4,2]]}     (term 4 ended after batch 2)
 *   praetor/b/00000000000003    = "0 9 1c291ca3\n" and 12 bytes
 */
export class Layout {
  readonly format: Uint8Array;
  readonly leader: Uint8Array;
  readonly head: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix.endsWith("/") ? prefix : `${prefix}/`;
    this.format = this.#key("format");
    this.leader = this.#key("leader");
    this.head = this.#key("head");
    this.snapshot = this.#key("snapshot");
  }

  batch(seq: number): Uint8Array {
    return this.#key(`b/${hex(seq)}`);
  }

  /** The first key after the keys of all batches. */
  get batchesEnd(): Uint8Array {
    return this.#key("b0");
  }

  /** Returns the position of a batch's key. */
  seqOf(batchKey: Uint8Array): number {
    return Number.parseInt(Buffer.from(batchKey).toString().slice(`${this.#prefix}b/`.length), 16);
  }

  part(seq: number, term: number, n: number): Uint8Array {
    return this.#key(`p/${hex(seq)}/${hex(term)}/${hex(n, 5)}`);
  }

  /** Returns the key at which the parts of the batches from `seq` on begin. */
  parts(seq: number): Uint8Array {
    return this.#key(`p/${hex(seq)}`);
  }

  block(seq: number, n: number): Uint8Array {
    return this.#key(`s/${hex(seq)}/${hex(n, 5)}`);
  }

  /** Returns the key at which the blocks of the snapshots from `seq` on begin. */
  blocks(seq: number): Uint8Array {
    return this.#key(`s/${hex(seq)}`);
  }

  #key(name: string): Uint8Array {
    return Buffer.from(this.#prefix + name);
  }
}

/** The version of the layout that this program reads and writes. */
export const layoutVersion: number = 1;

/** Maximum bytes of a part and of a snapshot's block. etcd accepts requests up to 1.5 MiB by default. */
export const partBytes: number = 512 * 1024;

export interface Head {
  /** The position of the newest batch. */
  readonly seq: number;
  /** The term that committed that batch. */
  readonly term: number;
  /** The bytes of all batches up to this one, by which a leader knows when a snapshot is due. */
  readonly bytes: number;
  /** The latest earlier terms that committed batches, each with its last position, oldest first; at most `endsMax`. */
  readonly ends: readonly (readonly [term: number, seq: number])[];
}

/** Maximum number of terms in `ends`. */
const endsMax = 8;

export const emptyHead: Head = { seq: 0, term: 0, bytes: 0, ends: [] };

/** Returns the head after one more batch, which is `bytes` long and committed in `term`. */
export function headAfter(
  { seq, term, bytes, ends }: Head,
  next: { readonly term: number; readonly bytes: number },
): Head {
  const before = term === next.term || seq === 0 ? ends : [...ends, [term, seq] as const].slice(-endsMax);
  return { seq: seq + 1, term: next.term, bytes: bytes + next.bytes, ends: before };
}

/**
 * Returns whether the log that ends in `head` has the batch of `term` at `seq`; undefined if so many later terms have committed
 * that the head no longer names `term`.
 */
export function includes(
  head: Head,
  { seq, term }: { readonly seq: number; readonly term: number },
): boolean | undefined {
  const end = head.term === term ? head.seq : head.ends.find((each) => each[0] === term)?.[1];
  if (end !== undefined) return seq <= end;
  const [oldest] = head.ends;
  const forgets = head.ends.length === endsMax && oldest !== undefined && term < oldest[0];
  return forgets ? undefined : false;
}

export interface Snapshot {
  /** The position of the newest batch whose changes the blocks contain. */
  readonly seq: number;
  /** The revision of that batch. */
  readonly revision: number;
  /** The number of the keys that hold the blocks. */
  readonly keys: number;
  /** The bytes of the values of those keys. */
  readonly bytes: number;
  /** The `bytes` of the head when its position was `seq`. */
  readonly logBytes: number;
}

export const emptySnapshot: Snapshot = { seq: 0, revision: 0, keys: 0, bytes: 0, logBytes: 0 };

function hex(value: number, digits = 14): string {
  return value.toString(16).padStart(digits, "0");
}
