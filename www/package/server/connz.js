// `/connz`: the connections that are open, that were, or both; sorted, and by pages.

/** On a page. */
const DEFAULT_LIMIT = 1024;

const time = (text) => Date.parse(text);
const descending = (value) => (a, b) => value(b) - value(a);
const lived = (info, now) => time(info.stop ?? now) - time(info.start);

/** How each order compares two connections; where none is named, the oldest come first. */
const ORDERS = {
  "": (a, b) => a.cid - b.cid,
  cid: (a, b) => a.cid - b.cid,
  start: (a, b) => a.cid - b.cid,
  rtt: (a, b) => a.cid - b.cid,
  subs: descending((info) => info.subscriptions),
  pending: descending((info) => info.pending_bytes),
  msgs_to: descending((info) => info.out_msgs),
  msgs_from: descending((info) => info.in_msgs),
  bytes_to: descending((info) => info.out_bytes),
  bytes_from: descending((info) => info.in_bytes),
  last: descending((info) => time(info.last_activity)),
  idle: (a, b) => time(a.last_activity) - time(b.last_activity),
  uptime: (a, b, now) => lived(a, now) - lived(b, now),
  stop: descending((info) => time(info.stop)),
  reason: (a, b) => (a.reason < b.reason ? -1 : Number(a.reason > b.reason)),
};
const ONLY_ENDED = ["stop", "reason"];

const STATES = { "": "open", open: "open", closed: "closed", any: "any", all: "any" };

/** What a query asks for. The texts of errors are the server's. */
function read(query) {
  const word = query.text("state");
  if (!Object.hasOwn(STATES, word.toLowerCase())) throw new RangeError(`Error decoding state for ${word}`);
  const state = STATES[word.toLowerCase()];
  const sort = query.text("sort");
  if (!Object.hasOwn(ORDERS, sort)) throw new RangeError(`invalid sorting option: ${sort}`);
  if (ONLY_ENDED.includes(sort) && state !== "closed") throw new RangeError(`sort by ${sort} only valid on closed connections`);
  const hasDetail = query.text("subs") === "detail";
  const flags = { auth: query.flag("auth"), hasList: !hasDetail && query.flag("subs"), hasDetail };
  const numbers = { cid: query.number("cid", "uint64"), offset: Math.max(query.number("offset"), 0), limit: query.number("limit") };
  // Nobody here is known by a user's name, or comes by MQTT.
  const isNobody = query.text("user") !== "" || query.text("mqtt_client") !== "";
  return { ...flags, ...numbers, state, sort, account: query.text("acc"), isNobody };
}

/** The page that `query` asks for; `ask(request)` gives the simulator's own CONNZ. */
export function connections(peers, query, ask) {
  const { auth, hasList, hasDetail, state, sort, cid, offset, limit: asked, account, isNobody } = read(query);
  const limit = cid > 0 ? 1 : asked > 0 ? asked : DEFAULT_LIMIT;
  const data = ask({ limit: 2 ** 31, auth, subscriptions: hasList, subscriptions_detail: hasDetail });
  if (account && account !== "$G") return { server_id: "", now: data.now, num_connections: 0, total: 0, offset, limit, connections: null };
  // The one that asks is no client, and has no peer.
  const open = data.connections.filter((info) => peers.get(info.cid)).map((info) => ({ ...info, ...peers.get(info.cid) }));
  // Of those that ended the server keeps the account only where it is another one.
  const ended = account ? [] : peers.ended.map(({ subscriptions_list_detail: detail, ...info }) => ({
    ...info,
    ...(hasList && detail && { subscriptions_list: detail.map(({ subject }) => subject) }),
    ...(hasDetail && detail && { subscriptions_list_detail: detail.map((one) => ({ account: "$G", account_tag: "$G", ...one })) }),
  }));
  const all = [...(state === "closed" ? [] : open), ...(state === "open" ? [] : ended)];
  const found = all.filter((info) => (cid === 0 || info.cid === cid) && !isNobody);
  const page = found.sort((a, b) => ORDERS[sort](a, b, data.now)).slice(offset, offset + limit);
  return { ...data, num_connections: page.length, total: all.length, offset, limit, connections: page };
}
