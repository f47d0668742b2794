// The preview follows what is typed. Text only: nothing typed is ever read as markup.
const shown = { title: "Your title", body: "Your words" };

for (const [name, placeholder] of Object.entries(shown)) {
  const field = document.querySelector(`#compose [name=${name}]`);
  field?.addEventListener("input", () => {
    for (const place of document.querySelectorAll(`[data-shows=${name}]`)) {
      place.textContent = field.value.trim() || placeholder;
    }
  });
}
