// While composing: the preview follows what is typed, counters say how much of it a phone shows and how many bytes it
// weighs. Text only: nothing typed is ever read as markup. The server has the last word on what fits.

const form = document.getElementById("compose");
const field = (name) => form.elements[name];
const count = new Intl.NumberFormat("en-US");

function show(name, text) {
  for (const place of document.querySelectorAll(`[data-shows=${name}]`)) {
    place.textContent = text;
    place.hidden = !text;
  }
}

function measure(name) {
  const aside = form.querySelector(`label[for=${field(name).id}] .push-end`);
  const shown = Number(aside.textContent.match(/\d+/g).at(-1)); // the last number, whatever it says now
  const length = [...field(name).value.trim()].length;
  aside.textContent = `${length > shown ? `${length}, cut after` : `${length} of`} ${shown} on a lock screen`;
  aside.classList.toggle("warn-ink", length > shown);
}

// What else a push carries, under the names it is sent by.
function options() {
  const set = {};
  for (const each of form.querySelectorAll("[name^=push_]")) {
    const number = each.type === "number" ? each.valueAsNumber : NaN;
    const value = each.type === "checkbox" ? each.checked : Number.isNaN(number) ? each.value.trim() : number;
    if (value || value === 0) set[each.name.slice(5).replace(/_(.)/g, (_, letter) => letter.toUpperCase())] = value;
  }
  const { sound, soundCritical, soundVolume, richContent, contentAvailable, ...rest } = set;
  const object = { critical: soundCritical ?? false, name: sound ?? "default", volume: soundVolume };
  return {
    ...rest,
    sound: soundCritical || soundVolume !== undefined ? object : sound,
    richContent: richContent && { image: richContent },
    _contentAvailable: contentAvailable,
  };
}

// The words as they are sent: compact JSON in UTF-8, absent fields left out, the link inside the data.
function payload() {
  const [title, body, link] = ["title", "body", "link"].map((name) => field(name).value.trim());
  let data = {};
  try {
    data = JSON.parse(field("data").value || "{}");
  } catch {
    // half typed: the server will say so
  }
  if (link) data = { url: link, ...data };
  const whole = { title, body, data: Object.keys(data ?? {}).length ? data : "", ...options() };
  return JSON.stringify(Object.fromEntries(Object.entries(whole).filter(([, value]) => value || value === 0)));
}

function weigh() {
  const scale = document.getElementById("payload");
  const { limit, besides } = scale.dataset; // besides: an object of what every copy carries along
  const bytes = new TextEncoder().encode(payload()).length + Number(besides) - 1; // one comma for two braces
  scale.hidden = false;
  scale.textContent = `${count.format(bytes)} of ${count.format(limit)} bytes as sent`;
  scale.classList.toggle("bad-ink", bytes > Number(limit));
}

function follow() {
  const [title, body] = ["title", "body"].map((name) => field(name).value.trim());
  show("title", title || "Your title");
  show("body", body || (title ? "" : "Your words"));
  ["title", "body"].forEach(measure);
  weigh();
}

form.addEventListener("input", follow);
follow();

// One click, one draft. A page that comes back from the browser's memory may be sent again.
const button = form.querySelector(".sticky-foot button");
form.addEventListener("submit", () => (button.disabled = true));
addEventListener("pageshow", () => (button.disabled = false));
