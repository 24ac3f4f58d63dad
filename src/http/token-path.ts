/** Where clients get tokens, unless the configuration says otherwise. */
export const TOKEN_PATH = '/token';
