import { useState } from 'preact/hooks';
import { statusAnswer } from '../api/status.ts';
import { failureText } from './parts/answered.tsx';
import { Dialog } from './parts/dialog.tsx';
import { forgetCredentials, keepCredentials } from './server/credentials.ts';
import { failureOf } from './server/failure.ts';
import { apiPath, get } from './server/request.ts';
import { useSession } from './session.tsx';

/** Who is signed in, or a button to do so where that may help. */
export function Account() {
  const { answer, reload } = useSession();
  const [open, setOpen] = useState(false);
  const status = answer.state === 'here' ? answer.value : undefined;
  const signedOut = answer.state === 'failed' && answer.failure.kind === 'signed-out';
  if (status?.user != null) {
    const signOut = (): void => {
      forgetCredentials();
      reload();
    };
    return (
      <div class="account">
        <span title="Signed in as">{status.user}</span>
        <button type="button" class="button small" onClick={signOut}>
          Sign out
        </button>
      </div>
    );
  }
  if (signedOut || status?.accounts !== true) return null;
  return (
    <div class="account">
      <button type="button" class="button small" onClick={() => setOpen(true)}>
        Sign in
      </button>
      {open && <SignInDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Stands where a view would, for those who may see none. */
export function SignInFirst() {
  return (
    <div class="alone">
      <section class="card" aria-labelledby="sign-in">
        <header>
          <h1 id="sign-in" tabIndex={-1}>
            Sign in
          </h1>
        </header>
        <SignInForm />
      </section>
    </div>
  );
}

function SignInDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Sign in" onClose={onClose}>
      <SignInForm onClose={onClose} />
    </Dialog>
  );
}

/** @param onClose - where it can be left without signing in; called when that is done, too */
function SignInForm({ onClose }: { readonly onClose?: () => void }) {
  const { reload } = useSession();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const signIn = async (form: FormData): Promise<void> => {
    setBusy(true);
    const refusal = await tryCredentials(textOf(form, 'name'), textOf(form, 'password'));
    setBusy(false);
    setProblem(refusal);
    if (refusal !== undefined) return;
    reload();
    onClose?.();
  };

  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void signIn(new FormData(event.currentTarget));
      }}
    >
      <label>
        User
        <input name="name" autocomplete="username" required autofocus spellcheck={false} />
      </label>
      <label>
        Password
        <input name="password" type="password" autocomplete="current-password" required />
      </label>
      <p class="failure" role="alert">
        {problem}
      </p>
      <p class="quiet">Kept until this page is closed or loaded again.</p>
      <div class="buttons end">
        {onClose && (
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
        )}
        <button type="submit" class="button primary" disabled={busy}>
          Sign in
        </button>
      </div>
    </form>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}

/** Answers why it did not work, or undefined where it did. */
async function tryCredentials(name: string, password: string): Promise<string | undefined> {
  keepCredentials(name, password);
  try {
    await get(statusAnswer, apiPath('status'));
    return undefined;
  } catch (error) {
    const failure = failureOf(error);
    forgetCredentials();
    return failure.kind === 'signed-out' ? 'Wrong user name or password.' : failureText(failure);
  }
}
