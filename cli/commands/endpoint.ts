// An endpoint: where a server listens, with which secrets and within which limits, as flags say it.
// Knows flags and the files they name; does not know what is served.

import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { isIP } from "node:net";
import { isToken } from "../../builders/serve/access.ts";
import { bytesOf } from "../../evaluator/manifest/value.ts";
import { Fault } from "../../store/model/fault.ts";
import { warnOfReaders } from "./secret.ts";

/** `HOST:PORT`, an IPv6 address in brackets. @throws {Fault} `usage/bad-option` */
export function readAddress(written: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(written) ?? [];
  const host = bracketed ?? plain ?? "";
  const port = Number(digits);
  if (host !== "" && port <= 65_535 && (bracketed === undefined || isIP(bracketed) === 6))
    return { host, port };
  throw new Fault("usage/bad-option", `--listen is HOST:PORT, not ${JSON.stringify(written)}`, {
    hint: "127.0.0.1:8419 for this host alone, 0.0.0.0:8419 or [::]:8419 for the network",
  });
}

/** Whether only programs of this host can get there. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

/** Bytes. @throws {Fault} `usage/bad-option` */
export function readSize(option: string, written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (/^[1-9]\d{0,11}(?:B|KiB|MiB|GiB|TiB)$/.test(written)) return bytesOf(written);
  throw new Fault("usage/bad-option", `${option} is a size like 512MiB, not ${JSON.stringify(written)}`);
}

/** @throws {Fault} `usage/bad-option` */
export function readCount(option: string, written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  if (/^[1-9]\d{0,5}$/.test(written)) return Number(written);
  throw new Fault(
    "usage/bad-option",
    `${option} is a whole number from 1 to 999999, not ${JSON.stringify(written)}`,
  );
}

/** The token of a file, which holds nothing else. @throws {Fault} `usage/bad-token`, `usage/no-file` */
export function readToken(option: string, path: string, warn: (text: string) => void): string {
  const token = readSecret(option, path, warn).toString("latin1").trim();
  if (isToken(token)) return token;
  const why =
    token === ""
      ? "is empty"
      : "holds no token: one line of 16 to 512 letters, digits and characters of ._~+/-";
  throw new Fault("usage/bad-token", `${option}: ${path} ${why}`, {
    hint: `a new one: (umask 077; head -c 32 /dev/urandom | base64 >${path})`,
  });
}

/** @throws {Fault} `usage/no-file`, `usage/bad-certificate` */
export function readTls(
  paths: { readonly certificate?: string | undefined; readonly key?: string | undefined },
  now: number,
  warn: (text: string) => void,
): { certificate: Buffer; key: Buffer } | undefined {
  if (paths.certificate === undefined && paths.key === undefined) return undefined;
  if (paths.certificate === undefined || paths.key === undefined)
    throw new Fault("usage/bad-option", "--certificate and --key are given together or not at all");
  const certificate = readNamed("--certificate", paths.certificate);
  const { validFrom, validTo } = parseCertificate(certificate, paths.certificate);
  if (now < Date.parse(validFrom) || now > Date.parse(validTo))
    warn(
      `the certificate ${paths.certificate} is valid from ${validFrom} to ${validTo}: clients will refuse it`,
    );
  return { certificate, key: readSecret("--key", paths.key, warn) };
}

function parseCertificate(pem: Buffer, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new Fault("usage/bad-certificate", `--certificate: ${path} holds no certificate`, {
      cause,
      hint: "PEM: it begins with -----BEGIN CERTIFICATE-----",
    });
  }
}

function readSecret(option: string, path: string, warn: (text: string) => void): Buffer {
  const bytes = readNamed(option, path);
  warnOfReaders(path, statSync(path), warn);
  return bytes;
}

function readNamed(option: string, path: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size <= largest) return readFileSync(path);
  } catch (cause) {
    throw new Fault("usage/no-file", `${option}: ${path} cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  }
  throw new Fault("usage/no-file", `${option}: ${path} has more than ${largest} bytes`);
}

/** Bytes of a token, key or certificate. */
const largest = 1 << 20;
