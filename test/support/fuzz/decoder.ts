import { CommandFailure } from "../../../src/cli/command-failure.ts";
import { RulesError } from "../../../src/acl/rules.ts";
import { HttpError } from "../../../src/http/http-error.ts";
import { OperatingError } from "../../../src/lib/errors.ts";
import { GoUrlError } from "../../../src/lib/go-url.ts";

/** A decoder of octets from outside the process. */
export interface Decoder {
  /** The name of the decoder and of its corpus folder. */
  readonly name: string;
  /** Fragments of the input language, from which the mutator builds inputs. */
  readonly words: readonly string[];
  /**
   * Decodes the input.
   * @throws any error of the decoder
   */
  run(octets: Uint8Array): unknown;
}

/** Returns whether a thrown value is one of the errors with which a decoder may refuse an input. */
export function isRefusal(thrown: unknown): thrown is Error {
  return [CommandFailure, OperatingError, HttpError, GoUrlError, RulesError].some((kind) => thrown instanceof kind);
}

/** Decodes, and ignores a refusal, so that the next decoder of the same input runs, too. */
export function ignoreRefusal(decode: () => unknown): void {
  try {
    decode();
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
  }
}
