const CELLS = 12;
const film = element.querySelector(".film");
const range = element.querySelector("input");
const strip = element.querySelector(".strip");
const caption = element.querySelector(".caption");

function cellSteps(count) {
  const cells = Math.min(CELLS, count);
  return Array.from({ length: cells }, (_, i) => Math.round((i * (count - 1)) / Math.max(cells - 1, 1)));
}

function show(step) {
  const { x_t, x0, captions } = props.value;
  film.querySelector("img.x_t").src = x_t[step];
  film.querySelector("img.x0").src = x0[step];
  caption.textContent = captions[step];
  range.setAttribute("aria-valuetext", captions[step]);
  const cells = [...strip.children];
  const nearest = Math.round((step / Math.max(x0.length - 1, 1)) * (cells.length - 1));
  cells.forEach((cell, i) => cell.classList.toggle("here", i === nearest));
}

function load() {
  const frames = props.value?.x0 ?? [];
  film.dataset.empty = String(frames.length === 0);
  if (frames.length === 0) return;
  range.max = frames.length - 1;
  range.value = range.max;
  strip.replaceChildren(
    ...cellSteps(frames.length).map((step) => Object.assign(new Image(), { src: frames[step], alt: "" })),
  );
  show(frames.length - 1);
}

range.addEventListener("input", () => show(Number(range.value)));
strip.addEventListener("click", (event) => {
  const box = strip.getBoundingClientRect();
  range.value = Math.round(((event.clientX - box.left) / box.width) * range.max);
  show(Number(range.value));
  range.focus();
});
watch("value", load);
load();
