// `/healthz`: whether the server, or a stream or consumer of it, is well (nats-server `server/monitor.go`, `healthz`).

/** `find(subject)` asks the API, and gives nothing for what there is not; `closed` are listeners that listen no more. */
export function health(query, hasJetStream, find, closed = []) {
  const [account, stream, consumer] = ["account", "stream", "consumer"].map((name) => query.text(name));
  const [isEnabled, isEnabledOnly, isServerOnly, , hasDetails] =
    ["js-enabled", "js-enabled-only", "js-server-only", "js-meta-only", "details"].map((name) => query.flag(name));
  const bad = (what, of) => answer(hasDetails, 400, "error", `"${what}" must not be empty when checking ${of} health`, { type: "BAD_REQUEST" });
  if (stream && !account) return bad("account", "stream");
  if (consumer && !stream) return bad("stream", "consumer");
  if (closed.length > 0) {
    return answer(hasDetails, 500, "error", `failed to be ready for connections after 1ms: ${closed.join(", ")}`, { type: "CONNECTION" });
  }
  if (isServerOnly || !hasJetStream || isEnabled || isEnabledOnly) return answer(hasDetails, 200);
  const missing = (error, place) => answer(hasDetails, 404, "unavailable", error, place);
  if (account && account !== "$G") return missing(`JetStream account "${account}" not found`, { type: "ACCOUNT", account });
  // The real server looks into its folders, where streams in memory have none.
  if (stream && find(`STREAM.INFO.${stream}`)?.config.storage !== "file") {
    return missing(`JetStream stream "${stream}" not found on account "${account}"`, { type: "STREAM", account, stream });
  }
  if (consumer && !find(`CONSUMER.INFO.${stream}.${consumer}`)) {
    const error = `JetStream consumer "${consumer}" not found for stream "${stream}" on account "${account}"`;
    return missing(error, { type: "CONSUMER", account, stream, consumer });
  }
  return answer(hasDetails, 200);
}

function answer(hasDetails, status, word = "ok", error = undefined, place = undefined) {
  if (status === 200) return { status, body: JSON.stringify({ status: "ok" }) };
  const said = hasDetails ? { status: "error", errors: [{ ...place, error }] } : { status: word, error };
  return { status, body: JSON.stringify(said) };
}
