// The pages work without this file. It only keeps what was typed when the page is left or
// reloaded, and moves to the list of errors.
"use strict";

const form = document.querySelector("form[data-autosave]");
if (form) {
  let changed = false;
  const keep = () => {
    if (!changed) return;
    changed = false;
    fetch(form.dataset.autosave, {
      method: "POST",
      headers: { "X-Autosave": "1" },
      body: new URLSearchParams(new FormData(form)),
      keepalive: true,
      credentials: "same-origin",
    }).catch(() => { changed = true; });
  };
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("change", () => { changed = true; keep(); });
  form.addEventListener("submit", () => { changed = false; });
  document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
  window.addEventListener("pagehide", keep);
}

const errors = document.getElementById("errors");
if (errors) errors.focus();
