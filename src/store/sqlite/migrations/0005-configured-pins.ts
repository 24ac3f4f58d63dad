/** Which pins stand in the configuration, so that they go when they no longer do. */
export const configuredPins = `
ALTER TABLE pins ADD COLUMN configured INTEGER NOT NULL DEFAULT 0 CHECK (configured IN (0, 1));
`;
