import type { Rights } from "../acl/rights.ts";
import type { AclToken } from "../model/acl.ts";
import type { Caller } from "./caller.ts";
import type { Registry } from "./registry.ts";

/** A caller with another registry. */
export class PassingCaller implements Caller {
  readonly registry: Registry;
  readonly #caller: Caller;

  constructor(caller: Caller, registry: Registry) {
    this.#caller = caller;
    this.registry = registry;
  }

  get isChecked(): boolean {
    return this.#caller.isChecked;
  }

  get isObserved(): boolean {
    return this.#caller.isObserved;
  }

  get allowsByDefault(): boolean {
    return this.#caller.allowsByDefault;
  }

  get guardsKeyLists(): boolean {
    return this.#caller.guardsKeyLists;
  }

  get bringsToken(): boolean {
    return this.#caller.bringsToken;
  }

  get rights(): Rights {
    return this.#caller.rights;
  }

  get rightsKey(): string {
    return this.#caller.rightsKey;
  }

  get token(): AclToken | undefined {
    return this.#caller.token;
  }

  refresh(): Promise<void> | undefined {
    return this.#caller.refresh();
  }

  prepare(address: () => string | undefined): Promise<void> | undefined {
    return this.#caller.prepare(address);
  }

  admits(address: () => string | undefined): boolean {
    return this.#caller.admits(address);
  }
}
