// Brings a page up to date while somebody looks at it. The server sends its changing parts whole, as HTML, by
// server-sent events; each part that differs is put in place of the old one. Hidden pages ask for nothing.

const live = document.querySelector("[data-live]");
const state = document.querySelector("[data-live-state]");
let source = null;

function say(words) {
  if (state.textContent !== words) state.textContent = words;
}

// Whoever is at a link with the keyboard, or is marking text to copy it, keeps what is there.
function isInUse(part) {
  const marked = document.getSelection();
  return part.contains(document.activeElement) || (!marked.isCollapsed && part.contains(marked.anchorNode));
}

function show(html) {
  const sent = new DOMParser().parseFromString(html, "text/html");
  for (const part of sent.querySelectorAll("[data-part]")) {
    const old = document.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
    if (old && old.innerHTML !== part.innerHTML && !isInUse(old)) old.replaceWith(part);
  }
}

function open() {
  if (source || document.hidden) return;
  source = new EventSource(live.dataset.live);
  source.onmessage = (event) => {
    show(JSON.parse(event.data));
    say("live");
  };
  source.onerror = () => {
    say("not connected; trying again");
    // The browser tries again by itself, unless it was refused: then with patience.
    if (source.readyState === EventSource.CLOSED) {
      close();
      setTimeout(open, 10000);
    }
  };
}

function close() {
  source?.close();
  source = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", open);
open();
