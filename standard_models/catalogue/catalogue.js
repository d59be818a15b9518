"use strict";

(() => {
  const MOST = 100;
  const form = document.getElementById("search");
  const query = document.getElementById("query");
  const count = document.getElementById("count");
  const hits = document.getElementById("hits");
  const rows = window.CATALOGUE;

  /** The same folding as search_key of the package: width, case, kana, blanks and _. */
  const key = (text) =>
    text.normalize("NFKC").toLowerCase().replace(/[\u3041-\u3096]/g, (kana) =>
      String.fromCharCode(kana.charCodeAt(0) + 0x60)).replace(/[\s_＿・]+/g, "");

  const rank = (keys, whole, words) => {
    const names = keys.split(" ");
    if (names.includes(whole)) return 0;
    if (names.some((name) => name.startsWith(whole))) return 1;
    return words.every((word) => keys.includes(word)) ? 2 : -1;
  };

  const entry = ([, link, name, label, id, ref, kind]) => {
    const line = document.createElement("li");
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = name;
    line.append(anchor, ` ${label} `, Object.assign(document.createElement("code"), { textContent: ref }),
      ` ${id} ${kind}`);
    return line;
  };

  const search = () => {
    const words = query.value.split(/\s+/).map(key).filter(Boolean);
    const whole = key(query.value);
    const found = words.length
      ? rows.map((row, place) => [rank(row[0], whole, words), row[2].length, place, row])
          .filter(([match]) => match >= 0)
          .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
      : [];
    hits.replaceChildren(...found.slice(0, MOST).map(([, , , row]) => entry(row)));
    const more = found.length > MOST ? `（先頭の${MOST}件を表示 / first ${MOST} shown）` : "";
    count.textContent = words.length ? `${found.length}件 / ${found.length} found${more}` : "";
  };

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  query.addEventListener("input", search);
})();
