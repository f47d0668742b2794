// The theme: system, light or dark, chosen in the account menu and kept in a cookie.
// The server reads the cookie and writes data-theme, so the next page is right from its first pixel.

const root = document.documentElement;
const YEAR = 365 * 24 * 60 * 60;

document.addEventListener("change", ({ target }) => {
  if (!target.matches("input[name=theme]")) return;
  const secure = location.protocol === "https:" ? "; secure" : "";
  document.cookie = `theme=${target.value}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  const system = target.value === "system";
  if (system) delete root.dataset.theme;
  else root.dataset.theme = target.value;
  document.querySelector("meta[name=color-scheme]").content = system ? "light dark" : target.value;
});
