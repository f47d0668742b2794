// Toasts: the server's messages, and what went wrong in this page ("toast" on document, detail {kind: ok or bad, text}
// and maybe a link {href, text}, which opens in a new tab).
// Good news leaves by itself; whatever asks for attention stays until it is closed.

const LASTS = 8000; // ms
const box = document.getElementById("toasts");

function pass(toast) {
  if (!toast.matches("[data-s=ok], [data-s=info]") || toast.dataset.passing) return;
  toast.dataset.passing = "true";
  const leave = () => (toast.matches(":hover, :focus-within") ? setTimeout(leave, LASTS) : toast.remove());
  setTimeout(leave, LASTS);
}

document.addEventListener("toast", ({ detail: { kind, text, link } }) => {
  const same = [...box.children].some((toast) => toast.querySelector("p")?.firstChild?.data === text);
  if (same) return;
  const toast = document.getElementById(`toast-${kind}`).content.firstElementChild.cloneNode(true);
  toast.querySelector("p").textContent = text;
  if (link) {
    const anchor = Object.assign(document.createElement("a"), { href: link.href, target: "_blank" });
    anchor.textContent = link.text;
    toast.querySelector("p").append(" ", anchor);
  }
  box.append(toast);
});

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest(".toast")?.remove();
});

if (box) {
  const watch = () => [...box.children].forEach(pass);
  new MutationObserver(watch).observe(box, { childList: true });
  watch();
}
