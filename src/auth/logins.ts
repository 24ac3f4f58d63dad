/** Checks names and passwords. */
import { createHmac, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import type { Accounts } from './accounts.ts';
import { BcryptThread } from './bcrypt-thread.ts';
import { LoginThrottle } from './login-throttle.ts';

export type Login =
  | { readonly state: 'right' }
  | { readonly state: 'wrong' }
  /** Not looked at; may be tried again in so many ms. */
  | { readonly state: 'slowed'; readonly retryAfter: number };

/** `pulls`: for a token that is good for pulls alone; guesses are counted apart. */
export type LoginPurpose = 'pulls' | 'anything';

export interface LoginAttempt {
  readonly name: string;
  readonly password: string;
  readonly address: string;
  readonly purpose?: LoginPurpose;
}

export interface LoginEvents {
  /** `account` is undefined where there is none of that name: people type passwords there, and other registries' names. */
  loginFailed(login: {
    readonly account: string | undefined;
    readonly address: string;
    readonly slowed: boolean;
  }): void;
}

/** Clients that sign in with each request, such as curl, are not hashed each time. */
const MAX_REMEMBERED = 10_000;
/** At a quarter of a second each, whoever comes behind these would wait for longer than clients do. */
const MAX_PENDING = 60;
const BUSY_RETRY_MS = 2_000;

export class Logins {
  readonly #accounts: Accounts;
  readonly #events: LoginEvents;
  /** Apart, so that daemons which send another registry's login with each pull slow down nobody who signs in. */
  readonly #throttles: Readonly<Record<LoginPurpose, LoginThrottle>>;
  readonly #bcrypt = new BcryptThread();
  /** Passwords are known by a keyed hash alone, whose key never leaves this process. */
  readonly #key = randomBytes(32);
  readonly #right = new LRUCache<string, true>({ max: MAX_REMEMBERED });
  readonly #checks = new Map<string, Promise<Login>>();

  constructor(accounts: Accounts, clock: Clock, events: LoginEvents) {
    this.#accounts = accounts;
    this.#events = events;
    this.#throttles = { pulls: new LoginThrottle(clock), anything: new LoginThrottle(clock) };
  }

  /** `address` is the client's; guesses are counted by it. */
  async check({ name, password, address, purpose = 'anything' }: LoginAttempt): Promise<Login> {
    const hash = this.#accounts.hashOf(name);
    // The account's hash is part of it: what was right for another password is no longer known.
    const fingerprint = createHmac('sha256', this.#key)
      .update(JSON.stringify([name, password, hash]))
      .digest('base64');
    if (this.#right.get(fingerprint)) return { state: 'right' };
    const running = this.#checks.get(fingerprint);
    if (running) return running;
    const check = this.#checkNew({ name, password, address, purpose }, hash).finally(() =>
      this.#checks.delete(fingerprint),
    );
    this.#checks.set(fingerprint, check);
    const login = await check;
    if (login.state === 'right') this.#right.set(fingerprint, true);
    return login;
  }

  /** Checks that are still running reject. */
  close(): Promise<void> {
    return this.#bcrypt.close();
  }

  async #checkNew(
    { name, password, address, purpose }: Required<LoginAttempt>,
    hash: string | undefined,
  ): Promise<Login> {
    const throttle = this.#throttles[purpose];
    const account = hash === undefined ? undefined : name;
    const busy = this.#bcrypt.pending >= MAX_PENDING ? BUSY_RETRY_MS : 0;
    const wait = busy > 0 ? busy : throttle.admit(name, address);
    if (wait > 0) {
      this.#events.loginFailed({ account, address, slowed: true });
      return { state: 'slowed', retryAfter: wait };
    }
    // An unknown name takes as long as a known one, or the time would tell which exist.
    const equal = await this.#bcrypt.compare(password, hash ?? this.#accounts.decoy);
    if (equal && hash !== undefined) {
      throttle.succeeded(name, address);
      return { state: 'right' };
    }
    this.#events.loginFailed({ account, address, slowed: false });
    return { state: 'wrong' };
  }
}
