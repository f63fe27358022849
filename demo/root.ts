/** Throws unless this process may make network namespaces; `what` is the demo's subcommand. */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0) {
    throw new Error(
      `'parallax demo ${what}' needs root, to make network namespaces: sudo env "PATH=$PATH" npx parallax demo ${what}`,
    );
  }
}
