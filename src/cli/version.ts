// `runts --version`, laid out like runc's, because managers parse it.

/** What the program is made of. */
export interface VersionInfo {
  version: string;
  commit: string;
  /** Version of the OCI runtime specification. */
  spec: string;
  /** Name and version of the JavaScript engine, e.g. `bun 1.4.5`. */
  engine: string;
}

/** The lines that `--version` prints; a line without a value is left out. */
export function versionText({ version, commit, spec, engine }: VersionInfo): string {
  const lines = [`runts version ${version}`];
  if (commit !== '') lines.push(`commit: ${commit}`);
  lines.push(`spec: ${spec}`, `engine: ${engine}`);
  return `${lines.join('\n')}\n`;
}
