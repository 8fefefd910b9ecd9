// `/accountz`, `/accstatz` and `/subsz`: the one account of this server, beside the system's, and its subscriptions.

const ACCOUNT = "$G";
const SYSTEM = "$SYS";
/** On a page. */
const DEFAULT_LIMIT = 1024;

/** What the account is served with by the system: the subject it asks, and the one that it is asked by. */
const IMPORTS = [
  ["$SYS.REQ.ACCOUNT.$G.CONNZ", "$SYS.REQ.ACCOUNT.PING.CONNZ", false],
  ["$SYS.REQ.ACCOUNT.$G.CONNZ", "$SYS.REQ.SERVER.PING.CONNZ", false],
  ["$SYS.REQ.ACCOUNT.$G.STATZ", "$SYS.REQ.ACCOUNT.PING.STATZ", false],
  ["$SYS.REQ.USER.$G.INFO", "$SYS.REQ.USER.INFO", true],
];
const JETSTREAM_IMPORT = ["$JS.API.>", "$JS.API.>", true];

const service = ([subject, to, share]) => ({ subject, account: SYSTEM, to, local_subject: to, type: "service", invalid: false, share, tracking: false });

/** How subscriptions are found; nothing is cached here. */
const counts = (num_subscriptions) => ({
  num_subscriptions,
  num_cache: 0,
  num_inserts: num_subscriptions,
  num_removes: 0,
  num_matches: 0,
  cache_hit_rate: 0,
  max_fanout: 0,
  avg_fanout: 0,
});

/** The answer of `/accountz`; `statz` is what the system tells of the account, of which `started` is the beginning. */
export function accountDetail(query, { server_id, now, statz, hasJetStream, started }) {
  const head = { server_id, now, system_account: SYSTEM };
  const name = query.text("acc");
  if (name === "") return { ...head, accounts: [ACCOUNT, SYSTEM] };
  if (name !== ACCOUNT && name !== SYSTEM) throw new RangeError(`Account ${name} does not exist`);
  const isSystem = name === SYSTEM;
  const imports = hasJetStream ? [...IMPORTS, JETSTREAM_IMPORT] : IMPORTS;
  const subscriptions = isSystem ? 0 : statz.num_subscriptions;
  const account_detail = {
    account_name: name,
    update_time: started,
    ...(isSystem && { is_system: true }),
    expired: false,
    complete: true,
    jetstream_enabled: hasJetStream && !isSystem,
    leafnode_connections: 0,
    client_connections: isSystem ? 0 : statz.conns,
    subscriptions,
    ...(!isSystem && { imports: imports.map(service) }),
    name_tag: name,
    sublist_stats: counts(subscriptions),
  };
  return { ...head, account_detail };
}

/** The answer of `/accstatz`: accounts in which something is going on, or all. */
export function accountStatz(query, { server_id, now, statz }) {
  const hasUnused = query.flag("unused");
  const nothing = (of) => Object.fromEntries(Object.entries(of).map(([key, value]) => [key, typeof value === "object" ? nothing(value) : 0]));
  const system = { ...nothing(statz), acc: SYSTEM, name: SYSTEM };
  const isUsed = statz.conns > 0;
  return { server_id, now, account_statz: [...(hasUnused || isUsed ? [statz] : []), ...(hasUnused ? [system] : [])] };
}

/** The answer of `/subsz`, about the subscriptions of `connections`. */
export function subscriptions(query, { server_id, now, connections }) {
  const hasList = query.flag("subs");
  const offset = Math.max(query.number("offset"), 0);
  const asked = query.number("limit");
  const limit = asked > 0 ? asked : DEFAULT_LIMIT;
  const test = query.text("test");
  if (test !== "" && !isLiteral(test)) throw new RangeError(`invalid test subject, must be valid publish subject: ${test}`);
  const isOther = query.text("acc") !== "" && query.text("acc") !== ACCOUNT;
  const all = isOther ? [] : connections.flatMap((info) => info.subscriptions_list_detail ?? []);
  const found = all.filter(({ subject }) => test === "" || matches(test, subject));
  const page = found.slice(offset, offset + limit).map((one) => ({ account: ACCOUNT, account_tag: ACCOUNT, ...one }));
  const list = hasList && page.length > 0 && { subscriptions_list: page };
  return { server_id, now, ...counts(all.length), total: hasList ? found.length : 0, offset, limit, ...list };
}

const isLiteral = (subject) => subject.split(".").every((token) => token !== "" && token !== "*" && token !== ">");

function matches(subject, filter) {
  const [tokens, wanted] = [subject.split("."), filter.split(".")];
  const isOpen = wanted.at(-1) === ">";
  if (isOpen) wanted.pop();
  const isLongEnough = isOpen ? tokens.length > wanted.length : tokens.length === wanted.length;
  return isLongEnough && wanted.every((token, at) => token === "*" || token === tokens[at]);
}
