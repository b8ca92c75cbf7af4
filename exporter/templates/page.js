// Renews the page in place, so that place, focus and opened parts stay; without it the page reloads as a whole.
"use strict";
(() => {
  const seconds = Number(document.body.dataset.refresh);
  if (!seconds) return;
  let paused = false;
  let failing = false;
  let due = Date.now() + seconds * 1000;

  const offline = document.getElementById("offline");
  const tell = (text) => {
    offline.textContent = text;
    offline.hidden = false;
  };

  const wire = () => {
    const button = document.getElementById("pause");
    if (!button) return;
    button.hidden = false;
    button.textContent = paused ? "Go on renewing" : "Pause";
    button.addEventListener("click", () => {
      paused = !paused;
      failing = false;
      button.textContent = paused ? "Go on renewing" : "Pause";
      if (paused) tell("Paused; what stands below is of before.");
      else offline.hidden = true;
    });
  };

  const same = (element) => {
    if (!element || element === document.body) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    const href = element.getAttribute("href");
    return href ? `a[href="${CSS.escape(href)}"]` : null;
  };

  const swap = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("live");
    const live = document.getElementById("live");
    // A proxy's error or login page is no answer of the exporter's, whose own pages of 404 and 503 are shown.
    if (!fresh || !live) throw new Error("not a page of the exporter");
    const focus = live.contains(document.activeElement) ? same(document.activeElement) : null;
    live.querySelectorAll("details[id]").forEach((old) => {
      const now = fresh.querySelector(`#${CSS.escape(old.id)}`);
      if (now) now.open = old.open;
    });
    live.replaceWith(fresh);
    wire();
    if (focus) document.querySelector(`#live ${focus}`)?.focus({ preventScroll: true });
  };

  // Not under the hand of somebody who chooses in the form or marks text.
  const busy = () => document.activeElement?.closest("form") || !document.getSelection().isCollapsed;

  const renew = async () => {
    due = Date.now() + seconds * 1000;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(10000) });
      const text = await answer.text();
      // The hand may have come while the answer was on its way; the next second says so, or asks anew.
      if (busy()) due = 0;
      if (paused || busy()) return;
      swap(text);
      failing = false;
      offline.hidden = true;
    } catch {
      if (failing || paused) return;
      failing = true;
      tell(`No answer from the exporter since ${new Date().toLocaleTimeString()}; what stands below is of before.`);
    }
  };

  wire();
  setInterval(() => {
    if (paused || document.hidden || Date.now() < due) return;
    if (!busy()) renew();
    else if (offline.hidden) tell("Not renewed while text is marked or the form has the focus; what stands below is of before.");
  }, 1000);
})();
