# A chain of derivations, each naming the one before: the peer of chain.ts. BUSYBOX is a folder with a static busybox.
let
  tools = builtins.path { path = builtins.getEnv "BUSYBOX"; name = "tools"; };
  step = n: if n == 0 then null else derivation {
    name = "step-${toString n}";
    system = builtins.currentSystem;
    builder = "${tools}/busybox";
    args = [ "sh" "-c" "echo ${toString n} > $out" ];
    previous = step (n - 1);
    salt = builtins.getEnv "SALT";
  };
in step (builtins.fromJSON (builtins.getEnv "STEPS"))
