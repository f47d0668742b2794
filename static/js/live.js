// The live wire: one socket a page. Any element may ask with data-live="/ws/live/<project>/?topic=broadcast:12&topic=…".
// A thin event {"topic": "broadcast:12"} becomes the DOM event "live-broadcast-12" on <body>, for
//     hx-get="…" hx-trigger="live-broadcast-12 from:body" hx-swap="outerMorph"
// It says that something changed, never what: the page then asks the server for its fragment again.

const EVERY = 1000; // ms between two events of one topic, at least
const PATIENCE = 3000; // ms without a socket before the page asks by itself
const POLL = 5000; // ms between two such questions
const STABLE = 5000; // ms a socket must have lived for the next reconnect to be quick again

let address = null; // of the socket, with every topic of the page
let topics = [];
let socket = null;
let tries = 0;
let reconnecting, patience, polling; // timers
const told = new Map(); // topic → whether it changed again since it was told

function changed(topic) {
  if (told.has(topic)) return void told.set(topic, true);
  told.set(topic, false);
  setTimeout(() => {
    const again = told.get(topic);
    told.delete(topic);
    if (again) changed(topic);
  }, EVERY);
  const name = "live-" + topic.replace(/[^a-z0-9]+/gi, "-");
  document.body.dispatchEvent(new CustomEvent(name, { detail: { topic } }));
}
const changedAll = () => topics.forEach(changed);

// One of "open", "retry" (for a moment) and "wait" (polling); live-mark.js puts it into words.
const tell = (state) => document.dispatchEvent(new CustomEvent("live-state", { detail: state }));

function lose() {
  patience ??= setTimeout(() => {
    tell("wait");
    changedAll();
    polling = setInterval(changedAll, POLL);
  }, PATIENCE);
}
function calm() {
  [reconnecting, patience, polling].forEach(clearTimeout); // one list of timers: this clears intervals too
  reconnecting = patience = polling = undefined;
}
function connect() {
  clearTimeout(reconnecting);
  lose();
  const mine = (socket = new WebSocket(address));
  let opened, beat, silence;
  mine.onopen = () => {
    opened = Date.now();
    calm();
    tell("open");
    changedAll(); // whatever happened while nobody listened
  };
  mine.onmessage = ({ data }) => {
    const event = JSON.parse(data);
    if (event.topic) changed(event.topic);
    beat = event.beat ?? beat; // {"beat": seconds} promises a word so often: three missed, and the line is dead
    clearTimeout(silence);
    if (beat) silence = setTimeout(() => (mine.close(), mine.onclose()), beat * 3000);
  };
  mine.onclose = () => {
    clearTimeout(silence);
    if (mine !== socket) return; // replaced meanwhile
    socket = null;
    if (opened && Date.now() - opened > STABLE) tries = 0;
    reconnecting = setTimeout(connect, Math.min(15000, 500 * 2 ** tries++) * (0.5 + Math.random() / 2));
    if (!polling) tell("retry");
    lose();
  };
}

// Reads what the page asks for now: at the start, and after every swap that brought or took something.
function listen() {
  const asked = [...document.querySelectorAll('[data-live]:not([data-live=""])')];
  const urls = asked.map((element) => new URL(element.dataset.live, location.href));
  topics = [...new Set(urls.flatMap((url) => url.searchParams.getAll("topic")))].sort();
  const query = new URLSearchParams(topics.map((topic) => ["topic", topic]));
  const next = topics.length ? `${urls[0].origin.replace("http", "ws")}${urls[0].pathname}?${query}` : null;
  if (next === address) return;
  address = next;
  tries = 0;
  const old = socket;
  socket = null;
  old?.close();
  calm();
  if (address) connect();
}

const hurry = () => address && !socket && !document.hidden && connect();
addEventListener("online", hurry);
document.addEventListener("visibilitychange", hurry);
new MutationObserver(listen).observe(document.body, { subtree: true, childList: true, attributeFilter: ["data-live"] });
listen();
