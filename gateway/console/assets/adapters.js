"use strict";

// Fetches the page itself every ten seconds and puts its states in place. Without this script the
// page stays whole and the reload link does the same by hand.
const INTERVAL_MS = 10000;

const button = document.getElementById("refresh");
const announcement = document.getElementById("announcement");
let running = true;

function badges(root) {
  return [...root.querySelectorAll(".card")].map((card) => {
    const name = card.querySelector("h2").textContent.trim();
    const badge = card.querySelector(".badge").lastChild.textContent.trim();
    return `${name}は${badge}`;
  });
}

function say(text) {
  if (announcement.textContent !== text) {
    announcement.textContent = text;
  }
}

// A person may be reading or copying: the states are left alone while text in them is selected.
function selectedWithin(element) {
  const selection = window.getSelection();
  return selection && !selection.isCollapsed && element.contains(selection.anchorNode);
}

async function refresh() {
  let text;
  try {
    const response = await fetch(window.location.href, { cache: "no-store" });
    if (!response.ok) {
      throw new Error("not ok");
    }
    text = await response.text();
  } catch {
    say("更新できませんでした。表示は最後に取得した時点のものです。");
    return;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const old = document.getElementById("states");
  if (selectedWithin(old)) {
    return;
  }
  const before = new Set(badges(old));
  const changes = badges(fresh).filter((state) => !before.has(state));
  old.replaceChildren(...fresh.getElementById("states").childNodes);
  document.getElementById("made-at").replaceWith(fresh.getElementById("made-at"));
  if (changes.length) {
    say(`状態が変わりました: ${changes.join("、")}`);
  } else if (announcement.textContent.startsWith("更新できません")) {
    say("");
  }
}

function toggle() {
  running = !running;
  button.textContent = running ? "自動更新を止める" : "自動更新を始める";
  button.setAttribute("aria-pressed", String(running));
}

button.hidden = false;
button.addEventListener("click", toggle);
window.setInterval(() => {
  if (running && !document.hidden) {
    refresh();
  }
}, INTERVAL_MS);
