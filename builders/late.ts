// Libraries that are loaded late, because they take long: each once.
// Knows that the keeper must have their code in memory before it changes its identity; does not know what they do.

/** The HTTP client: 60 to 110 ms. Its default export is there both from npm (CommonJS) and out of the bundle. */
export const loadClient = once(async () => (await import("undici")).default);

/** OpenPGP: 50 ms. */
export const loadOpenpgp = once(() => import("openpgp"));

/** The XML parser: 6 ms. */
export const loadSaxes = once(() => import("saxes"));

/** The writer of zips: 4 ms, for who wants one. */
export const loadZip = once(async () => (await import("yazl")).default);

/** Node looks for an imported module's file each time, and a process with other ids may not see it any more. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load();
    return loaded;
  };
}
