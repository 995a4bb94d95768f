element.addEventListener("input", (event) => {
  const wipe = event.target.closest(".wipe");
  if (wipe) wipe.style.setProperty("--cut", `${event.target.value}%`);
});
