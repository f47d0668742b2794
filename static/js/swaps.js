// What htmx brings into the page: no scripts, no sign-in page inside a fragment, and no silent failure.
// Answers with 422 are swapped in (a form with its errors); other errors are not (see the htmx-config of the page).

const WORDS = {
  400: "The server did not understand this. Reload the page and try again.",
  403: "You may not do this here. Ask an admin of the project, or reload the page if it has been open for long.",
  404: "This is no longer there. Reload the page.",
  409: "This changed meanwhile. Reload the page to see how it stands.",
  413: "That is too large for the server.",
  429: "That was too often. Wait a moment, then try again.",
};
const OURS = "The server had an error and wrote it down. Nothing on this page was changed.";
const GONE = "The server did not answer. Check the connection, then try again.";

const complain = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "bad", text } }));

// A live region that fails says so by its mark; only what a person did by hand is answered with a toast.
const byHand = (ctx) => ["click", "submit", "change", "input", "keydown"].includes(ctx?.sourceEvent?.type);

document.addEventListener("htmx:before:response", (event) => {
  const { raw } = event.detail.ctx.response;
  const login = document.body.dataset.login;
  if (!raw.redirected || !login || new URL(raw.url).pathname !== login) return;
  event.preventDefault(); // signed out meanwhile: the whole page goes to sign in
  location.reload();
});

document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
  const { status } = ctx.response;
  if (status !== 422 && byHand(ctx)) complain(WORDS[status] ?? OURS);
});

document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
  if (byHand(ctx) && !ctx.response) complain(GONE);
});

document.addEventListener("htmx:before:swap", ({ detail: { tasks } }) => {
  for (const { fragment } of tasks) fragment.querySelectorAll("script").forEach((script) => script.remove());
});
