// Connections to hosts, through a proxy where one is named.
// Knows undici's agents and how proxies are written; does not know requests.

import type { Agent as AgentType, Dispatcher } from "undici";
import { Fault } from "../../store/model/fault.ts";
import { loadClient } from "../late.ts";
import { showUrl } from "./trouble.ts";

/** The values of `http_proxy`, `https_proxy` and `no_proxy`, where they are set. */
export interface ProxySetting {
  readonly http?: string;
  readonly https?: string;
  readonly none?: string;
}

/** Opens connections when they are asked for: importing undici takes 60 to 110 ms. @throws {Fault} `usage/bad-proxy` */
export function connector(
  settings: AgentType.Options,
  { http, https, none = "" }: ProxySetting = {},
): () => Promise<Dispatcher> {
  const proxy = { http: proxyUrl(http), https: proxyUrl(https) };
  return async () => {
    const { Agent, EnvHttpProxyAgent, Pool } = await loadClient();
    if (proxy.http === "" && proxy.https === "") return new Agent(settings);
    return new EnvHttpProxyAgent({
      ...settings,
      // Empty, not undefined: undici reads the environment for what it is not given.
      httpProxy: proxy.http,
      httpsProxy: proxy.https,
      noProxy: none,
      // Its own way to a proxy for plain http drops the limits.
      factory: (origin, own) => new Pool(origin, { ...settings, ...own }),
      // So does what asks it for a tunnel.
      clientFactory: (origin, own) => new Pool(origin, { ...settings, ...own }),
    });
  };
}

/** As curl reads it: `host:port` is `http://host:port`. */
function proxyUrl(text: string | undefined): string {
  if (!text) return "";
  const url = text.includes("://") ? text : `http://${text}`;
  if (URL.canParse(url) && /^(https?|socks5?):/.test(url)) return url;
  throw new Fault("usage/bad-proxy", `not a proxy's address: ${showUrl(text)}`, {
    hint: "http_proxy and https_proxy hold an address such as http://proxy.example.org:3128",
  });
}
