const room = element.querySelector(".darkroom");
const print = element.querySelector(".print");
const under = element.querySelector(".under");
const over = element.querySelector(".over");
const range = element.querySelector("input");
const marker = element.querySelector(".place");
const text = (name) => element.querySelector(`.${name}`);
const DRAGGED = 6; // pixels that a finger may slip in a tap
const STEP = 1 / 32; // of the photograph's sides, that an arrow key moves the loupe

let pixels = null; // the copy's, as the server sent it
let tables = null;
let made = null; // the finished photograph's copy, and the settings it was made with
let place = { x: 0.5, y: 0.5 };

const settings = () => window.photographSettings ?? { level: 0.42, balance: false, denoise: "none", strength: 1, left: "before" };

async function drawn(file) {
  const image = new Image();
  image.src = file.url;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

// What the core computed for a level: the place of its tables, and of its words.
function row({ level, balance }) {
  const count = props.value.words.length / 2;
  const found = Math.min(Math.max(Math.round(level * 100) - props.value.first, 0), count - 1);
  return found + (balance ? count : 0);
}

function toned(at) {
  const [red, green, blue] = [0, 1, 2].map((channel) => tables.subarray((at * 3 + channel) * 256, (at * 3 + channel + 1) * 256));
  const result = new ImageData(pixels.width, pixels.height);
  const [from, to] = [pixels.data, result.data];
  for (let i = 0; i < from.length; i += 4) {
    to[i] = red[from[i]];
    to[i + 1] = green[from[i + 1]];
    to[i + 2] = blue[from[i + 2]];
    to[i + 3] = 255;
  }
  return result;
}

function show(canvas, image) {
  if (canvas.width !== image.width || canvas.height !== image.height) Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function settle() {
  if (!pixels) return;
  const now = settings();
  const at = row(now);
  const bright = toned(at);
  const fresh = made?.settings.key === props.value.key && ["level", "balance", "denoise", "strength"].every((name) => made.settings[name] === now[name]);
  const denoised = fresh && now.denoise !== "none";
  show(under, denoised ? made.image : bright);
  show(over, now.left === "before" ? pixels : bright);
  text("left").textContent = now.left === "before" ? "Before" : "Brightened";
  text("right").textContent = denoised ? "Denoised" : "Brightened";
  range.setAttribute("aria-label", `Wipe: ${text("left").textContent} to ${text("right").textContent}`);
  const words = props.value.words[at];
  if (text("said").textContent !== words) text("said").textContent = words;
}

async function load() {
  const value = props.value;
  room.dataset.empty = String(!value?.copy);
  made = null;
  if (!value?.copy) return;
  const arrived = await drawn(value.copy);
  if (props.value !== value) return;
  pixels = arrived;
  tables = Uint8Array.from(atob(value.tables), (letter) => letter.charCodeAt(0));
  marker.dataset.unset = "true";
  text("facts").textContent = [`${value.name}, ${value.size.join("×")} pixels.`, ...value.notes].join(" ");
  settle();
  window.dispatchEvent(new Event("photograph-read"));
}

function wipe(percent) {
  range.value = percent;
  print.style.setProperty("--cut", `${range.value}%`);
}

function look(x, y) {
  place = { x: Math.min(Math.max(x, 0), 1), y: Math.min(Math.max(y, 0), 1) };
  marker.dataset.unset = "false";
  marker.style.left = `${100 * place.x}%`;
  marker.style.top = `${100 * place.y}%`;
  window.dispatchEvent(new Event("photograph-look"));
  trigger("select", place);
}

function within(event) {
  const box = print.getBoundingClientRect();
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
}

let pressed = null;
print.addEventListener("pointerdown", (event) => {
  pressed = { x: event.clientX, y: event.clientY, dragged: false };
  print.setPointerCapture(event.pointerId);
});
print.addEventListener("pointermove", (event) => {
  if (!pressed) return;
  pressed.dragged ||= Math.abs(event.clientX - pressed.x) > DRAGGED;
  if (pressed.dragged) wipe(100 * within(event)[0]);
});
print.addEventListener("pointerup", (event) => {
  if (pressed && !pressed.dragged) look(...within(event));
  pressed = null;
});
print.addEventListener("pointercancel", () => { pressed = null; });
range.addEventListener("input", () => wipe(range.value));
marker.addEventListener("keydown", (event) => {
  const [right, down] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 0] }[event.key] ?? [];
  if (right === undefined) return;
  event.preventDefault();
  look(place.x + STEP * right, place.y + STEP * down);
});
window.addEventListener("photograph", () => element.isConnected && settle());
window.addEventListener("photograph-made", async ({ detail }) => {
  if (!element.isConnected) return;
  made = detail?.copy ? { settings: detail, image: await drawn(detail.copy) } : null;
  settle();
});
watch("value", load);
load();
