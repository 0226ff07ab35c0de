// Resolves every name below `localhost` to this computer, as RFC 6761 requires. macOS and some C libraries do not.
const dns = require("node:dns");
const lookup = dns.lookup;
dns.lookup = (name, options, callback) =>
  lookup(String(name).endsWith(".localhost") ? "localhost" : name, options, callback);
