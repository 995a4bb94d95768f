const loupe = element.querySelector(".loupe");
const frame = element.querySelector(".frame");
const range = element.querySelector("input");
const said = element.querySelector(".said");
const LAYERS = ["before", "brightened", "denoised"];

function settle() {
  const { strength = 1, left = "before", denoise = "none" } = window.photographSettings ?? {};
  frame.style.setProperty("--strength", strength);
  frame.dataset.left = left;
  const [over, under] = [left === "before" ? "Before" : "Brightened", props.value?.denoised ? "Denoised" : "Brightened"];
  range.setAttribute("aria-label", `Wipe in the loupe: ${over} to ${under}`);
  if (props.value?.side) said.textContent = `Left: ${over.toLowerCase()}. Right: ${under.toLowerCase()}.`;
}

function load() {
  const value = props.value;
  loupe.dataset.empty = String(!value?.side);
  if (!value?.side) return;
  frame.style.setProperty("--wide", value.side[0]);
  for (const name of LAYERS) {
    for (const image of element.querySelectorAll(`img.${name}`)) {
      if (value[name]) image.src = value[name];
      else image.removeAttribute("src");
    }
  }
  settle();
}

range.addEventListener("input", () => frame.style.setProperty("--cut", `${range.value}%`));
element.querySelector(".zooms").addEventListener("click", ({ target }) => {
  if (!target.dataset.zoom) return;
  frame.style.setProperty("--zoom", target.dataset.zoom);
  for (const button of element.querySelectorAll("button")) button.setAttribute("aria-pressed", String(button === target));
});
window.addEventListener("photograph", () => element.isConnected && settle());
window.addEventListener("photograph-look", () => {
  if (!element.isConnected) return;
  if (!props.value?.side) {
    loupe.dataset.empty = "false";
    said.textContent = "Looking…";
  }
  requestAnimationFrame(() => loupe.scrollIntoView({ block: "nearest" }));
});
watch("value", load);
load();
