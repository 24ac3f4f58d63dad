import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, errorAnswer, jsonAnswer } from './fake-upstream-answer.ts';

export interface FakeAuth {
  readonly scheme: 'bearer' | 'basic';
  /** Demanded for a token (bearer) or on each request (basic); without them tokens are given to anybody. */
  readonly username?: string;
  readonly password?: string;
  /** Seconds; left out of the token answer where undefined. */
  readonly expiresIn?: number;
  /** The field of the token answer. */
  readonly field?: 'token' | 'access_token';
  /** Instead of the right one: what the challenge names as realm. */
  readonly realm?: string;
  /** Instead of the whole challenge. */
  readonly challenge?: string;
}

const SERVICE = 'fake registry, "quoted"';

/** Gives tokens and checks them. */
export class FakeAuthServer {
  settings: FakeAuth | undefined;
  /** Where tokens are given. */
  realm = '';
  readonly #tokens = new Map<string, string>();

  constructor(settings: FakeAuth | undefined) {
    this.settings = settings;
  }

  /** Every token given so far is refused from now on. */
  revokeTokens(): void {
    this.#tokens.clear();
  }

  /** The refusal, or undefined where the request may pass. */
  check(request: IncomingMessage, scope: string): Answer | undefined {
    if (this.settings === undefined) return undefined;
    const { scheme, realm, challenge } = this.settings;
    const sent = request.headers.authorization ?? '';
    if (scheme === 'basic') {
      return this.#isUser(sent) ? undefined : denied(challenge ?? 'Basic realm="fake"');
    }
    const given = this.#tokens.get(sent.replace(/^Bearer /, ''));
    if (given !== undefined && (scope === '' || given === scope)) return undefined;
    const scopePart = scope === '' ? '' : `,scope="${scope}"`;
    return denied(
      challenge ??
        `Bearer realm="${realm ?? this.realm}",service="${SERVICE.replaceAll('"', '\\"')}"${scopePart}`,
    );
  }

  token(request: IncomingMessage, query: URLSearchParams): Answer {
    const { settings } = this;
    const authorization = request.headers.authorization;
    if (settings?.username !== undefined && !this.#isUser(authorization ?? '')) {
      return denied('Basic realm="token"');
    }
    if (query.get('service') !== SERVICE) return errorAnswer(400, 'UNSUPPORTED', 'wrong service');
    const token = randomUUID();
    this.#tokens.set(token, query.get('scope') ?? '');
    return jsonAnswer({ [settings?.field ?? 'token']: token, expires_in: settings?.expiresIn });
  }

  #isUser(authorization: string): boolean {
    const { username, password } = this.settings ?? {};
    const expected = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
    return authorization === `Basic ${expected}`;
  }
}

function denied(challenge: string): Answer {
  const answer = errorAnswer(401, 'UNAUTHORIZED', 'authentication required');
  return { ...answer, headers: { ...answer.headers, 'www-authenticate': challenge } };
}
