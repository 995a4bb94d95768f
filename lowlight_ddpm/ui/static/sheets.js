// Three sheets that grow out of the same noise: their frames loop, the last stands for three seconds.
const FRAME = 340, END = 3000, COLUMNS = 4; // milliseconds; frames in a row of an atlas
const three = element.querySelector(".three");
const range = element.querySelector(".player input");
const pause = element.querySelector(".pause");
const step = element.querySelector(".step");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const canvases = [...element.querySelectorAll("canvas")];
let playing = false, loaded, timer;

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if ("stop" in button.dataset) document.dispatchEvent(new CustomEvent("page:goes", { detail: { stop: button.dataset.stop } }));
  if (button.dataset.tab) document.dispatchEvent(new CustomEvent("page:goes", { detail: { tab: button.dataset.tab } }));
  if (button.dataset.value) trigger("click", { value: button.dataset.value });
  if (button.dataset.sheet) choose(button.dataset.sheet);
  if (button.classList.contains("large")) enlarge();
});

function choose(name) {
  three.dataset.chosen = name;
  for (const one of element.querySelectorAll("[data-sheet]")) one.setAttribute("aria-pressed", String(one.dataset.sheet === name));
}

function enlarge() {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", "All three sheets");
  const close = Object.assign(document.createElement("button"), { type: "button", textContent: "Close" });
  const all = document.createElement("div");
  for (const figure of three.querySelectorAll("figure")) {
    const copy = document.createElement("figure");
    copy.append(...["figcaption", "img", "p"].map((what) => figure.querySelector(what).cloneNode(true)));
    all.append(copy);
  }
  dialog.append(close, all);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  element.querySelector(".ways").after(dialog);
  dialog.showModal();
}

// Every sheet's frames are one image; it is fetched after the page stands, or when the slider is first moved.
function load() {
  loaded ??= Promise.all(canvases.map(async (canvas) => {
    const atlas = Object.assign(new Image(), { src: canvas.dataset.frames });
    await atlas.decode();
    return atlas;
  }));
  return loaded;
}

async function show(place) {
  const atlases = await load();
  canvases.forEach((canvas, i) => {
    const { width, height } = canvas;
    const last = place === Number(range.max);
    canvas.hidden = last; // the image below it is the last frame, exact
    if (!last) canvas.getContext("2d").drawImage(atlases[i], (place % COLUMNS) * width, Math.floor(place / COLUMNS) * height, width, height, 0, 0, width, height);
  });
  three.classList.toggle("on-the-way", place !== Number(range.max)); // what is measured is the last frame
  const steps = canvases[0].dataset.steps.split(",");
  step.textContent = `step ${steps[place]} of 50`;
  range.setAttribute("aria-valuetext", step.textContent);
}

async function turn() {
  clearTimeout(timer);
  if (!playing) return;
  if (!element.isConnected) return; // its tab was left
  const place = (Number(range.value) + 1) % (Number(range.max) + 1);
  range.value = place;
  try {
    await show(place);
  } catch {
    element.querySelector(".player").hidden = true; // a browser that knows no AVIF: the last frames stand
    return;
  }
  timer = setTimeout(turn, place === Number(range.max) ? END : FRAME);
}

function play(on) {
  playing = on;
  pause.textContent = on ? "Pause" : "Play";
  clearTimeout(timer);
  if (on) turn();
}

if (range) {
  step.textContent = "step 50 of 50";
  pause.addEventListener("click", () => play(!playing));
  range.addEventListener("input", () => {
    play(false);
    show(Number(range.value));
  });
  pause.textContent = "Play";
  if (!still.matches) {
    const images = [...three.querySelectorAll("img")].map((image) => image.decode().catch(() => {}));
    Promise.all(images).then(() => { pause.textContent = "Pause"; playing = true; timer = setTimeout(turn, END); });
  }
}

const hide = (where) => { element.hidden = Boolean(where.stop); if (where.stop && range) play(false); };
document.addEventListener("page:shows", ({ detail }) => element.isConnected && hide(detail));
hide({ stop: new URLSearchParams(location.search).get("stop") });
