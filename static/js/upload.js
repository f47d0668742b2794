// A file that is too large is refused before it travels, and one that travels says so: the browser shows nothing else.

document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[type=file][data-most-bytes]")) return;
  const isTooLarge = target.files[0]?.size > Number(target.dataset.mostBytes);
  target.setCustomValidity(isTooLarge ? target.dataset.tooLarge : "");
  target.reportValidity();
});

const say = (button, words, isBusy) => {
  button.lastChild.textContent = words;
  button.toggleAttribute("disabled", isBusy);
};
addEventListener("submit", ({ target }) => {
  const button = target.querySelector("[data-uploading]");
  if (!button) return;
  button.dataset.words = button.lastChild.textContent;
  say(button, button.dataset.uploading, true);
});
addEventListener("pageshow", () => {
  for (const button of document.querySelectorAll("[data-words]")) say(button, button.dataset.words, false);
});
