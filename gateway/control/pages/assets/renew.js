// Keeps the parts marked data-renew as the server has them. Without this script the page is loaded anew instead.
"use strict";

const EVERY_MS = 2000;

async function renew() {
  if (document.hidden) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, redirect: "manual" });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelectorAll("[data-renew]");
  document.querySelectorAll("[data-renew]").forEach((part, place) => {
    const now = fresh[place];
    if (now && now.innerHTML !== part.innerHTML) part.innerHTML = now.innerHTML;
  });
}

setInterval(() => renew().catch(() => {}), EVERY_MS);
