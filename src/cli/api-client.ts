import type { Got, Response } from 'got';
import type * as z from 'zod';
import { type ErrorsAnswer, errorsAnswer } from '../api/common.ts';
import { API_ROOT, CSRF_HEADER } from '../api/protocol.ts';
import { notHoldfast, refusal, unreachable } from './api-failure.ts';
import { readLines } from './read-lines.ts';

export interface ApiClientOptions {
  /** Of the server, without a slash at its end. */
  readonly url: string;
  readonly authorization: string | undefined;
  /** PEM; it replaces the system's authorities. */
  readonly certificateAuthority?: string;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/** So long a connection may take to be made. An answer takes as long as its work: collecting a large store is minutes. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The JSON API of a running server. Paths begin behind `/api/v1`. Every method throws an Error that is one sentence for
 * people: no server answers, it is no Holdfast, or what it said.
 */
export class ApiClient {
  readonly url: string;
  readonly #options: ApiClientOptions;
  #got: Promise<Got> | undefined;

  constructor(options: ApiClientOptions) {
    this.url = options.url;
    this.#options = options;
  }

  async get<Answer>(schema: z.ZodType<Answer>, path: string, query: Query = {}): Promise<Answer> {
    return this.#send(schema, path, { method: 'GET', searchParams: stated(query) });
  }

  async post<Answer>(schema: z.ZodType<Answer>, path: string, body: object): Promise<Answer> {
    return this.#send(schema, path, { method: 'POST', json: body });
  }

  async delete<Answer>(schema: z.ZodType<Answer>, path: string, query: Query): Promise<Answer> {
    const headers = { [CSRF_HEADER]: '1' };
    return this.#send(schema, path, { method: 'DELETE', searchParams: stated(query), headers });
  }

  /**
   * The lines of an answer that tells of long work while it is done. They end with the work; an answer that is cut, or
   * whose last line tells of a failure, throws.
   */
  lines<Line>(schema: z.ZodType<Line>, path: string, body: object): AsyncGenerator<Line> {
    return this.#lines(schema, path, { json: body });
  }

  /** As `lines`, of what is sent as it is. */
  upload<Line>(
    schema: z.ZodType<Line>,
    path: string,
    query: Query,
    type: string,
    body: AsyncIterable<Uint8Array>,
  ): AsyncGenerator<Line> {
    const headers = { 'content-type': type };
    return this.#lines(schema, path, { searchParams: stated(query), headers, body });
  }

  async *#lines<Line>(
    schema: z.ZodType<Line>,
    path: string,
    options: object,
  ): AsyncGenerator<Line> {
    const got = await this.#client();
    const stream = got.stream(API_ROOT.slice(1) + path, { method: 'POST', ...options });
    try {
      const response = await new Promise<Response>((resolve, reject) => {
        stream.once('response', resolve).once('error', reject);
      });
      let whole = '';
      for await (const line of readLines(stream)) {
        if (line === '') continue;
        if (response.statusCode >= 300) whole += line;
        else yield this.#parse(schema, line);
      }
      if (response.statusCode >= 300) throw this.#refused(whole);
    } catch (error) {
      throw unreachable(error, this.url);
    } finally {
      stream.destroy();
    }
  }

  async #send<Answer>(schema: z.ZodType<Answer>, path: string, options: object): Promise<Answer> {
    const got = await this.#client();
    const { statusCode, body } = await got(API_ROOT.slice(1) + path, options).then(
      (response) => ({ statusCode: response.statusCode, body: response.body }),
      (error: unknown) => {
        throw unreachable(error, this.url);
      },
    );
    if (statusCode >= 300) throw this.#refused(body);
    return this.#parse(schema, body);
  }

  #parse<Answer>(schema: z.ZodType<Answer>, text: string): Answer {
    const value = parseJson(text);
    const answer = schema.safeParse(value);
    if (answer.success) return answer.data;
    const failure = errorsAnswer.safeParse(value);
    throw failure.success ? this.#refusal(failure.data) : notHoldfast(this.url);
  }

  #refused(body: string): Error {
    const failure = errorsAnswer.safeParse(parseJson(body));
    return failure.success ? this.#refusal(failure.data) : notHoldfast(this.url);
  }

  #refusal(answer: ErrorsAnswer): Error {
    return refusal(answer, this.#options.authorization === undefined);
  }

  /** Loaded when it is needed: help and completion have no use for its weight. */
  #client(): Promise<Got> {
    const { url, authorization, certificateAuthority } = this.#options;
    this.#got ??= import('got').then(({ got }) =>
      got.extend({
        prefixUrl: url,
        headers: { ...(authorization !== undefined && { authorization }) },
        ...(certificateAuthority !== undefined && { https: { certificateAuthority } }),
        // Credentials are for this server alone.
        followRedirect: false,
        throwHttpErrors: false,
        retry: { limit: 0 },
        timeout: { connect: CONNECT_TIMEOUT_MS, secureConnect: CONNECT_TIMEOUT_MS },
      }),
    );
    return this.#got;
  }
}

function stated(query: Query): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
