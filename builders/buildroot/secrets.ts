// Secrets of a build: how they get into its sandbox, and what each is found by.
// They are on no disk: the sandbox's own memory holds them, and the command's standard input brings them there.

/** Where each is a file by its name, readable by the user who builds; `KIT_SECRETS` says so too. */
export const secretsFolder = "/tmp/secrets";

export interface Secret {
  readonly name: string;
  readonly value: Buffer;
}

/** Lines of a shell that read them, in this order, from its standard input. */
export function readingSecrets(secrets: readonly Secret[]): string {
  const read = secrets.map(({ name, value }) => `head -c ${value.length} > ${secretsFolder}/${name}`);
  const owned = `chown -R 1000:1000 ${secretsFolder}`;
  return ["set -eu", "umask 077", `mkdir ${secretsFolder}`, ...read, owned].join("\n");
}

export async function* inputOfSecrets(secrets: readonly Secret[]): AsyncGenerator<Uint8Array> {
  for (const { value } of secrets) yield value;
}

/** What a secret is found by. */
export interface Trace {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Its bytes without the white space around them, and where it has several lines each that is long enough to be nobody
 * else's: of a key in PEM (RFC 7468) not the lines that say what it is. Longer ones first, as one may begin another.
 */
export function tracesOf(secrets: readonly Secret[]): Trace[] {
  const traces = secrets.flatMap(({ name, value }) => {
    const text = value.toString("latin1").trim();
    const lines = text
      .split(/\s*\n\s*/)
      .filter((line) => line.length >= longLine && !line.startsWith("-----"));
    return [...new Set([text, ...lines])]
      .filter((trace) => trace !== "")
      .map((trace) => ({ name, bytes: Buffer.from(trace, "latin1") }));
  });
  return traces.sort((a, b) => b.bytes.length - a.bytes.length);
}

/** Characters. */
const longLine = 16;
