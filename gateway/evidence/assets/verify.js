"use strict";
// Verifies a statement by RFC 9901, 7.1, with the keys in the page and WebCrypto. No network.
(() => {
  const WORDS = {
    "malformed": "証明として読めません。",
    "key-unknown": "この鍵一覧にない鍵で署名されています。",
    "key-revoked": "署名した鍵は取り消されています。",
    "signature-broken": "署名が正しくありません。書き換えられています。",
    "altered": "開示された項目が、署名された内容と合いません。",
    "expired": "有効期限が切れています。内容は発行した時点のものです。",
    "withdrawn": "この証明は取り消されています。",
    "status-unknown": "取り消されていないかは確かめていません。",
    "status-unusable": "取り消されていないかを確かめられません。取消一覧が、別の一覧か、7 日を過ぎたか、壊れています。",
  };
  const NOTES = new Set(["expired", "status-unknown", "status-unusable"]);
  const RESERVED = new Set(["_sd", "...", "_sd_alg"]);
  class Refused extends Error {}

  const bytesOf = (text) => {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Refused("malformed");
    const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(binary, (c) => c.charCodeAt(0));
  };
  const jsonOf = (text) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytesOf(text)));
  const encode = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const digestOf = async (text) => encode(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));

  const signedBy = async (jwt, jwks, type) => {
    const pieces = jwt.split(".");
    if (pieces.length !== 3) throw new Refused("malformed");
    const header = jsonOf(pieces[0]);
    if (header.typ !== type || header.alg !== "ES256" || "crit" in header) throw new Refused("malformed");
    const member = jwks.keys.find((key) => key.kid === header.kid);
    if (!member) throw new Refused("key-unknown");
    if ("revoked" in member) throw new Refused("key-revoked");
    const { kty, crv, x, y } = member;
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const key = await crypto.subtle.importKey("jwk", { kty, crv, x, y }, algorithm, false, ["verify"]);
    const content = new TextEncoder().encode(`${pieces[0]}.${pieces[1]}`);
    const good = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, bytesOf(pieces[2]), content);
    if (!good) throw new Refused("signature-broken");
    const payload = jsonOf(pieces[1]);
    if (member.exp !== undefined && payload.iat > member.exp) throw new Refused("signature-broken");
    return payload;
  };

  const disclose = async (payload, disclosures) => {
    if (payload._sd_alg !== "sha-256") throw new Refused("malformed");
    const left = new Map();
    for (const text of disclosures) left.set(await digestOf(text), text);
    if (left.size !== disclosures.length) throw new Refused("altered");
    const places = new Map([...left.keys()].map((digest, place) => [digest, place]));
    const place = (digest) => places.get(digest) ?? places.size;
    const seen = new Set();
    let hidden = 0;
    const reveal = (value) => {
      if (Array.isArray(value)) return value.map(reveal);
      if (value === null || typeof value !== "object") return value;
      const revealed = new Map();
      for (const [name, inner] of Object.entries(value)) if (name !== "_sd") revealed.set(name, reveal(inner));
      // As on the paper: digests are sorted, disclosures stand in the order that was asked for.
      for (const digest of [...(value._sd || [])].sort((one, other) => place(one) - place(other))) {
        if (seen.has(digest)) throw new Refused("altered");
        seen.add(digest);
        if (!left.has(digest)) { hidden += 1; continue; }
        const [, name, inner] = jsonOf(left.get(digest));
        left.delete(digest);
        if (RESERVED.has(name) || revealed.has(name)) throw new Refused("altered");
        revealed.set(name, reveal(inner));
      }
      return Object.fromEntries(revealed);
    };
    const { _sd_alg, ...rest } = payload;
    const claims = reveal(rest);
    if (left.size) throw new Refused("altered");
    return { claims, hidden };
  };

  const inflate = async (packed) => {
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const statusOf = async (claims, text, jwks) => {
    const place = claims.status && claims.status.status_list;
    if (!place || !text) return "status-unknown";
    try {
      const list = await signedBy(text, jwks, "statuslist+jwt");
      if (list.sub !== place.uri || list.exp <= Date.now() / 1000) return "status-unusable";
      const bits = await inflate(bytesOf(list.status_list.lst));
      return (bits[place.idx >> 3] >> (place.idx & 7)) & 1 ? "withdrawn" : null;
    } catch { return "status-unusable"; }
  };

  const verify = async (text, jwks, status) => {
    try {
      const [jwt, ...disclosures] = text.split("~");
      if (disclosures.pop() !== "") throw new Refused("malformed");
      const payload = await signedBy(jwt, jwks, "dc+sd-jwt");
      const { claims, hidden } = await disclose(payload, disclosures);
      const findings = [];
      if (!(claims.exp > Date.now() / 1000)) findings.push("expired");
      const found = await statusOf(claims, status, jwks);
      if (found) findings.push(found);
      return { findings, claims, hidden };
    } catch (error) {
      return { findings: [error instanceof Refused ? error.message : "malformed"], claims: null, hidden: 0 };
    }
  };

  const joined = (text) => {
    const inFile = /<p class="signed screen" id="evidence">([^<]+)<\/p>/.exec(text);
    if (inFile) return inFile[1].trim();
    const lines = text.split(/\s+/).filter(Boolean);
    const pieces = lines.map((line) => /^HITOTSU\/(\d+)\/(\d+)\/(.*)$/.exec(line));
    if (!pieces.length || pieces.some((piece) => !piece)) return lines.join("");
    const sorted = new Map(pieces.map((piece) => [Number(piece[1]), piece[3]]));
    return [...sorted.keys()].sort((a, b) => a - b).map((place) => sorted.get(place)).join("");
  };

  const element = (name, text, className) => {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  };
  // Only words that were signed; none are made here. The value stands below where they differ.
  const cell = (said) => {
    const words = said.text || said.label || String(said.value);
    const made = element("td", [words, ...(said.notes || []).map((note) => `（※${note}）`)].join(""));
    if (said.absent) made.className = "absent";
    else if (words !== String(said.value)) made.append(element("span", `記録の値 ${said.value}`, "recorded"));
    return made;
  };

  const show = ({ findings, claims, hidden }) => {
    const result = document.getElementById("result");
    result.replaceChildren();
    const genuine = claims && findings.every((finding) => NOTES.has(finding));
    result.className = genuine ? "good" : "bad";
    result.append(element("h2", genuine ? "正しい証明です" : "正しい証明と確かめられません"));
    for (const finding of findings) result.append(element("p", WORDS[finding]));
    if (!genuine) return;
    result.append(element("p", claims.title.ja));
    const { issuer, issued, expires } = claims.texts;
    result.append(element("div", `発行者 ${issuer}`), element("div", `発行 ${issued}　有効期限 ${expires}`));
    result.append(element("div", `番号 ${claims.jti}`));
    if (hidden) result.append(element("p", `本人が伏せた項目：${hidden} 件`));
    for (const part of claims.parts) {
      result.append(element("h2", part.name));
      result.append(element("p", `${part.system || ""}　データの時点：${part.as_of_text}`, "note"));
      for (const record of part.records) {
        const table = document.createElement("table");
        for (const said of Object.values(record)) {
          const row = table.insertRow();
          const head = element("th", said.name);
          head.scope = "row";
          row.append(head, cell(said));
        }
        result.append(table);
      }
    }
  };

  document.getElementById("verify").addEventListener("click", async ({ currentTarget: button }) => {
    // What was found of another statement must not be read as the finding of this one.
    const result = document.getElementById("result");
    result.replaceChildren();
    result.className = "";
    button.disabled = true;
    const [file] = document.getElementById("file").files;
    const text = file ? await file.text() : document.getElementById("text").value;
    const jwks = JSON.parse(document.getElementById("keys").textContent);
    try {
      show(await verify(joined(text), jwks, document.getElementById("status").value.trim()));
    } finally {
      button.disabled = false;
    }
  });
})();
