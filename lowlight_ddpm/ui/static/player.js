const still = matchMedia("(prefers-reduced-motion: reduce)");
const FRAME = 90, SLOW = 500, END = 1500; // milliseconds that a step stands, and the last one
const player = element.querySelector(".player");
const range = element.querySelector("input");
const button = element.querySelector(".play");
const caption = element.querySelector(".caption");
let timer, ends; // ends: what the stage itself shows at the end, which may be larger than what is played

const images = () => ["x_t", "x0"].map((name) => document.querySelector(`#panel-${name} img`));
const count = () => props.value?.x0?.length ?? 0;

function tell(step) {
  range.value = step;
  caption.textContent = props.value.captions[step];
  range.setAttribute("aria-valuetext", props.value.captions[step]);
}

function show(step) {
  ends ??= images().map((image) => image?.src);
  const { x_t, x0 } = props.value;
  const sources = step === count() - 1 ? ends : [x_t[step], x0[step]];
  images().forEach((image, i) => { if (image && sources[i]) image.src = sources[i]; });
  tell(step);
}

function pause() {
  clearTimeout(timer);
  timer = undefined;
  button.textContent = "▶";
  button.setAttribute("aria-label", "Play the steps");
}

// Where motion is not wanted, the steps are shown once and slowly, and only when asked for.
function play() {
  const next = (Number(range.value) + 1) % count(), last = next === count() - 1;
  show(next);
  if (last && still.matches) return pause();
  timer = setTimeout(play, last ? END : still.matches ? SLOW : FRAME);
}

function toggle() {
  if (count() < 2) return;
  if (timer) return pause();
  button.textContent = "⏸";
  button.setAttribute("aria-label", "Pause");
  play();
}

function load() {
  pause();
  ends = undefined;
  player.dataset.empty = String(count() === 0);
  if (count() === 0) return;
  range.max = count() - 1;
  tell(count() - 1);
}

// Space plays and R runs; in a field or on a button a key does what it always does.
function keys(event) {
  const taken = event.target.closest("input, textarea, select, button, a, summary, [contenteditable], [tabindex], [role=option]");
  if (taken || event.ctrlKey || event.metaKey || event.altKey || !element.offsetParent) return;
  if (event.key === " " && count() > 1) {
    event.preventDefault();
    toggle();
  }
  if (event.key.toLowerCase() === "r") document.querySelector("#run")?.click();
}

window.playerKeys?.abort(); // those of the player that was here before another tab was looked at
window.playerKeys = new AbortController();
document.addEventListener("keydown", keys, { signal: window.playerKeys.signal });
button.addEventListener("click", toggle);
range.addEventListener("input", () => { pause(); show(Number(range.value)); });
watch("value", load);
load();
