// What a build reached for that a sandbox keeps from it, as its log tells.
// Pure. Knows the words of resolvers, sockets and their users; does not know what was wanted there.

/** A line that says why it was not there; undefined where nothing was reached for. */
export function walledIn(log: readonly string[]): string | undefined {
  return log.some((line) => offNetwork.test(line))
    ? "kit: builds have no network: what one needs from there is named in its manifest, under sources"
    : undefined;
}

/** gai_strerror(3) and strerror(3) in the C locale, and how curl, wget, git, Go, Perl and Node tell the same. */
const offNetwork =
  /[Cc]ould not resolve (?:host|')|Temporary failure in name resolution|Name or service not known|Network is unreachable|unable to resolve host|Bad hostname|no such host|getaddrinfo E[A-Z_]+|dial tcp: lookup /;
