/** esbuild gathers the style sheets that are imported; the script sees nothing of them. */
declare module '*.css';
