// What htmx brings into the page: no scripts, no sign-in page inside a fragment, and no silent failure.
// Answers with 422 are swapped in (a form with its errors); other errors are not (see the htmx-config of the page).

const WORDS = {
  400: "The server did not understand this. Reload the page and try again.",
  403: "You may not do this here. Ask whoever runs this server for a higher role, or reload the page if it has been open for long.",
  404: "This is no longer there. Reload the page.",
  409: "This changed meanwhile. Reload the page to see how it stands.",
  413: "That is too large for the server.",
  429: "That was too often. Wait a moment, then try again.",
};
const OURS = "The server had an error and wrote it down. Nothing on this page was changed.";
const GONE = "The server did not answer. Check the connection, then try again.";

const SIGNED_OUT = "You were signed out. Sign in in another tab, then go on.";

const complain = (text, link) =>
  document.dispatchEvent(new CustomEvent("toast", { detail: { kind: "bad", text, link } }));

// A live region that fails says so by its mark; only what a person did by hand is answered with a toast.
const byHand = (ctx) => ["click", "submit", "change", "input", "keydown"].includes(ctx?.sourceEvent?.type);

// Signed out meanwhile: the whole page goes to sign in, unless that would lose what somebody typed.
const { login } = document.body.dataset;
const isLogin = (answer) => answer.redirected && new URL(answer.url).pathname === login;
const isChanged = ({ type, checked, defaultChecked, value, defaultValue }) =>
  ["checkbox", "radio"].includes(type) ? checked !== defaultChecked : value !== (defaultValue ?? value);
const isEdited = (form) => form.querySelector("[role=alert]") || [...form.elements].some(isChanged);

document.addEventListener("htmx:before:response", (event) => {
  if (!isLogin(event.detail.ctx.response.raw)) return;
  event.preventDefault();
  if (![...document.querySelectorAll("main form[method=post]")].some(isEdited)) return location.reload();
  complain(SIGNED_OUT, { href: login, text: "Sign in (new tab)" });
  addEventListener("focus", renew);
});

// Signing in changes the token that forms are sent with: the forms of this page take the new one over.
async function renew() {
  const answer = await fetch(location.href);
  if (!answer.ok || isLogin(answer)) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const token = fresh.querySelector("[name=csrfmiddlewaretoken]").value;
  document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => (field.value = token));
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  removeEventListener("focus", renew);
}

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
