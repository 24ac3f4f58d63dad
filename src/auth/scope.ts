/** What a token is good for (distribution, "Token Scope Documentation"): `repository:NAME:pull,push`, `registry:catalog:*`. */

export interface Scope {
  readonly type: 'repository' | 'registry';
  /** As the client spells it: what is behind `/v2/`, not what it means here. */
  readonly name: string;
  readonly actions: readonly string[];
}

/** A class in brackets, as in `repository(plugin)`, is of no meaning here; no name is as long as that. */
const SCOPE = /^(repository|registry)(?:\([\w.-]*\))?:(.{1,512}):([a-z*,]{0,64})$/;

/** The scope that `text` spells, or undefined where it is of a type that does not exist here. */
export function parseScope(text: string): Scope | undefined {
  const [, type, name, actions] = SCOPE.exec(text) ?? [];
  if (type === undefined || name === undefined || actions === undefined) return undefined;
  return {
    type: type === 'registry' ? 'registry' : 'repository',
    name,
    actions: actions.split(',').filter((action) => action !== ''),
  };
}

export function formatScope({ type, name, actions }: Scope): string {
  return `${type}:${name}:${actions.join(',')}`;
}

/** Whether `held` together are good for all of `wanted`. */
export function covers(held: readonly Scope[], wanted: Scope): boolean {
  const actions = new Set(
    held
      .filter(({ type, name }) => type === wanted.type && name === wanted.name)
      .flatMap((scope) => scope.actions),
  );
  return actions.has('*') || wanted.actions.every((action) => actions.has(action));
}
