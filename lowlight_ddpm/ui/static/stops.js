// The post's stops, one at a time; address.js says which.
let current = "";

function show(key, focus) {
  current = key ?? "";
  const stops = [...element.querySelectorAll(".stop")];
  if (current && !stops.some((stop) => stop.dataset.key === current)) current = stops[0]?.dataset.key ?? "";
  for (const stop of stops) stop.hidden = stop.dataset.key !== current;
  element.hidden = !current;
  if (!current || !focus) return;
  const head = element.querySelector(".stop:not([hidden]) h2");
  head?.focus({ preventScroll: true });
  if (element.getBoundingClientRect().top < 0) element.scrollIntoView();
}

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const tell = (detail) => document.dispatchEvent(new CustomEvent("page:goes", { detail }));
  if ("stop" in button.dataset) tell({ stop: button.dataset.stop });
  if (button.dataset.claim) tell({ claim: button.dataset.claim });
  if (button.dataset.value) trigger("click", { value: button.dataset.value });
});

document.addEventListener("page:shows", ({ detail }) => element.isConnected && detail.tab === "start" && show(detail.stop, true));
watch("value", () => requestAnimationFrame(() => show(current, false)));
show(new URLSearchParams(location.search).get("stop"), false);
