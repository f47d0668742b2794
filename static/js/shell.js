// The shell of every page: dialogs, copying, keyboard shortcuts. All by delegation, so swapped-in parts work too.

const find = (selector) => document.querySelector(selector);

// Dialogs: data-open names a <dialog>, data-close closes the one around it; a click on the backdrop closes too.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-open]");
  const dialog = opener && document.getElementById(opener.dataset.open);
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey; // a link that is wanted in a tab of its own
  if (dialog && !dialog.open && !elsewhere) dialog.showModal();
  if (event.target.closest("[data-close]")) event.target.closest("dialog")?.close();
});
document.addEventListener("click", (event) => {
  if (!event.target.matches("dialog[open]")) return; // its own area, or the backdrop around it
  const { left, right, top, bottom } = event.target.getBoundingClientRect();
  const inside = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
  if (!inside) event.target.close();
});

// Copying: data-copy names the element whose text is wanted. The button says that it worked.
document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const text = document.getElementById(button.dataset.copy)?.textContent.trim() ?? "";
  const worked = await copy(text);
  const said = worked ? "Copied to the clipboard." : "The browser did not allow copying. Select the text instead.";
  const kind = worked ? "ok" : "bad";
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind, text: said } }));
});
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // no permission, or plain http on another host
  }
};

// An address with a dialog's name after # opens it, so that it can be linked to.
const named = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
if (named?.matches("dialog")) named.showModal();
else if (named?.matches("[popover]")) named.showPopover();

// Shortcuts: a link or button names its own keys with data-key ("c", or "g o" for two in a row).
// They can be switched off (single keys get in the way of speech input); the choice stays in this browser.
const OFF = "shortcuts-off";
let before = ["", 0]; // the last key and when it came

const step = (by) => {
  const titles = [...document.querySelectorAll(".table--hover .t-title")];
  titles[Math.max(0, titles.indexOf(document.activeElement) + by)]?.focus();
};
const nextPreview = () => {
  const views = [...document.querySelectorAll("input[name=pv]")];
  const next = views[(views.findIndex((view) => view.checked) + 1) % views.length];
  next?.click();
};
const fixed = {
  "?": () => find("#shortcuts")?.showModal(),
  "]": nextPreview,
  j: () => step(1),
  k: () => step(-1),
};

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey || localStorage.getItem(OFF)) return;
  if (event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select, dialog, [popover]:popover-open"))
    return;
  const [last, at] = before;
  before = [event.key, Date.now()];
  const pair = Date.now() - at < 1200 ? `${last} ${event.key}` : "";
  const wanted = (keys) => keys && find(`[data-key="${CSS.escape(keys)}"]`);
  const element = wanted(pair) || wanted(event.key);
  if (element) {
    event.preventDefault();
    element.click();
  } else fixed[event.key]?.();
});

const choice = find("#shortcuts-on");
if (choice) {
  choice.checked = !localStorage.getItem(OFF);
  choice.addEventListener("change", () => {
    if (choice.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "true");
  });
}
