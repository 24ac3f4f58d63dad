/** A real Chromium, one for each test file, and what every visit to the page must be free of. */
import assert from 'node:assert/strict';
import { after, type TestContext } from 'node:test';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { cleanUp } from '../helpers/clean-up.ts';
import type { Holdfast } from '../helpers/holdfast.ts';
import { type Mirror, type MirrorOptions, startMirror } from '../helpers/mirror.ts';
import { builtPage } from './built-page.ts';

/** Debian's. */
const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Longer than anything takes, even on a machine that is busy. */
const DEADLINE_MS = 30_000;

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 844 };

export interface Visit {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly scheme?: 'light' | 'dark';
  /** Fragment of the address, such as `#/images`. */
  readonly at?: string;
}

let running: Promise<Browser> | undefined;
after(async () => {
  await (await running)?.close();
});

/** A mirror that has the page as it is in the source now. */
export async function startWithPage(t: TestContext, options: MirrorOptions = {}): Promise<Mirror> {
  return startMirror(t, { ...options, page: await builtPage() });
}

/**
 * Opens the page in a browser profile of its own. The test fails where the page throws, breaks its own security policy, or
 * asks any other server for anything.
 */
export async function visit(t: TestContext, holdfast: Holdfast, to: Visit = {}): Promise<Page> {
  running ??= chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  const context = await (
    await running
  ).newContext({
    viewport: to.viewport ?? DESKTOP,
    colorScheme: to.scheme ?? 'light',
    reducedMotion: 'reduce',
  });
  cleanUp(t, () => context.close());
  context.setDefaultTimeout(DEADLINE_MS);
  const page = await context.newPage();
  const problems = problemsOf(page, context, holdfast);
  cleanUp(t, () => assert.deepEqual(problems, []));
  await page.goto(`${holdfast.url}/${to.at ?? ''}`);
  return page;
}

function problemsOf(page: Page, context: BrowserContext, holdfast: Holdfast): readonly string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // An answer that is not 2xx is no mistake of the page.
    const failed = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !failed) problems.push(message.text());
  });
  context.on('request', (request) => {
    if (!request.url().startsWith(`${holdfast.url}/`)) problems.push(request.url());
  });
  return problems;
}
