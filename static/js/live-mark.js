// Says how live the page is: in every .live mark at once, and aloud only what lasts (no word about a gap of a second).
// A mark with data-own keeps its own words; one that is still hidden appears with the first news.

const WORDS = { open: "Live", retry: "Reconnecting", wait: "Polling every 5 s" };
let state = null;

function paint() {
  for (const mark of state ? document.querySelectorAll(".live:not([data-own])") : []) {
    mark.dataset.state = state;
    mark.hidden = false;
    if (mark.textContent !== WORDS[state]) mark.textContent = WORDS[state];
  }
}

document.addEventListener("live-state", ({ detail: next }) => {
  const voice = document.getElementById("live-voice");
  if (voice && next === "wait") voice.textContent = "Live updates stopped. This page asks for news every 5 seconds.";
  if (voice && next === "open" && state === "wait") voice.textContent = "Live updates are back.";
  state = next;
  paint();
});
new MutationObserver(paint).observe(document.body, { subtree: true, childList: true }); // marks that come by a swap
