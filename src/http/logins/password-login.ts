import { loginRefused, type LoginIdentity } from "../../acl/login-identity.ts";
import type { Clock } from "../../lib/clock.ts";
import { OperatingError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { LogThrottle } from "../../lib/log-throttle.ts";
import type { Meter } from "../../lib/metrics.ts";
import { hashPassword, isPasswordOf, passwordLengthMax, unknownPasswordHash } from "../../lib/password-hash.ts";
import { secretBytes } from "../../lib/secret-bytes.ts";
import { Turns } from "../../lib/turns.ts";
import type { AclUserRow } from "../../model/acl.ts";
import { noteUsed, TriedSecrets } from "../../registry/tried-secrets.ts";

interface PasswordLoginsOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Counts the logins that are refused unseen. */
  readonly refused: Pick<Meter, "add">;
}

export interface PasswordAsked {
  /** The name of the auth method. */
  readonly method: string;
  /** The user's name and password with a colon between them, as in HTTP's Basic authentication (RFC 7617, 2). */
  readonly bearer: string;
  /** The address of the client; undefined on a unix socket. */
  readonly address: string | undefined;
  /** Returns the user with this name, as the leader knows it. */
  readonly find: (name: string) => AclUserRow | undefined;
}

interface Attempt {
  readonly asked: PasswordAsked;
  /** Names user and password, and tells nothing about them. */
  readonly digest: string;
  readonly name: string;
  readonly password: string;
  readonly user: AclUserRow | undefined;
}

/** Maximum number of different wrong passwords in a minute: from one address, and for one user. */
export const wrongMax = 10;
/** Maximum number of hashes that are computed at a time; each takes a thread and 19 MiB. */
const computedMax = 2;
/** Maximum number of logins that wait for that; further ones are refused. */
const waitingMax = 30;
/** More places than logins that a machine can check within a minute, so that no count is forgotten before its minute ends. */
const placesMax = 10_000;

/**
 * Checks the passwords of the users of auth methods of type "userpass".
 *
 * Hashes are computed by threads of the runtime, a few at a time, so a flood of logins neither stops the agent nor takes its
 * memory. An unknown user costs the same time as a known one, and counts the same.
 *
 * A password counts as wrong from the time when its check begins until it has proved right, so that logins at the same time cannot
 * exceed the limits. One that was wrong is wrong for the rest of its minute, without a check and without counting again, as a program
 * sends it that has an old password. An address from which a user has logged in is not refused for the wrong passwords that others
 * send for this user, so they cannot lock the user out.
 */
export class PasswordLogins {
  readonly #options: PasswordLoginsOptions;
  readonly #addresses: TriedSecrets;
  readonly #users: TriedSecrets;
  readonly #throttle: LogThrottle;
  /** The checks in progress, by digest. */
  readonly #checks = new Map<string, Promise<boolean>>();
  readonly #turns = new Turns(computedMax);
  readonly #digestKey = secretBytes(32);
  readonly #unknownHash = unknownPasswordHash();

  constructor(options: PasswordLoginsOptions) {
    this.#options = options;
    this.#addresses = new TriedSecrets(options.clock, placesMax);
    this.#users = new TriedSecrets(options.clock, placesMax);
    this.#throttle = new LogThrottle(options.clock);
  }

  /** Returns the hash of a new password. @throws OperatingError rate-limited "too-many-logins" */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => hashPassword(password));
  }

  /**
   * Returns who has sent these credentials, and the user's row.
   * @throws OperatingError forbidden "wrong-password"; denied "login-refused" for credentials of another form; rate-limited
   * "too-many-logins"
   */
  async identify(asked: PasswordAsked): Promise<{ readonly identity: LoginIdentity; readonly user: AclUserRow }> {
    const at = asked.bearer.indexOf(":");
    const [name, password] = [asked.bearer.slice(0, Math.max(at, 0)), asked.bearer.slice(at + 1)];
    if (name === "" || password === "" || password.length > passwordLengthMax)
      throw loginRefused("the bearer token of this auth method must be a user's name and password: NAME:PASSWORD");
    const user = asked.find(name);
    const digest = this.#digestOf([asked.method, name.toLowerCase(), user?.modifyIndex, password]);
    const isRight = await (this.#checks.get(digest) ?? this.#check({ asked, digest, name, password, user }));
    if (!isRight || !user) throw new OperatingError("forbidden", "wrong-password", wrongPassword);
    const { groups } = user;
    const identity = {
      fields: { value: { name: user.name, groups } },
      variables: new Map([["value.name", user.name]]),
    };
    return { identity, user };
  }

  /** @throws OperatingError rate-limited */
  #check(attempt: Attempt): Promise<boolean> {
    const { asked, digest, name, password, user } = attempt;
    const place = asked.address ?? "a unix socket";
    const fromAddress = this.#addresses.at(place);
    const forUser = this.#users.at(JSON.stringify([asked.method.toLowerCase(), name.toLowerCase()]));
    if (fromAddress.unknown.has(digest)) return Promise.resolve(false);
    const isSpent =
      fromAddress.unknown.size >= wrongMax || (forUser.unknown.size >= wrongMax && !forUser.used.has(place));
    if (isSpent) throw this.#tooMany(place);
    const forget = (): void => {
      fromAddress.unknown.delete(digest);
      forUser.unknown.delete(digest);
    };
    fromAddress.unknown.add(digest);
    forUser.unknown.add(digest);
    const check = this.#inTurn(() => isPasswordOf(user?.passwordHash ?? this.#unknownHash, password))
      .then(
        (isRight) => {
          if (!isRight || !user) return false;
          forget();
          noteUsed(forUser, place);
          return true;
        },
        (error: unknown) => {
          forget();
          throw error;
        },
      )
      .finally(() => this.#checks.delete(digest));
    this.#checks.set(digest, check);
    return check;
  }

  /** @throws OperatingError rate-limited "too-many-logins" if too many wait already */
  async #inTurn<T>(compute: () => Promise<T>): Promise<T> {
    if (this.#turns.waiting >= waitingMax) throw tooMany("Too many logins at this moment: try again in a minute");
    return this.#turns.run(compute);
  }

  #tooMany(address: string): OperatingError {
    this.#options.refused.add(1);
    if (this.#throttle.isNew(address))
      this.#options.log.warn("Too many wrong passwords: logins are refused for up to a minute", { address });
    return tooMany("Too many wrong passwords from your address or for this user: try again in a minute");
  }

  #digestOf(parts: readonly unknown[]): string {
    return new Bun.CryptoHasher("sha256", this.#digestKey).update(JSON.stringify(parts)).digest("base64");
  }
}

const wrongPassword = "Permission denied: the user's name or password is wrong";

function tooMany(why: string): OperatingError {
  return new OperatingError("rate-limited", "too-many-logins", why);
}
