// kit key: keys that pushed results are signed with.
// Knows files and what is printed; does not know how anything is signed.

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { Command, Option } from "clipanion";
import { exitStatus, Fault } from "../../store/model/fault.ts";
import {
  formatPublicKey,
  formatSecretKey,
  generateKey,
  type PublicKey,
  parseSecretKey,
} from "../../store/model/key.ts";
import { KitCommand } from "./command.ts";
import { warnOfReaders } from "./secret.ts";

abstract class KeyCommand extends KitCommand {
  protected tell(key: PublicKey): void {
    const publicKey = formatPublicKey(key);
    this.print(this.json ? JSON.stringify({ publicKey }) : publicKey);
  }
}

export class KeyGenerateCommand extends KeyCommand {
  static override paths = [["key", "generate"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "make a key that pushed results are signed with",
    details: `
      Writes the secret key to a file that only you can read (NAME.key, unless -o names another), and prints the public
      key, which others put among their \`trustedKeys\`. The name is for people: a key is known by its bytes.
    `,
    examples: [["A key for a build server", "kit key generate build.example.org-1 -o /etc/kit/signing.key"]],
  });

  name = Option.String({ name: "NAME" });
  file = Option.String("-o,--output", { description: "the file to write; must not be there" });

  override async execute(): Promise<number> {
    const key = generateKey(this.name);
    const file = this.absolute(this.file ?? `${this.name}.key`);
    writeSecret(file, formatSecretKey(key));
    this.tell(key.public);
    return exitStatus.done;
  }
}

export class KeyShowCommand extends KeyCommand {
  static override paths = [["key", "show"]];
  static override usage = Command.Usage({
    category: "Caches",
    description: "the public key of a secret one",
    details: `
      Prints NAME:KEY, as \`trustedKeys\` and KIT_TRUSTED_KEYS take it, of a file that \`kit key generate\` wrote.
    `,
    examples: [["What others have to trust", "kit key show /etc/kit/signing.key"]],
  });

  file = Option.String({ name: "FILE" });

  override async execute(): Promise<number> {
    this.tell(parseSecretKey(readKeyFile(this.absolute(this.file), () => {})).public);
    return exitStatus.done;
  }
}

/** `warn` is told where everybody can read it. @throws {Fault} `usage/no-key` */
export function readKeyFile(file: string, warn: (text: string) => void): string {
  try {
    const stats = statSync(file);
    warnOfReaders(file, stats, warn);
    // A key takes a line; a device would be read for ever.
    if (!stats.isFile() || stats.size > 4096) throw new Error(`${file} is no file of a line`);
    return readFileSync(file, "latin1");
  } catch (cause) {
    throw new Fault("usage/no-key", `the key cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "`kit key generate NAME -o FILE` makes one",
    });
  }
}

/** @throws {Fault} `usage/key-exists`, `usage/unwritable` */
function writeSecret(file: string, text: string): void {
  if (existsSync(file))
    throw new Fault("usage/key-exists", `${file} is there already: no key is overwritten`, {
      hint: "name another file with -o",
    });
  try {
    const fd = openSync(file, "wx", 0o600);
    try {
      writeSync(fd, text);
      fsyncSync(fd);
    } catch (error) {
      rmSync(file, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    throw new Fault("usage/unwritable", `the key cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: "name a file in a folder of your own with -o",
    });
  }
}
