import { config } from 'zod';

// The security policy forbids to make code from text. Zod tries that as soon as there is a schema, so this comes first.
config({ jitless: true });
